// The parts of a message's content: text, images, audio, files, refusals.
#include <array>

#include "dialects/common.h"
#include "dialects/openai_chat.h"

namespace aigw::dialects::openai {

namespace {

using chat::Origin;
using chat::Part;

bool read_string(JsonValue value, const std::string &param, JsonText &to, RequestReading &reading) {
    if (!given(value)) return reading.missing(param);
    if (!value.is_string()) return reading.wrong(param, "a string");
    to = value.text();
    return true;
}

bool read_text(JsonValue value, Part &part, RequestReading &reading) {
    return read_string(value["text"], part.origin.path("text"), part.text, reading);
}

bool read_refusal(JsonValue value, Part &part, RequestReading &reading) {
    part.kind = Part::Kind::Refusal;
    return read_string(value["refusal"], part.origin.path("refusal"), part.text, reading);
}

bool set_image_url(JsonText url, const std::string &param, Part &part, RequestReading &reading) {
    if (std::optional<DataUrl> data = split_data_url(url)) {
        part.source = Part::Source::Base64;
        part.media_type = data->media_type;
        part.data = data->data;
        return true;
    }
    if (!is_http_url(url)) return reading.wrong(param, "an http(s) URL or a base64 data URL");
    part.source = Part::Source::Url;
    part.data = url;
    return true;
}

// {url, detail}, or the URL alone.
bool read_image(JsonValue value, Part &part, RequestReading &reading) {
    part.kind = Part::Kind::Image;
    JsonValue image = value["image_url"];
    if (image.is_string()) return set_image_url(image.text(), part.origin.path("image_url"), part, reading);
    if (!given(image)) return reading.missing(part.origin.path("image_url"));
    if (!image.is_object()) return reading.wrong(part.origin.path("image_url"), "an object");
    reading.rest(image, part.origin.path("image_url"), {"url", "detail"});
    JsonText url;
    if (!reading.need(image["url"], part.origin.path("image_url.url"), url)) return false;
    if (JsonValue detail = image["detail"]; given(detail)) {
        if (!detail.is_string()) return reading.wrong(part.origin.path("image_url.detail"), "a string");
        part.detail = detail.text();
    }
    return set_image_url(url, part.origin.path("image_url.url"), part, reading);
}

bool read_audio(JsonValue value, Part &part, RequestReading &reading) {
    part.kind = Part::Kind::Audio;
    part.source = Part::Source::Base64;
    JsonValue audio = value["input_audio"];
    if (!given(audio)) return reading.missing(part.origin.path("input_audio"));
    if (!audio.is_object()) return reading.wrong(part.origin.path("input_audio"), "an object");
    reading.rest(audio, part.origin.path("input_audio"), {"data", "format"});
    return reading.need(audio["data"], part.origin.path("input_audio.data"), part.data) &&
           reading.need(audio["format"], part.origin.path("input_audio.format"), part.media_type);
}

bool read_file(JsonValue value, Part &part, RequestReading &reading) {
    part.kind = Part::Kind::Document;
    JsonValue file = value["file"];
    if (!given(file)) return reading.missing(part.origin.path("file"));
    if (!file.is_object()) return reading.wrong(part.origin.path("file"), "an object");
    reading.rest(file, part.origin.path("file"), {"filename", "file_id", "file_data"});
    if (JsonValue name = file["filename"]; given(name)) {
        if (!name.is_string()) return reading.wrong(part.origin.path("file.filename"), "a string");
        part.title = name.text();
    }
    if (JsonValue id = file["file_id"]; given(id)) {
        part.source = Part::Source::FileId;
        return reading.need(id, part.origin.path("file.file_id"), part.data);
    }
    JsonText data;
    if (!reading.need(file["file_data"], part.origin.path("file.file_data"), data)) return false;
    std::optional<DataUrl> url = split_data_url(data);
    if (!url) {  // bare base64: what it is, only its own dialect may guess
        part.kind = Part::Kind::Other;
        return true;
    }
    part.source = Part::Source::Base64;
    part.media_type = url->media_type;
    part.data = url->data;
    return true;
}

// A thinking part of an earlier answer: Mistral's holds a list of texts, Anthropic's a text and a signature.
bool read_thinking_part(JsonValue value, Part &part, RequestReading &reading) {
    part.kind = Part::Kind::Thinking;
    JsonValue thinking = value["thinking"];
    if (thinking.is_array()) {
        for (JsonValue piece : thinking.elements()) {
            if (part.text.empty()) part.text = piece["text"].text();
        }
        return true;  // unsigned: what is left out goes nowhere anyway
    }
    part.signature = value["signature"].text();
    return read_string(thinking, part.origin.path("thinking"), part.text, reading);
}

struct PartType {
    std::string_view name;
    bool (*read)(JsonValue value, Part &part, RequestReading &reading);
    std::string_view member;  // that holds it
};

constexpr std::array kTypes{
    PartType{"text", read_text, "text"},
    PartType{"image_url", read_image, "image_url"},
    PartType{"input_audio", read_audio, "input_audio"},
    PartType{"file", read_file, "file"},
    PartType{"refusal", read_refusal, "refusal"},
    PartType{"thinking", read_thinking_part, "thinking"},
};

// Members beside the one that holds the part.
void read_rest(JsonValue value, std::string_view member, const Part &part, RequestReading &reading) {
    for (const auto &[key, item, at] : value.members()) {
        if (!given(item) || key == "type" || key == member || key == "cache_control") continue;
        if (part.kind == Part::Kind::Thinking && (key == "signature" || key == "closed")) continue;
        reading.extra(part.origin.path(key.decode()), item, key == "prompt_cache_breakpoint");
    }
}

bool read_part(JsonValue value, Part &part, RequestReading &reading) {
    if (!value.is_object()) return reading.wrong(part.origin.path(), "an object");
    JsonText type;
    if (!reading.need(value["type"], part.origin.path("type"), type)) return false;
    if (JsonValue cache = value["cache_control"]; given(cache)) {
        if (!cache.is_object()) return reading.wrong(part.origin.path("cache_control"), "an object");
        part.cache_control = cache.raw();
    }
    for (const PartType &known : kTypes) {
        if (type != known.name) continue;
        if (!known.read(value, part, reading)) return false;
        read_rest(value, known.member, part, reading);
        return true;
    }
    part.kind = Part::Kind::Other;
    return true;
}

}  // namespace

bool read_content(JsonValue content, const Origin &origin, std::vector<Part> &to, RequestReading &reading) {
    if (content.is_string()) {
        Part part;
        part.origin = origin;
        part.text = content.text();
        to.push_back(std::move(part));
        return true;
    }
    if (!content.is_array()) return reading.wrong(origin.path("content"), "a string or a list of parts");
    int32_t j = 0;
    for (JsonValue element : content.elements()) {
        Part part;
        part.origin = origin;
        part.origin.j = j++;
        if (!read_part(element, part, reading)) return false;
        to.push_back(std::move(part));
    }
    return true;
}

}  // namespace aigw::dialects::openai
