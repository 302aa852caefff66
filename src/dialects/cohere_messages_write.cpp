// A conversation as Cohere takes it: roles as OpenAI's, thinking as a part of the content, results as tool messages with the
// images they show in the user's turn after them.
#include <vector>

#include "dialects/cohere_chat.h"

namespace aigw::dialects::cohere {

namespace {

using chat::Message;
using chat::Part;
using chat::Role;
using Kind = chat::Part::Kind;
using Parts = std::vector<const Part *>;

constexpr std::string_view kErrorMark = "Error: ";
constexpr std::string_view kSeeNext = "[the result follows in the next user message]";

bool is_text(const Part &part) {
    return part.kind == Kind::Text || part.kind == Kind::Refusal || part.kind == Kind::Document;
}

class MessageWriter {
public:
    explicit MessageWriter(RequestWriting &writing) : writing_(writing), json_(writing.json) {}

    bool messages() {
        json_.key("messages").begin_array();
        for (const Message &message : writing_.request.messages) {
            if (!message.name.empty()) writing_.drop(message.origin.path("name"));
            if (!(message.role == Role::Assistant ? assistant(message) : other(message))) return false;
        }
        json_.end_array();
        return true;
    }

private:
    // Sorts one part into `to`, drops it as a hint, or refuses it.
    bool keep(const Part &part, bool images, Parts &to) {
        if (!part.cache_control.empty()) writing_.drop(part.origin.path("cache_control"));
        switch (part.kind) {
        case Kind::Text:
        case Kind::Refusal:
            to.push_back(&part);
            return true;
        case Kind::Document:
            if (part.source != Part::Source::PlainText) {
                return writing_.refuse(part.origin.path("source"), "it takes no documents but text");
            }
            to.push_back(&part);
            return true;
        case Kind::Image:
            if (!images) return writing_.refuse(part.origin.path("type"));
            if (part.source == Part::Source::FileId) return writing_.refuse(part.origin.path("source"));
            to.push_back(&part);
            return true;
        case Kind::Thinking:
        case Kind::RedactedThinking:
            writing_.drop(part.origin.path());
            return true;
        default:
            return writing_.refuse(part.origin.path("type"));
        }
    }

    void append_text(const Part &part) {
        if (part.kind != Kind::Document) {  // thinking too
            json_.append(part.text);
            return;
        }
        if (!part.title.empty()) json_.append(part.title).append("\n\n");
        json_.append(part.data);
    }

    void image(const Part &part) {
        json_.begin_object().key("type").string("image_url").key("image_url").begin_object().key("url");
        if (part.source == Part::Source::Base64) {
            json_.begin_string().append("data:").append(part.media_type).append(";base64,").append(part.data).end_string();
        } else {
            json_.text(part.data);
        }
        if (!part.detail.empty()) json_.key("detail").text(part.detail);
        json_.end_object().end_object();
    }

    void write_part(const Part &part) {
        if (part.kind == Kind::Image) return image(part);
        std::string_view type = part.kind == Kind::Thinking ? "thinking" : "text";
        json_.begin_object().key("type").string(type).key(type).begin_string();
        append_text(part);
        json_.end_string().end_object();
    }

    void content(const Parts &parts) {
        json_.key("content");
        bool plain = parts.empty() || (parts.size() == 1 && is_text(*parts[0]));
        if (plain) {
            json_.begin_string();
            if (!parts.empty()) append_text(*parts[0]);
            json_.end_string();
            return;
        }
        json_.begin_array();
        for (const Part *part : parts) {
            write_part(*part);
        }
        json_.end_array();
    }

    // Appends what the result shows beside text to `shown`.
    bool tool_result(const Part &result, Parts &shown) {
        Parts parts;
        if (!result.cache_control.empty()) writing_.drop(result.origin.path("cache_control"));
        for (const Part &part : result.content) {
            if (!keep(part, true, parts)) return false;
        }
        json_.begin_object().key("role").string("tool").key("tool_call_id").text(result.id);
        json_.key("content").begin_string();
        if (result.is_error) json_.append(kErrorMark);
        bool first = true, other = false;
        for (const Part *part : parts) {
            other |= !is_text(*part);
            if (!is_text(*part)) {
                shown.push_back(part);
                continue;
            }
            if (!first) json_.append("\n");
            first = false;
            append_text(*part);
        }
        if (other && first) json_.append(kSeeNext);
        json_.end_string().end_object();
        return true;
    }

    // Of the system or the user, whose turn may hold results of tools.
    bool other(const Message &message) {
        bool system = message.role == Role::System || message.role == Role::Developer;
        Parts parts;
        bool results = false;
        for (const Part &part : message.parts) {
            if (part.kind != Kind::ToolResult) continue;
            results = true;
            if (!tool_result(part, parts)) return false;
        }
        for (const Part &part : message.parts) {
            if (part.kind != Kind::ToolResult && !keep(part, !system, parts)) return false;
        }
        if (results && parts.empty()) return true;
        json_.begin_object().key("role").string(system ? "system" : "user");
        content(parts);
        json_.end_object();
        return true;
    }

    void tool_call(const Part &call) {
        if (!call.cache_control.empty()) writing_.drop(call.origin.path("cache_control"));
        if (!call.signature.empty()) writing_.drop(call.origin.path("signature"));
        json_.begin_object().key("id").text(call.id).key("type").string("function");
        json_.key("function").begin_object().key("name").text(call.name).key("arguments").begin_string();
        if (!call.input.empty()) {
            json_.append(call.input);
        } else if (!call.arguments.empty()) {
            json_.append(call.arguments);
        } else {
            json_.append("{}");
        }
        json_.end_string().end_object().end_object();
    }

    // Its own thinking comes back unsigned; what another vendor signed is not its own.
    bool assistant(const Message &message) {
        Parts parts, calls;
        for (const Part &part : message.parts) {
            if (part.kind == Kind::ToolUse) {
                calls.push_back(&part);
            } else if (part.kind == Kind::Thinking && part.signature.empty() && !part.text.empty()) {
                parts.push_back(&part);
            } else if (!keep(part, false, parts)) {
                return false;
            }
        }
        if (parts.empty() && calls.empty()) return true;
        json_.begin_object().key("role").string("assistant");
        if (!parts.empty()) content(parts);
        if (!calls.empty()) json_.key("tool_calls").begin_array();
        for (const Part *call : calls) {
            tool_call(*call);
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

}  // namespace aigw::dialects::cohere
