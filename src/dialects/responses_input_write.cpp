// Messages of another dialect as items of `input`: thinking that this dialect signed, texts, calls and results, each in its
// place. A result may show images and files here.
#include "dialects/common.h"
#include "dialects/responses.h"

namespace aigw::dialects::responses {

namespace {

using chat::Message;
using chat::Part;
using chat::Role;
using Parts = std::vector<const Part *>;

constexpr std::string_view kErrorMark = "Error: ";

bool is_text(const Part &part) { return part.kind == Part::Kind::Text || part.kind == Part::Kind::Refusal; }
bool is_thinking(const Part &part) {
    return part.kind == Part::Kind::Thinking || part.kind == Part::Kind::RedactedThinking;
}
bool is_ours(const Part &part) {
    return part.kind == Part::Kind::Thinking && part.signer == chat::Signer::OpenAi && !part.signature.empty();
}

bool can_show(const Part &part) {
    using Source = Part::Source;
    switch (part.kind) {
    case Part::Kind::Text:
    case Part::Kind::Refusal:
        return true;
    case Part::Kind::Image:
        return part.source == Source::Url || part.source == Source::Base64;
    case Part::Kind::Document:
        return part.source == Source::Url || part.source == Source::Base64 || part.source == Source::PlainText;
    default:
        return false;
    }
}

// Sorts one part into `to`, drops it as a hint, or refuses it.
bool keep(const Part &part, Parts &to, RequestWriting &writing) {
    if (is_thinking(part)) {
        writing.drop(part.origin.path());
        return true;
    }
    if (!part.cache_control.empty()) writing.drop(part.origin.path("cache_control"));
    if (can_show(part)) {
        to.push_back(&part);
        return true;
    }
    bool source = part.kind == Part::Kind::Image || part.kind == Part::Kind::Document;
    return writing.refuse(part.origin.path(source ? "source" : "type"));
}

void write_data_url(const Part &part, JsonWriter &json) {
    json.begin_string().append("data:").append(part.media_type).append(";base64,").append(part.data).end_string();
}

void write_image(const Part &part, JsonWriter &json) {
    json.begin_object().key("type").string("input_image").key("image_url");
    if (part.source == Part::Source::Base64) {
        write_data_url(part, json);
    } else {
        json.text(part.data);
    }
    if (!part.detail.empty()) json.key("detail").text(part.detail);
    json.end_object();
}

void write_document(const Part &part, JsonWriter &json) {
    if (part.source == Part::Source::PlainText) {
        json.begin_object().key("type").string("input_text").key("text").begin_string();
        if (!part.title.empty()) json.append(part.title).append("\n\n");
        json.append(part.data).end_string().end_object();
        return;
    }
    json.begin_object().key("type").string("input_file");
    if (part.source == Part::Source::Url) {
        json.key("file_url").text(part.data).end_object();
        return;
    }
    json.key("filename");
    if (part.title.empty()) {
        json.string("document.pdf");
    } else {
        json.text(part.title);
    }
    json.key("file_data");
    write_data_url(part, json);
    json.end_object();
}

void write_part(const Part &part, bool assistant, JsonWriter &json) {
    if (part.kind == Part::Kind::Image) return write_image(part, json);
    if (part.kind == Part::Kind::Document) return write_document(part, json);
    bool refusal = assistant && part.kind == Part::Kind::Refusal;
    json.begin_object().key("type").string(refusal ? "refusal" : assistant ? "output_text" : "input_text");
    json.key(refusal ? "refusal" : "text").text(part.text).end_object();
}

void write_parts(const Parts &parts, bool assistant, JsonWriter &json) {
    json.begin_array();
    for (const Part *part : parts) {
        write_part(*part, assistant, json);
    }
    json.end_array();
}

void write_message(std::string_view role, const Parts &parts, JsonWriter &json) {
    if (parts.empty()) return;
    bool assistant = role == "assistant";
    json.begin_object().key("type").string("message").key("role").string(role).key("content");
    if (parts.size() == 1 && parts[0]->kind == Part::Kind::Text) {
        json.text(parts[0]->text);
    } else {
        write_parts(parts, assistant, json);
    }
    json.end_object();
}

void write_texts(const Part &result, const Parts &parts, JsonWriter &json) {
    json.begin_string();
    if (result.is_error) json.append(kErrorMark);
    for (const Part *part : parts) {
        if (part != parts.front()) json.append("\n");
        json.append(part->text);
    }
    json.end_string();
}

bool write_result(const Part &result, RequestWriting &writing) {
    Parts parts;
    if (!result.cache_control.empty()) writing.drop(result.origin.path("cache_control"));
    bool shows = false;
    for (const Part &part : result.content) {
        if (!keep(part, parts, writing)) return false;
        shows = shows || (!parts.empty() && !is_text(*parts.back()));
    }
    JsonWriter &json = writing.json;
    json.begin_object().key("type").string("function_call_output").key("call_id").text(result.id).key("output");
    if (!shows) {
        write_texts(result, parts, json);
    } else {
        Part mark;
        mark.text = {kErrorMark};
        if (result.is_error) parts.insert(parts.begin(), &mark);
        write_parts(parts, false, json);
    }
    json.end_object();
    return true;
}

// Results first, then what is left of the turn.
bool write_turn(const Message &message, std::string_view role, RequestWriting &writing) {
    Parts parts;
    for (const Part &part : message.parts) {
        bool result = part.kind == Part::Kind::ToolResult;
        if (result && !write_result(part, writing)) return false;
        if (!result && !keep(part, parts, writing)) return false;
    }
    write_message(role, parts, writing.json);
    return true;
}

void write_call(const Part &part, JsonWriter &json) {
    json.begin_object().key("type").string("function_call").key("call_id").text(part.id).key("name").text(part.name);
    json.key("arguments").begin_string();
    if (!part.input.empty()) {
        json.append(part.input);
    } else if (!part.arguments.empty()) {
        json.append(part.arguments);
    } else {
        json.append("{}");
    }
    json.end_string().end_object();
}

void write_thinking(const Part &part, JsonWriter &json) {
    json.begin_object().key("type").string("reasoning").key("summary").begin_array();
    if (!part.text.empty()) {
        json.begin_object().key("type").string("summary_text").key("text").text(part.text).end_object();
    }
    json.end_array().key("encrypted_content").text(part.signature).end_object();
}

// Thinking must be followed by what it led to.
bool leads_on(const Message &message, const Part &thought) {
    for (size_t i = message.parts.size(); i-- > 0 && &message.parts[i] != &thought;) {
        if ((is_text(message.parts[i]) && !message.parts[i].text.empty()) || message.parts[i].kind == Part::Kind::ToolUse) return true;
    }
    return false;
}

bool write_assistant(const Message &message, RequestWriting &writing) {
    Parts said;
    JsonWriter &json = writing.json;
    for (const Part &part : message.parts) {
        if (is_text(part) && part.text.empty()) continue;  // clients keep one beside calls; here it would part them
        bool item = part.kind == Part::Kind::ToolUse || (is_ours(part) && leads_on(message, part));
        if (!item) {
            if (can_show(part) && !is_text(part)) {
                if (!writing.refuse(part.origin.path("type"))) return false;
            } else if (!keep(part, said, writing)) {
                return false;
            }
            continue;
        }
        write_message("assistant", said, json);
        said.clear();
        if (!part.cache_control.empty()) writing.drop(part.origin.path("cache_control"));
        if (part.kind == Part::Kind::ToolUse) {
            if (!part.signature.empty()) writing.drop(part.origin.path("signature"));
            write_call(part, json);
        } else {
            write_thinking(part, json);
        }
    }
    write_message("assistant", said, json);
    return true;
}

bool write_item(const Message &message, RequestWriting &writing) {
    if (!message.name.empty()) writing.drop(message.origin.path("name"));
    switch (message.role) {
    case Role::System:
        return write_turn(message, "system", writing);
    case Role::Developer:
        return write_turn(message, writing.options.quirks.developer_role ? "developer" : "system", writing);
    case Role::Assistant:
        return write_assistant(message, writing);
    default:
        return write_turn(message, "user", writing);
    }
}

}  // namespace

bool write_input(RequestWriting &writing) {
    writing.json.key("input").begin_array();
    for (const Message &message : writing.request.messages) {
        if (!write_item(message, writing)) return false;
    }
    writing.json.end_array();
    return true;
}

}  // namespace aigw::dialects::responses
