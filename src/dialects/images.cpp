// images/generations at Google: Imagen's predict, and generateContent of the models that answer with images. Formats as the API
// references of 2025 say.
#include "core/json_writer.h"
#include "dialects/common.h"
#include "dialects/operations.h"
#include "dialects/path_segment.h"

namespace aigw::dialects::operations {
namespace {

constexpr struct {
    std::string_view size, ratio;
} kRatios[] = {
    {"256x256", "1:1"},   {"512x512", "1:1"},   {"1024x1024", "1:1"}, {"1024x1792", "9:16"},
    {"1792x1024", "16:9"}, {"768x1024", "3:4"}, {"1024x768", "4:3"},  {"768x1408", "9:16"},
    {"1408x768", "16:9"}, {"896x1280", "3:4"},  {"1280x896", "4:3"},
};

struct ImageRequest {
    JsonText prompt;
    int64_t count = 1;
    std::string_view ratio;  // empty: the model's own
};

// Nothing: no such size.
std::optional<std::string_view> ratio_of(JsonValue size) {
    if (size.equals("auto")) {
        return std::string_view();
    }
    for (const auto &row : kRatios) {
        if (size.equals(row.size)) {
            return row.ratio;
        }
    }
    return std::nullopt;
}

bool is_imagen(std::string_view model) {
    return model.find("imagen") != model.npos;
}

chat::Result<ImageRequest> read(JsonValue root, const RequestOptions &options, std::vector<std::string> &dropped) {
    ImageRequest out;
    out.prompt = root["prompt"].text();
    out.count = root["n"].as_int64().value_or(1);
    for (JsonValue::Member member : root.members()) {
        bool known = member.key == "model" || member.key == "prompt" || member.key == "n" || member.value.is_null() ||
                     (member.key == "response_format" && member.value.equals("b64_json"));
        auto ratio = member.key == "size" ? ratio_of(member.value) : std::nullopt;
        if (ratio) {
            out.ratio = *ratio;
        } else if (!known && (member.key == "user" || options.drop_unsupported)) {
            dropped.push_back(member.key.decode());
        } else if (!known) {
            return chat::fail(chat::unsupported(member.key.decode()));
        }
    }
    if (out.count > 1 && !is_imagen(options.model)) {
        return chat::fail(chat::unsupported("n", "this model makes one image a call"));
    }
    return out;
}

void write_predict(const ImageRequest &request, JsonWriter &json) {
    json.begin_object().key("instances").begin_array().begin_object().key("prompt").text(request.prompt).end_object().end_array();
    json.key("parameters").begin_object().key("sampleCount").number(request.count);
    if (!request.ratio.empty()) {
        json.key("aspectRatio").string(request.ratio);
    }
    json.end_object().end_object();
}

void write_generate(const ImageRequest &request, JsonWriter &json) {
    json.begin_object().key("contents").begin_array().begin_object().key("role").string("user").key("parts").begin_array();
    json.begin_object().key("text").text(request.prompt).end_object().end_array().end_object().end_array();
    json.key("generationConfig").begin_object().key("responseModalities").begin_array().string("TEXT").string("IMAGE").end_array();
    if (!request.ratio.empty()) {
        json.key("imageConfig").begin_object().key("aspectRatio").string(request.ratio).end_object();
    }
    json.end_object().end_object();
}

// The images of either answer, in base64.
std::vector<JsonText> images_of(JsonValue answer) {
    std::vector<JsonText> out;
    for (JsonValue prediction : answer["predictions"].elements()) {
        out.push_back(prediction["bytesBase64Encoded"].text());
    }
    for (JsonValue candidate : answer["candidates"].elements()) {
        for (JsonValue part : candidate["content"]["parts"].elements()) {
            if (JsonText data = part["inlineData"]["data"].text(); !data.empty() && !part["thought"].is_true()) {
                out.push_back(data);
            }
        }
    }
    return out;
}

class GeminiImages final : public ProviderOperation {
public:
    std::string path(std::string_view model) const override {
        constexpr std::string_view kModels = "models/";
        std::string path = "/models/";
        append_path_segment(path, model.starts_with(kModels) ? model.substr(kModels.size()) : model);
        return path + (is_imagen(model) ? ":predict" : ":generateContent");
    }

    chat::Result<WrittenRequest> write_request(const JsonDoc &request, const RequestOptions &options) const override {
        WrittenRequest out;
        auto image = read(request.root(), options, out.dropped);
        if (!image) {
            return chat::fail(image.error());
        }
        JsonWriter json(out.body);
        is_imagen(options.model) ? write_predict(*image, json) : write_generate(*image, json);
        return out;
    }

    chat::Result<OperationAnswer> read_answer(const JsonDoc &answer, JsonValue, const AnswerOptions &options) const override {
        std::vector<JsonText> images = images_of(answer.root());
        if (images.empty()) {
            return chat::fail(broken_answer("the answer holds no image"));
        }
        OperationAnswer out;
        JsonWriter json(out.body);
        json.begin_object().key("created").number(options.created).key("data").begin_array();
        for (JsonText image : images) {
            json.begin_object().key("b64_json").text(image).end_object();
        }
        json.end_array().end_object();
        out.units = {Unit::Images, static_cast<int64_t>(images.size())};
        JsonValue told = answer.root()["usageMetadata"];
        if (auto prompt = read_count(told["promptTokenCount"])) {
            out.usage = chat::Usage{};
            out.usage->prompt = *prompt;
            out.usage->completion = read_count(told["candidatesTokenCount"]).value_or(0);
        }
        return out;
    }
};

}  // namespace

const ProviderOperation &gemini_images() {
    static const GeminiImages operation;
    return operation;
}

}  // namespace aigw::dialects::operations
