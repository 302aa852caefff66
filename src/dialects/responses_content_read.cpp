// The parts of a message's content or of a tool's result.
#include <algorithm>
#include <array>

#include "dialects/common.h"
#include "dialects/responses.h"

namespace aigw::dialects::responses {

namespace {

using chat::Origin;
using chat::Part;

bool read_string(JsonValue value, const std::string &param, JsonText &to, RequestReading &reading) {
    if (!given(value)) return reading.missing(param);
    if (!value.is_string()) return reading.wrong(param, "a string");
    to = value.text();
    return true;
}

bool optional_string(JsonValue value, const std::string &param, JsonText &to, RequestReading &reading) {
    return !given(value) || read_string(value, param, to, reading);
}

bool read_text_part(JsonValue value, Part &part, RequestReading &reading) {
    return read_string(value["text"], part.origin.path("text"), part.text, reading);
}

bool read_refusal(JsonValue value, Part &part, RequestReading &reading) {
    part.kind = Part::Kind::Refusal;
    return read_string(value["refusal"], part.origin.path("refusal"), part.text, reading);
}

bool read_file_id(JsonValue value, Part &part, RequestReading &reading) {
    part.source = Part::Source::FileId;
    return reading.need(value["file_id"], part.origin.path("file_id"), part.data);
}

bool read_image(JsonValue value, Part &part, RequestReading &reading) {
    part.kind = Part::Kind::Image;
    if (!optional_string(value["detail"], part.origin.path("detail"), part.detail, reading)) return false;
    JsonValue image = value["image_url"];
    if (!given(image) && given(value["file_id"])) return read_file_id(value, part, reading);
    if (!image.is_string()) {
        return given(image) ? reading.wrong(part.origin.path("image_url"), "a string")
                            : reading.missing(part.origin.path("image_url"));
    }
    if (std::optional<DataUrl> data = split_data_url(image.text())) {
        part.source = Part::Source::Base64;
        part.media_type = data->media_type;
        part.data = data->data;
        return true;
    }
    if (!is_http_url(image.text())) {
        return reading.wrong(part.origin.path("image_url"), "an http(s) URL or a base64 data URL");
    }
    part.source = Part::Source::Url;
    part.data = image.text();
    return true;
}

bool read_file(JsonValue value, Part &part, RequestReading &reading) {
    part.kind = Part::Kind::Document;
    if (!optional_string(value["filename"], part.origin.path("filename"), part.title, reading)) return false;
    if (given(value["file_id"])) return read_file_id(value, part, reading);
    if (JsonValue url = value["file_url"]; given(url)) {
        if (!url.is_string() || !is_http_url(url.text())) {
            return reading.wrong(part.origin.path("file_url"), "an http(s) URL");
        }
        part.source = Part::Source::Url;
        part.data = url.text();
        return true;
    }
    JsonText data;
    if (!reading.need(value["file_data"], part.origin.path("file_data"), data)) return false;
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

bool read_audio(JsonValue value, Part &part, RequestReading &reading) {
    part.kind = Part::Kind::Audio;
    part.source = Part::Source::Base64;
    JsonValue audio = value["input_audio"];
    if (!audio.is_object()) {
        return given(audio) ? reading.wrong(part.origin.path("input_audio"), "an object")
                            : reading.missing(part.origin.path("input_audio"));
    }
    reading.rest(audio, part.origin.path("input_audio"), {"data", "format"});
    return reading.need(audio["data"], part.origin.path("input_audio.data"), part.data) &&
           reading.need(audio["format"], part.origin.path("input_audio.format"), part.media_type);
}

struct PartType {
    std::string_view name;
    bool (*read)(JsonValue value, Part &part, RequestReading &reading);
};

constexpr std::array kTypes{
    PartType{"input_text", read_text_part}, PartType{"output_text", read_text_part}, PartType{"text", read_text_part},
    PartType{"refusal", read_refusal},      PartType{"input_image", read_image},     PartType{"input_file", read_file},
    PartType{"input_audio", read_audio},
};

bool read_part(JsonValue value, Part &part, RequestReading &reading) {
    if (!value.is_object()) return reading.wrong(part.origin.path(), "an object");
    JsonText type;
    if (!reading.need(value["type"], part.origin.path("type"), type)) return false;
    for (const PartType &known : kTypes) {
        if (type != known.name) continue;
        if (!known.read(value, part, reading)) return false;
        bool file = part.kind == Part::Kind::Document || part.kind == Part::Kind::Other;
        if (JsonValue detail = value["detail"]; file && given(detail)) reading.extra(part.origin.path("detail"), detail, true);
        // Annotations and log probabilities are what an earlier answer said beside its text.
        read_rest(value,
                  {"type", "text", "refusal", "image_url", "file_id", "file_url", "file_data", "filename", "detail", "input_audio"},
                  {"annotations", "logprobs", "prompt_cache_breakpoint"}, part.origin, reading);
        return true;
    }
    part.kind = Part::Kind::Other;
    return true;
}

}  // namespace

void read_rest(JsonValue object, std::initializer_list<std::string_view> known, std::initializer_list<std::string_view> hints,
               const Origin &origin, RequestReading &reading) {
    auto holds = [](std::initializer_list<std::string_view> names, JsonText key) {
        return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return key == name; });
    };
    for (const auto &[key, value, at] : object.members()) {
        bool empty = (value.is_array() || value.is_object()) && value.size() == 0;
        if (!given(value) || empty || holds(known, key)) continue;
        reading.extra(origin.path(key.decode()), value, holds(hints, key));
    }
}

bool read_parts(JsonValue content, const Origin &origin, std::vector<Part> &to, RequestReading &reading) {
    if (content.is_string()) {
        Part part;
        part.origin = origin;
        part.text = content.text();
        to.push_back(std::move(part));
        return true;
    }
    bool top = origin.list == "instructions";
    if (!content.is_array()) {
        return reading.wrong(top || origin.inner != Origin().inner ? origin.path() : origin.path("content"),
                             top ? "a string" : "a string or a list of parts");
    }
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

}  // namespace aigw::dialects::responses
