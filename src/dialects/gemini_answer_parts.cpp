#include "dialects/gemini_answer_parts.h"

#include <algorithm>

#include "core/json_writer.h"
#include "dialects/common.h"
#include "dialects/gemini_signature.h"

namespace aigw::dialects::google {

using chat::Delta;
using Kind = chat::Delta::Kind;

namespace {

void comma(std::string &out) {
    if (!out.empty()) out += ',';
}

void write_text(JsonText text, bool thought, std::string &out) {
    if (text.empty()) return;
    comma(out);
    out.append("{\"text\":\"").append(text.escaped).append(thought ? "\",\"thought\":true}" : "\"}");
}

void append_signature(JsonText text, chat::Signer signer, bool redacted, std::string &out) {
    out += "\"thoughtSignature\":\"";
    append_json_escaped(out, write_signature(text, signer, redacted));
    out += '"';
}

// On a part without text: Google's is a text's, all others are a thought's.
void write_signature_part(const Delta &delta, std::string &out) {
    if (delta.text.empty()) return;
    comma(out);
    out += "{\"text\":\"\",";
    if (delta.signer != chat::Signer::Google) out += "\"thought\":true,";
    append_signature(delta.text, delta.signer, delta.kind == Kind::Redacted, out);
    out += '}';
}

}  // namespace

void AnswerParts::add(const Delta &delta, std::string &out) {
    auto open = std::find_if(calls_.begin(), calls_.end(), [&](const Call &call) { return call.index == delta.index; });
    switch (delta.kind) {
    case Kind::Text:
    case Kind::Refusal:
        return write_text(delta.text, false, out);
    case Kind::Reasoning:
        return write_text(delta.text, true, out);
    case Kind::Signature:
    case Kind::Redacted:
        return write_signature_part(delta, out);
    case Kind::ToolStart:
        calls_.push_back({delta.index, std::string(delta.id.escaped), std::string(delta.name.escaped), {},
                          std::string(delta.signature.escaped), delta.signer});
        return;
    case Kind::ToolArgs:
        if (open == calls_.end()) return;
        open->arguments += delta.text.escaped;
        waiting_ += delta.text.escaped.size();
        return;
    case Kind::ToolEnd:
        if (open == calls_.end()) return;
        write_call(*open, out);
        calls_.erase(open);
        return;
    default:
        return;
    }
}

void AnswerParts::end(std::string &out) {
    for (const Call &call : calls_) write_call(call, out);
    calls_.clear();
}

// Arguments that are no JSON object (the model was cut off in them) stay visible.
void AnswerParts::write_call(const Call &call, std::string &out) {
    waiting_ -= std::min(waiting_, call.arguments.size());
    comma(out);
    out += "{\"functionCall\":";
    JsonWriter json(out);
    json.begin_object();
    if (!call.id.empty()) json.key("id").text({call.id});
    json.key("name").text({call.name}).key("args");
    std::string decoded = JsonText{call.arguments}.decode();
    JsonParser parser;
    JsonDoc doc;
    if (decoded.find_first_not_of(" \t\r\n") == std::string::npos) {
        json.begin_object().end_object();
    } else if (parser.parse(decoded, doc) && doc.root().is_object()) {
        std::string compact;
        append_compact(compact, doc.root().raw());
        json.raw(compact);
    } else {
        json.begin_object().key("INVALID_JSON").text({call.arguments}).end_object();
    }
    json.end_object();
    if (!call.signature.empty()) {
        out += ',';
        append_signature(JsonText{call.signature}, call.signer, false, out);
    }
    out += '}';
}

}  // namespace aigw::dialects::google
