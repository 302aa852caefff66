// Messages of another dialect as chat completions takes them: tool results become messages of their own before what is
// left of the user's turn, and what they show (images, files) follows in that turn, since tool messages are text only.
#include "dialects/openai_chat.h"

namespace aigw::dialects::openai {

namespace {

using chat::Message;
using chat::Part;
using chat::Role;
using Parts = std::vector<const Part *>;

constexpr std::string_view kErrorMark = "Error: ";
constexpr std::string_view kSeeNext = "[the result follows in the next user message]";

bool is_text(const Part &part) { return part.kind == Part::Kind::Text || part.kind == Part::Kind::Refusal; }

bool can_hold(const Part &part) {
    switch (part.kind) {
    case Part::Kind::Text:
    case Part::Kind::Refusal:
        return true;
    case Part::Kind::Image:
        return part.source == Part::Source::Url || part.source == Part::Source::Base64;
    case Part::Kind::Document:
        return part.source == Part::Source::Base64 || part.source == Part::Source::PlainText;
    case Part::Kind::Audio:
        return part.source == Part::Source::Base64;
    default:
        return false;
    }
}

// Sorts one part into `to`, drops it as a hint, or refuses it.
bool keep(const Part &part, Parts &to, RequestWriting &writing) {
    if (part.kind == Part::Kind::Thinking || part.kind == Part::Kind::RedactedThinking) {
        writing.drop(part.origin.path());
        return true;
    }
    if (!part.cache_control.empty()) writing.drop(part.origin.path("cache_control"));
    if (can_hold(part)) {
        to.push_back(&part);
        return true;
    }
    bool source = part.kind == Part::Kind::Image || part.kind == Part::Kind::Document;
    return writing.refuse(part.origin.path(source ? "source" : "type"));
}

void write_text_part(JsonText text, JsonWriter &json) {
    json.begin_object().key("type").string("text").key("text").text(text).end_object();
}

void write_data_url(JsonText media_type, JsonText data, JsonWriter &json) {
    json.begin_string().append("data:").append(media_type).append(";base64,").append(data).end_string();
}

void write_image(const Part &part, JsonWriter &json) {
    json.begin_object().key("type").string("image_url").key("image_url").begin_object().key("url");
    if (part.source == Part::Source::Base64) {
        write_data_url(part.media_type, part.data, json);
    } else {
        json.text(part.data);
    }
    if (!part.detail.empty()) json.key("detail").text(part.detail);
    json.end_object().end_object();
}

void write_document(const Part &part, JsonWriter &json) {
    if (part.source == Part::Source::PlainText) {
        json.begin_object().key("type").string("text").key("text").begin_string();
        if (!part.title.empty()) json.append(part.title).append("\n\n");
        json.append(part.data).end_string().end_object();
        return;
    }
    json.begin_object().key("type").string("file").key("file").begin_object().key("filename");
    if (part.title.empty()) {
        json.string("document.pdf");
    } else {
        json.text(part.title);
    }
    json.key("file_data");
    write_data_url(part.media_type, part.data, json);
    json.end_object().end_object();
}

void write_audio(const Part &part, JsonWriter &json) {
    std::string_view format = part.media_type.escaped;
    if (size_t slash = format.rfind('/'); slash != std::string_view::npos) format.remove_prefix(slash + 1);
    json.begin_object().key("type").string("input_audio").key("input_audio").begin_object();
    json.key("data").text(part.data).key("format").text(JsonText{format}).end_object().end_object();
}

void write_part(const Part &part, JsonWriter &json) {
    switch (part.kind) {
    case Part::Kind::Image:
        return write_image(part, json);
    case Part::Kind::Document:
        return write_document(part, json);
    case Part::Kind::Audio:
        return write_audio(part, json);
    default:
        return write_text_part(part.text, json);
    }
}

void append_texts(const Parts &parts, std::string_view between, JsonWriter &json) {
    bool first = true;
    for (const Part *part : parts) {
        if (!is_text(*part)) continue;
        if (!first) json.append(between);
        first = false;
        json.append(part->text);
    }
}

void begin_message(std::string_view role, const Message &message, JsonWriter &json) {
    json.begin_object().key("role").string(role);
    if (!message.name.empty()) json.key("name").text(message.name);
}

// Blocks become one string: many servers take nothing else here.
bool write_system(const Message &message, RequestWriting &writing) {
    Parts parts;
    for (const Part &part : message.parts) {
        if (!is_text(part) && part.kind != Part::Kind::Thinking) {
            if (!writing.refuse(part.origin.path("type"))) return false;
            continue;
        }
        if (!keep(part, parts, writing)) return false;
    }
    if (parts.empty()) return true;
    bool developer = message.role == Role::Developer && writing.options.quirks.developer_role;
    begin_message(developer ? "developer" : "system", message, writing.json);
    writing.json.key("content").begin_string();
    append_texts(parts, "\n", writing.json);
    writing.json.end_string().end_object();
    return true;
}

// Appends what the result shows beside text to `shown`.
bool write_tool_result(const Part &result, Parts &shown, RequestWriting &writing) {
    Parts parts;
    if (!result.cache_control.empty()) writing.drop(result.origin.path("cache_control"));
    for (const Part &part : result.content) {
        if (!keep(part, parts, writing)) return false;
    }
    bool text = false, other = false;
    for (const Part *part : parts) {
        (is_text(*part) ? text : other) = true;
        if (!is_text(*part)) shown.push_back(part);
    }
    JsonWriter &json = writing.json;
    json.begin_object().key("role").string("tool").key("tool_call_id").text(result.id);
    json.key("content").begin_string();
    if (result.is_error) json.append(kErrorMark);
    append_texts(parts, "\n", json);
    if (other && !text) json.append(kSeeNext);
    json.end_string().end_object();
    return true;
}

void write_user_content(const Parts &parts, JsonWriter &json) {
    json.key("content");
    if (parts.size() == 1 && is_text(*parts[0])) {
        json.text(parts[0]->text);
        return;
    }
    json.begin_array();
    for (const Part *part : parts) {
        write_part(*part, json);
    }
    json.end_array();
}

bool write_user(const Message &message, RequestWriting &writing) {
    Parts parts;
    bool results = false;
    for (const Part &part : message.parts) {
        if (part.kind != Part::Kind::ToolResult) continue;
        results = true;
        if (!write_tool_result(part, parts, writing)) return false;
    }
    for (const Part &part : message.parts) {
        if (part.kind != Part::Kind::ToolResult && !keep(part, parts, writing)) return false;
    }
    if (parts.empty() && (results || !message.parts.empty())) return true;
    begin_message("user", message, writing.json);
    if (parts.empty()) {
        writing.json.key("content").string("");
    } else {
        write_user_content(parts, writing.json);
    }
    writing.json.end_object();
    return true;
}

void write_tool_call(const Part &part, JsonWriter &json) {
    json.begin_object().key("id").text(part.id).key("type").string("function");
    json.key("function").begin_object().key("name").text(part.name).key("arguments").begin_string();
    if (!part.input.empty()) {
        json.append(part.input);
    } else if (!part.arguments.empty()) {
        json.append(part.arguments);
    } else {
        json.append("{}");
    }
    json.end_string().end_object().end_object();
}

void write_assistant_content(const Parts &texts, bool has_calls, JsonWriter &json) {
    json.key("content");
    if (texts.empty() && has_calls) {
        json.null();
        return;
    }
    json.begin_string();
    append_texts(texts, "", json);
    json.end_string();
}

bool write_assistant(const Message &message, RequestWriting &writing) {
    Parts texts, calls;
    for (const Part &part : message.parts) {
        if (part.kind == Part::Kind::ToolUse) {
            if (!part.cache_control.empty()) writing.drop(part.origin.path("cache_control"));
            if (!part.signature.empty()) writing.drop(part.origin.path("signature"));
            calls.push_back(&part);
        } else if (can_hold(part) && !is_text(part)) {
            if (!writing.refuse(part.origin.path("type"))) return false;
        } else if (!keep(part, texts, writing)) {
            return false;
        }
    }
    if (texts.empty() && calls.empty()) return true;
    begin_message("assistant", message, writing.json);
    write_assistant_content(texts, !calls.empty(), writing.json);
    if (!calls.empty()) {
        writing.json.key("tool_calls").begin_array();
        for (const Part *call : calls) {
            write_tool_call(*call, writing.json);
        }
        writing.json.end_array();
    }
    writing.json.end_object();
    return true;
}

bool write_message(const Message &message, RequestWriting &writing) {
    switch (message.role) {
    case Role::System:
    case Role::Developer:
        return write_system(message, writing);
    case Role::Assistant:
        return write_assistant(message, writing);
    default:
        return write_user(message, writing);
    }
}

}  // namespace

bool write_messages(RequestWriting &writing) {
    writing.json.key("messages").begin_array();
    for (const Message &message : writing.request.messages) {
        if (!write_message(message, writing)) return false;
    }
    writing.json.end_array();
    return true;
}

}  // namespace aigw::dialects::openai
