// Operations whose providers speak the caller's shape.
#include "core/json_splice.h"
#include "core/json_writer.h"
#include "core/utf8.h"
#include "dialects/common.h"
#include "dialects/operations.h"

namespace aigw::dialects::operations {
namespace {

using CountUnits = Units (*)(JsonValue answer, const std::optional<chat::Usage> &usage);

Units count_tokens_told(JsonValue, const std::optional<chat::Usage> &usage) {
    return usage ? Units{Unit::Tokens, usage->total()} : Units{};
}

Units count_images(JsonValue answer, const std::optional<chat::Usage> &) {
    auto images = static_cast<int64_t>(answer["data"].size());
    return images > 0 ? Units{Unit::Images, images} : Units{};
}

Units count_calls(JsonValue, const std::optional<chat::Usage> &) {
    return {};
}

class Pass final : public ProviderOperation {
public:
    Pass(std::string_view path, std::string_view needed, CountUnits units) : path_(path), needed_(needed), units_(units) {}

    std::string path(std::string_view) const override { return std::string(path_); }

    chat::Result<WrittenRequest> write_request(const JsonDoc &request, const RequestOptions &options) const override {
        return WrittenRequest{with_model(request, options.model), {}};
    }

    chat::Result<OperationAnswer> read_answer(const JsonDoc &answer, JsonValue, const AnswerOptions &) const override {
        JsonValue root = answer.root();
        if (!root[needed_]) {
            return chat::fail(root["error"] ? read_error_value(kAnsweredAnError, root) : broken_answer("the answer is incomplete"));
        }
        OperationAnswer out;
        out.usage = read_usage(root["usage"]);
        out.units = units_(root, out.usage);
        return out;
    }

private:
    static constexpr int kAnsweredAnError = 200;

    std::string_view path_;
    std::string_view needed_;  // a member that every answer has
    CountUnits units_;
};

class Speech final : public ProviderOperation {
public:
    std::string path(std::string_view) const override { return "/audio/speech"; }

    chat::Result<WrittenRequest> write_request(const JsonDoc &request, const RequestOptions &options) const override {
        return WrittenRequest{with_model(request, options.model), {}};
    }
    chat::Result<OperationAnswer> read_answer(const JsonDoc &, JsonValue, const AnswerOptions &) const override {
        return chat::fail(broken_answer("sound was asked for"));
    }
    Taking taking(std::string_view, std::string_view) const override { return Taking::Passed; }
    Units units_of_request(JsonValue request) const override {
        std::string text = request["input"].text().decode();
        int64_t characters = 0;
        for (char c : text) {
            characters += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
        }
        return {Unit::Characters, characters};
    }
};

}  // namespace

std::string with_model(const JsonDoc &request, std::string_view model) {
    JsonSplice splice(request.text());
    std::string name = "\"";
    append_json_escaped(name, model);
    splice.set(request.root(), "model", name + "\"");
    std::string body;
    splice.append_to(body);
    return body;
}

std::optional<chat::Usage> read_usage(JsonValue value) {
    if (!value.is_object()) {
        return std::nullopt;
    }
    auto count = [&](std::string_view name, std::string_view other) {
        auto found = read_count(value[name]);
        return found ? found : read_count(value[other]);
    };
    auto prompt = count("prompt_tokens", "input_tokens");
    auto completion = count("completion_tokens", "output_tokens");
    auto total = read_count(value["total_tokens"]);
    if (!prompt && !total) {
        return std::nullopt;
    }
    chat::Usage usage;
    usage.prompt = prompt ? *prompt : *total;
    usage.completion = completion.value_or(0);
    return usage;
}

const ProviderOperation &count_tokens() {
    static const Pass operation("/messages/count_tokens", "input_tokens", count_calls);
    return operation;
}

const ProviderOperation &openai_embeddings() {
    static const Pass operation("/embeddings", "data", count_tokens_told);
    return operation;
}

const ProviderOperation &openai_moderations() {
    static const Pass operation("/moderations", "results", count_calls);
    return operation;
}

const ProviderOperation &openai_images() {
    static const Pass operation("/images/generations", "data", count_images);
    return operation;
}

const ProviderOperation &openai_speech() {
    static const Speech operation;
    return operation;
}

const ProviderOperation &jina_rerank() {
    static const Pass operation("/rerank", "results", count_calls);
    return operation;
}

}  // namespace aigw::dialects::operations
