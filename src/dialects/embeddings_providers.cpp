// How providers that do not speak OpenAI's shape embed. Formats as their API references of 2025 say.
#include "core/json_writer.h"
#include "dialects/common.h"
#include "dialects/embeddings.h"
#include "dialects/path_segment.h"

namespace aigw::dialects::operations {
namespace {

std::optional<chat::Usage> prompt_usage(JsonValue count) {
    auto tokens = read_count(count);
    return tokens ? std::optional(chat::Usage{*tokens, 0, 0, 0, 0}) : std::nullopt;
}

std::vector<JsonValue> elements_of(JsonValue list) {
    std::vector<JsonValue> out;
    for (JsonValue element : list.elements()) {
        out.push_back(element);
    }
    return out;
}

void write_texts(const std::vector<JsonText> &texts, JsonWriter &json) {
    json.begin_array();
    for (JsonText text : texts) {
        json.text(text);
    }
    json.end_array();
}

// What they share: the request is read once, an answer is a list of vectors.
class Embeddings : public ProviderOperation {
public:
    chat::Result<WrittenRequest> write_request(const JsonDoc &request, const RequestOptions &options) const final {
        WrittenRequest out;
        auto read = read_embedding_request(request, options, out.dropped);
        if (!read) {
            return chat::fail(read.error());
        }
        JsonWriter json(out.body);
        if (auto error = write(*read, options.model, json)) {
            return chat::fail(*error);
        }
        return out;
    }

    chat::Result<OperationAnswer> read_answer(const JsonDoc &answer, JsonValue request, const AnswerOptions &options) const final {
        return write_embeddings(vectors(answer.root()), request, options, usage(answer.root()));
    }

private:
    virtual std::optional<chat::ApiError> write(const EmbeddingRequest &request, std::string_view model, JsonWriter &json) const = 0;
    virtual std::vector<JsonValue> vectors(JsonValue answer) const = 0;
    virtual std::optional<chat::Usage> usage(JsonValue) const { return std::nullopt; }
};

class Gemini final : public Embeddings {
    std::string path(std::string_view model) const override {
        std::string path = "/models/";
        append_path_segment(path, model.starts_with(kModels) ? model.substr(kModels.size()) : model);
        return path + ":batchEmbedContents";
    }

    std::optional<chat::ApiError> write(const EmbeddingRequest &request, std::string_view model, JsonWriter &json) const override {
        json.begin_object().key("requests").begin_array();
        for (JsonText text : request.inputs) {
            json.begin_object().key("model").string(named(std::string(model)));
            json.key("content").begin_object().key("parts").begin_array();
            json.begin_object().key("text").text(text).end_object().end_array().end_object();
            if (request.dimensions) {
                json.key("outputDimensionality").number(*request.dimensions);
            }
            json.end_object();
        }
        json.end_array().end_object();
        return std::nullopt;
    }

    std::vector<JsonValue> vectors(JsonValue answer) const override {
        std::vector<JsonValue> out;
        for (JsonValue embedding : answer["embeddings"].elements()) {
            out.push_back(embedding["values"]);
        }
        return out;
    }
    std::optional<chat::Usage> usage(JsonValue answer) const override {
        return prompt_usage(answer["usageMetadata"]["promptTokenCount"]);
    }

    static std::string named(std::string model) {
        return model.starts_with(kModels) ? model : std::string(kModels) + model;
    }
    static constexpr std::string_view kModels = "models/";
};

// An input that is too long is refused, as OpenAI does: by default Vertex would cut it without a word.
class Vertex final : public Embeddings {
    std::string path(std::string_view model) const override {
        std::string path = "/models/";
        append_path_segment(path, model);
        return path + ":predict";
    }

    std::optional<chat::ApiError> write(const EmbeddingRequest &request, std::string_view model, JsonWriter &json) const override {
        if (request.inputs.size() != 1 && model.starts_with("gemini-embedding")) {
            return chat::unsupported("input", "this model embeds one text a call");
        }
        json.begin_object().key("instances").begin_array();
        for (JsonText text : request.inputs) {
            json.begin_object().key("content").text(text).end_object();
        }
        json.end_array().key("parameters").begin_object().key("autoTruncate").boolean(false);
        if (request.dimensions) {
            json.key("outputDimensionality").number(*request.dimensions);
        }
        json.end_object().end_object();
        return std::nullopt;
    }

    std::vector<JsonValue> vectors(JsonValue answer) const override {
        std::vector<JsonValue> out;
        for (JsonValue prediction : answer["predictions"].elements()) {
            out.push_back(prediction["embeddings"]["values"]);
        }
        return out;
    }
    // The sum of all inputs'; none if one does not tell.
    std::optional<chat::Usage> usage(JsonValue answer) const override {
        chat::Usage sum{0, 0, 0, 0, 0};
        for (JsonValue prediction : answer["predictions"].elements()) {
            auto tokens = read_count(prediction["embeddings"]["statistics"]["token_count"]);
            if (!tokens) {
                return std::nullopt;
            }
            sum.prompt += *tokens;
        }
        return sum;
    }
};

class Ollama final : public Embeddings {
    std::string path(std::string_view) const override { return "/embed"; }

    std::optional<chat::ApiError> write(const EmbeddingRequest &request, std::string_view model, JsonWriter &json) const override {
        json.begin_object().key("model").string(model).key("input");
        write_texts(request.inputs, json);
        if (request.dimensions) {
            json.key("dimensions").number(*request.dimensions);
        }
        json.end_object();
        return std::nullopt;
    }
    std::vector<JsonValue> vectors(JsonValue answer) const override { return elements_of(answer["embeddings"]); }
    std::optional<chat::Usage> usage(JsonValue answer) const override { return prompt_usage(answer["prompt_eval_count"]); }
};

class NearlyOpenAi final : public Embeddings {
public:
    explicit NearlyOpenAi(std::string_view dimensions) : dimensions_(dimensions) {}

    std::string path(std::string_view) const override { return "/embeddings"; }

private:
    std::optional<chat::ApiError> write(const EmbeddingRequest &request, std::string_view model, JsonWriter &json) const override {
        json.begin_object().key("model").string(model).key("input");
        write_texts(request.inputs, json);
        if (request.dimensions) {
            json.key(dimensions_).number(*request.dimensions);
        }
        json.end_object();
        return std::nullopt;
    }
    // They say which input each one is of.
    std::vector<JsonValue> vectors(JsonValue answer) const override {
        std::vector<JsonValue> out(answer["data"].size());
        size_t next = 0;
        for (JsonValue element : answer["data"].elements()) {
            int64_t index = element["index"].as_int64().value_or(static_cast<int64_t>(next++));
            if (index >= 0 && static_cast<size_t>(index) < out.size()) {
                out[static_cast<size_t>(index)] = element["embedding"];
            }
        }
        return out;
    }
    std::optional<chat::Usage> usage(JsonValue answer) const override { return read_usage(answer["usage"]); }

    std::string_view dimensions_;
};

// A text to be kept and found later: what OpenAI's endpoint has no word for.
constexpr std::string_view kInputType = "search_document";

class Cohere final : public Embeddings {
    std::string path(std::string_view) const override { return "/embed"; }

    std::optional<chat::ApiError> write(const EmbeddingRequest &request, std::string_view model, JsonWriter &json) const override {
        json.begin_object().key("model").string(model).key("texts");
        write_texts(request.inputs, json);
        json.key("input_type").string(kInputType).key("embedding_types").begin_array().string("float").end_array();
        if (request.dimensions) {
            json.key("output_dimension").number(*request.dimensions);
        }
        json.end_object();
        return std::nullopt;
    }
    std::vector<JsonValue> vectors(JsonValue answer) const override { return elements_of(answer["embeddings"]["float"]); }
    std::optional<chat::Usage> usage(JsonValue answer) const override {
        return prompt_usage(answer["meta"]["billed_units"]["input_tokens"]);
    }
};

std::string invoke_path(std::string_view model) {
    std::string path = "/model/";
    append_path_segment(path, model);
    return path + "/invoke";
}

class Titan final : public Embeddings {
    std::string path(std::string_view model) const override { return invoke_path(model); }

    std::optional<chat::ApiError> write(const EmbeddingRequest &request, std::string_view, JsonWriter &json) const override {
        if (request.inputs.size() != 1) {
            return chat::unsupported("input", "this model embeds one text a call");
        }
        json.begin_object().key("inputText").text(request.inputs.front());
        if (request.dimensions) {
            json.key("dimensions").number(*request.dimensions);
        }
        json.end_object();
        return std::nullopt;
    }
    std::vector<JsonValue> vectors(JsonValue answer) const override { return {answer["embedding"]}; }
    std::optional<chat::Usage> usage(JsonValue answer) const override { return prompt_usage(answer["inputTextTokenCount"]); }
};

class BedrockCohere final : public Embeddings {
    std::string path(std::string_view model) const override { return invoke_path(model); }

    std::optional<chat::ApiError> write(const EmbeddingRequest &request, std::string_view, JsonWriter &json) const override {
        if (request.dimensions) {
            return chat::unsupported("dimensions");
        }
        json.begin_object().key("texts");
        write_texts(request.inputs, json);
        json.key("input_type").string(kInputType).end_object();
        return std::nullopt;
    }
    std::vector<JsonValue> vectors(JsonValue answer) const override {
        JsonValue embeddings = answer["embeddings"];
        return elements_of(embeddings.is_object() ? embeddings["float"] : embeddings);
    }
};

// Bedrock hosts both under one dialect: the model's name tells, with or without a region before it.
class Bedrock final : public ProviderOperation {
public:
    std::string path(std::string_view model) const override { return invoke_path(model); }
    chat::Result<WrittenRequest> write_request(const JsonDoc &request, const RequestOptions &options) const override {
        return of(options.model).write_request(request, options);
    }
    chat::Result<OperationAnswer> read_answer(const JsonDoc &answer, JsonValue request, const AnswerOptions &options) const override {
        bool cohere = bool(answer.root()["embeddings"]);
        return (cohere ? static_cast<const ProviderOperation &>(cohere_) : titan_).read_answer(answer, request, options);
    }

private:
    const ProviderOperation &of(std::string_view model) const {
        bool cohere = model.find("cohere.") != std::string_view::npos;
        return cohere ? static_cast<const ProviderOperation &>(cohere_) : titan_;
    }
    Titan titan_;
    BedrockCohere cohere_;
};

}  // namespace

const ProviderOperation &gemini_embeddings() {
    static const Gemini operation;
    return operation;
}

const ProviderOperation &vertex_embeddings() {
    static const Vertex operation;
    return operation;
}

const ProviderOperation &cohere_embeddings() {
    static const Cohere operation;
    return operation;
}

const ProviderOperation &mistral_embeddings() {
    static const NearlyOpenAi operation("output_dimension");
    return operation;
}

const ProviderOperation &voyage_embeddings() {
    static const NearlyOpenAi operation("output_dimension");
    return operation;
}

const ProviderOperation &jina_embeddings() {
    static const NearlyOpenAi operation("dimensions");
    return operation;
}

const ProviderOperation &ollama_embeddings() {
    static const Ollama operation;
    return operation;
}

const ProviderOperation &bedrock_embeddings() {
    static const Bedrock operation;
    return operation;
}

}  // namespace aigw::dialects::operations
