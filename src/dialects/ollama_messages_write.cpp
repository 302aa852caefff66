// A conversation as Ollama's own: one text a message with the images beside it, arguments as objects, results by the tool's
// name and the call's id.
#include <string>
#include <vector>

#include "dialects/ollama_chat.h"
#include "dialects/tool_arguments.h"

namespace aigw::dialects::ollama {

namespace {

using chat::Message;
using chat::Part;
using chat::Role;
using Kind = chat::Part::Kind;

constexpr std::string_view kErrorMark = "Error: ";

class MessageWriter {
public:
    explicit MessageWriter(RequestWriting &writing) : writing_(writing), json_(writing.json) {}

    bool messages() {
        json_.key("messages").begin_array();
        for (const Message &message : writing_.request.messages) {
            if (!message.name.empty()) writing_.drop(message.origin.path("name"));
            bool written = message.role == Role::Assistant                                   ? assistant(message)
                           : message.role == Role::System || message.role == Role::Developer ? system(message)
                                                                                             : user(message);
            if (!written) return false;
        }
        json_.end_array();
        return true;
    }

private:
    // What goes into one message: texts to join, images beside them.
    struct Shown {
        std::string text;  // escaped
        std::vector<const Part *> images;
        bool any = false;
    };

    static void add_text(Shown &shown, JsonText text, std::string_view between) {
        if (shown.any) shown.text += between;
        shown.any = true;
        shown.text += text.escaped;
    }

    bool show(const Part &part, std::string_view between, Shown &shown) {
        if (!part.cache_control.empty()) writing_.drop(part.origin.path("cache_control"));
        switch (part.kind) {
        case Kind::Text:
        case Kind::Refusal:
            add_text(shown, part.text, between);
            return true;
        case Kind::Image:
            if (part.source != Part::Source::Base64) return writing_.refuse(part.origin.path("source"), "it takes images as base64 only");
            shown.images.push_back(&part);
            return true;
        case Kind::Document:
            if (part.source != Part::Source::PlainText) return writing_.refuse(part.origin.path("source"), "it takes no documents but text");
            if (!part.title.empty()) add_text(shown, part.title, between);
            add_text(shown, part.data, between);
            return true;
        case Kind::Thinking:
        case Kind::RedactedThinking:
            writing_.drop(part.origin.path());
            return true;
        default:
            return writing_.refuse(part.origin.path("type"));
        }
    }

    void begin_message(std::string_view role, const Shown &shown) {
        json_.begin_object().key("role").string(role).key("content").text(JsonText{shown.text});
        if (shown.images.empty()) return;
        json_.key("images").begin_array();
        for (const Part *image : shown.images) {
            json_.text(image->data);
        }
        json_.end_array();
    }

    // The name of the tool that a result answers: older servers match results by it.
    JsonText tool_name(JsonText id) const {
        JsonText name;
        for (const Message &message : writing_.request.messages) {
            for (const Part &part : message.parts) {
                if (part.kind == Kind::ToolUse && part.id.escaped == id.escaped) name = part.name;
            }
        }
        return name;
    }

    bool tool_result(const Part &result) {
        Shown shown;
        if (!result.cache_control.empty()) writing_.drop(result.origin.path("cache_control"));
        if (result.is_error) {
            shown.text = kErrorMark;
        }
        for (const Part &part : result.content) {
            if (!show(part, "\\n", shown)) return false;
        }
        begin_message("tool", shown);
        if (JsonText name = tool_name(result.id); !name.empty()) json_.key("tool_name").text(name);
        if (!result.id.empty()) json_.key("tool_call_id").text(result.id);
        json_.end_object();
        return true;
    }

    bool user(const Message &message) {
        Shown shown;
        bool results = false;
        for (const Part &part : message.parts) {
            if (part.kind != Kind::ToolResult) continue;
            results = true;
            if (!tool_result(part)) return false;
        }
        for (const Part &part : message.parts) {
            if (part.kind != Kind::ToolResult && !show(part, "\\n", shown)) return false;
        }
        if (results && !shown.any && shown.images.empty()) return true;
        begin_message("user", shown);
        json_.end_object();
        return true;
    }

    bool system(const Message &message) {
        Shown shown;
        for (const Part &part : message.parts) {
            if (!show(part, "\\n", shown)) return false;
        }
        begin_message("system", shown);
        json_.end_object();
        return true;
    }

    bool tool_call(const Part &call) {
        if (!call.cache_control.empty()) writing_.drop(call.origin.path("cache_control"));
        if (!call.signature.empty()) writing_.drop(call.origin.path("signature"));
        auto arguments = arguments_object(call);
        if (!arguments) return writing_.fail(arguments.error());
        json_.begin_object();
        if (!call.id.empty()) json_.key("id").text(call.id);
        json_.key("function").begin_object().key("name").text(call.name).key("arguments").raw(*arguments);
        json_.end_object().end_object();
        return true;
    }

    // Its own thinking comes back unsigned; what another vendor signed is not its own.
    bool assistant(const Message &message) {
        Shown shown, thinking;
        std::vector<const Part *> calls;
        for (const Part &part : message.parts) {
            if (part.kind == Kind::ToolUse) {
                calls.push_back(&part);
            } else if (part.kind == Kind::Thinking && part.signature.empty()) {
                add_text(thinking, part.text, "");
            } else if (!show(part, "", shown)) {
                return false;
            }
        }
        begin_message("assistant", shown);
        if (!thinking.text.empty()) json_.key("thinking").text(JsonText{thinking.text});
        if (!calls.empty()) json_.key("tool_calls").begin_array();
        for (const Part *call : calls) {
            if (!tool_call(*call)) return false;
        }
        if (!calls.empty()) json_.end_array();
        json_.end_object();
        return true;
    }

    RequestWriting &writing_;
    JsonWriter &json_;
};

}  // namespace

bool write_messages(RequestWriting &writing) { return MessageWriter(writing).messages(); }

}  // namespace aigw::dialects::ollama
