// One part of a content: text and thoughts, media, calls and their results.
#include "dialects/common.h"
#include "dialects/gemini_reading.h"
#include "dialects/gemini_signature.h"
#include "core/json_writer.h"
#include "dialects/base64.h"

namespace aigw::dialects::google {

namespace {

using chat::Origin;
using chat::Part;
using chat::Role;

Part part_at(const Origin &at, Part::Kind kind) {
    Part part;
    part.kind = kind;
    part.origin = at;
    return part;
}

// What a part's signature says: Google's stays, another vendor's is unpacked. False: it is redacted data.
bool set_signature(JsonText carried, Part &part, Reading &reading) {
    Signature signature = read_signature(carried);
    part.signer = signature.signer;
    part.signature = signature.signer == chat::Signer::Google ? carried : reading.make(std::move(signature.text));
    if (!signature.redacted) return true;
    part.kind = Part::Kind::RedactedThinking;
    part.data = std::exchange(part.signature, {});
    return false;
}

// A thought; or a text, with a thinking part of its own for its signature.
bool read_text(JsonValue text, bool thought, JsonText signature, const Origin &at, std::vector<Part> &to, Reading &reading) {
    if (!text.is_string()) return reading.wrong(at.path("text"), "a string");
    if (!thought) {
        Part part = part_at(at, Part::Kind::Text);
        part.text = text.text();
        if (!part.text.empty()) to.push_back(part);
        if (signature.empty()) return true;
    }
    Part part = part_at(at, Part::Kind::Thinking);
    if (thought) part.text = text.text();
    if (!signature.empty()) set_signature(signature, part, reading);
    if (!part.text.empty() || !signature.empty()) to.push_back(std::move(part));
    return true;
}

// The kind of what a media type names, in the words that other dialects use.
Part::Kind kind_of(std::string_view type) {
    if (type.starts_with("image/")) return Part::Kind::Image;
    if (type.starts_with("audio/")) return Part::Kind::Audio;
    if (type == "application/pdf" || type.starts_with("text/") || type == "application/json") return Part::Kind::Document;
    return Part::Kind::Other;  // video
}

JsonText usual_type(JsonText type) {
    if (type == "audio/mpeg") return {"audio/mp3"};
    if (type == "audio/x-wav" || type == "audio/wave") return {"audio/wav"};
    return type;
}

// Elsewhere only documents that are sent whole have names.
void name_is_a_hint(Part &part, const Fields &fields, JsonValue value, Reading &reading) {
    if (!part.title.empty()) reading.extra(fields.path("displayName"), field(value, "displayName"), true);
    part.title = {};
}

bool read_inline(JsonValue value, const Origin &at, std::vector<Part> &to, Reading &reading) {
    Fields blob(value, at.path("inlineData"), reading);
    Part part = part_at(at, Part::Kind::Other);
    part.source = Part::Source::Base64;
    if (!blob.take_string("mimeType", part.media_type) || !blob.take_string("data", part.data) ||
        !blob.take_string("displayName", part.title)) {
        return false;
    }
    if (part.data.empty()) return reading.missing(at.path("inlineData.data"));
    part.kind = kind_of(part.media_type.decode());
    if (part.kind == Part::Kind::Image || part.kind == Part::Kind::Audio) name_is_a_hint(part, blob, value, reading);
    part.media_type = usual_type(part.media_type);
    if (part.data.escaped.find_first_of("-_") != std::string_view::npos) part.data = reading.make(standard_base64(part.data.escaped));
    to.push_back(std::move(part));
    return blob.rest();
}

// Files at Google stay there; what lies in the web may be fetched by others too.
bool read_file(JsonValue value, const Origin &at, std::vector<Part> &to, Reading &reading) {
    Fields file(value, at.path("fileData"), reading);
    Part part = part_at(at, Part::Kind::Other);
    JsonText type;
    if (!file.take_string("mimeType", type) || !file.take_string("fileUri", part.data) ||
        !file.take_string("displayName", part.title)) {
        return false;
    }
    if (part.data.empty()) return reading.missing(at.path("fileData.fileUri"));
    std::string uri = part.data.decode();
    bool google = uri.starts_with("https://generativelanguage.googleapis.com/") || uri.starts_with("gs://");
    part.kind = kind_of(type.decode());
    part.source = google ? Part::Source::FileId : Part::Source::Url;
    bool known = part.kind == Part::Kind::Image || (part.kind == Part::Kind::Document && type == "application/pdf");
    if (!known || (!google && !is_http_url(part.data))) part.kind = Part::Kind::Other;
    if (part.kind == Part::Kind::Image || (part.kind == Part::Kind::Document && !google)) name_is_a_hint(part, file, value, reading);
    to.push_back(std::move(part));
    return file.rest();
}

bool read_call(JsonValue value, JsonText signature, const Origin &at, std::vector<Part> &to, Reading &reading) {
    Fields call(value, at.path("functionCall"), reading);
    Part part = part_at(at, Part::Kind::ToolUse);
    JsonValue args;
    if (!call.take_string("name", part.name) || !call.take_string("id", part.id) || !call.take_object("args", args)) return false;
    if (part.name.empty()) return reading.missing(call.path("name"));
    part.input = args ? args.raw() : std::string_view("{}");
    if (!signature.empty()) set_signature(signature, part, reading);
    to.push_back(std::move(part));
    return call.rest();
}

Part text_of(const Origin &at, JsonText text) {
    Part part = part_at(at, Part::Kind::Text);
    part.text = text;
    return part;
}

// {"output":..} and {"error":..} as Google has them, {"result":..} as many write it: the text itself; all else as JSON.
void read_outcome(JsonValue response, const Origin &at, Part &result, Reading &reading) {
    JsonValue said = response;
    if (response.size() == 1) {
        for (std::string_view name : {"output", "result", "error"}) {
            JsonValue only = response[name];
            if (!only) continue;
            result.is_error = name == "error";
            if (only.is_string() || result.is_error) said = only;
        }
    }
    if (said.is_string()) return result.content.push_back(text_of(at, said.text()));
    std::string compact, json;
    append_compact(compact, said.raw());
    append_json_escaped(json, compact);
    result.content.push_back(text_of(at, reading.make(std::move(json))));
}

bool read_result(JsonValue value, const Origin &at, std::vector<Part> &to, Reading &reading) {
    Fields fields(value, at.path("functionResponse"), reading);
    Part part = part_at(at, Part::Kind::ToolResult);
    JsonValue response;
    if (!fields.take_string("name", part.name) || !fields.take_string("id", part.id) || !fields.take_object("response", response)) {
        return false;
    }
    if (part.name.empty()) return reading.missing(fields.path("name"));
    if (response) read_outcome(response, at, part, reading);
    bool ok = each(fields.take("parts"), [&](JsonValue media, int32_t k) {
        Origin place = at;
        place.k = k;
        if (!media.is_object()) return reading.wrong(place.path(), "an object");
        Fields inner(media, place.path(), reading);
        JsonValue blob, file;
        return inner.take_object("inlineData", blob) && inner.take_object("fileData", file) &&
               (!blob || read_inline(blob, place, part.content, reading)) &&
               (!file || read_file(file, place, part.content, reading)) && inner.rest({"mediaResolution"});
    });
    to.push_back(std::move(part));
    return ok && fields.rest();
}

}  // namespace

bool read_part(JsonValue value, const Origin &at, Role role, std::vector<Part> &to, Reading &reading) {
    if (!value.is_object()) return reading.wrong(at.path(), "an object");
    Fields part(value, at.path(), reading);
    JsonText signature;
    JsonValue inline_data, file, call, result, text = part.take("text"), thought = part.take("thought");
    if (!part.take_string("thoughtSignature", signature) || !part.take_object("inlineData", inline_data) ||
        !part.take_object("fileData", file) || !part.take_object("functionCall", call) ||
        !part.take_object("functionResponse", result)) {
        return false;
    }
    if (bool(text) + bool(inline_data) + bool(file) + bool(call) + bool(result) > 1) {
        return reading.wrong(at.path(), "one of text, inlineData, fileData, functionCall, functionResponse");
    }
    if (call && role != Role::Assistant) return reading.wrong(at.path("functionCall"), "in a model's content");
    if (result && role != Role::User) return reading.wrong(at.path("functionResponse"), "in a user's content");
    bool ok = text          ? read_text(text, thought.is_true(), signature, at, to, reading)
              : inline_data ? read_inline(inline_data, at, to, reading)
              : file        ? read_file(file, at, to, reading)
              : call        ? read_call(call, signature, at, to, reading)
              : result      ? read_result(result, at, to, reading)
                            : true;
    return ok && part.rest({"mediaResolution", "partMetadata"});
}

}  // namespace aigw::dialects::google
