#include "dialects/operation.h"

#include <array>

#include "dialects/embeddings.h"
#include "dialects/operations.h"
#include "dialects/request_facts.h"

namespace aigw::dialects {
namespace {

struct Row {
    Operation operation;
    std::string_view provider;  // a format, or a dialect
    const ProviderOperation &(*make)();
};

// clang-format off
constexpr Row kRows[] = {
    {Operation::CountTokens, "anthropic_messages", operations::count_tokens},
    {Operation::GoogleCountTokens, "gemini",       operations::gemini_count_tokens},
    {Operation::Embeddings,  "mistral",            operations::mistral_embeddings},
    {Operation::Embeddings,  "voyage",             operations::voyage_embeddings},
    {Operation::Embeddings,  "jina",               operations::jina_embeddings},
    {Operation::Embeddings,  "openai_chat",        operations::openai_embeddings},
    {Operation::Embeddings,  "vertex",             operations::vertex_embeddings},
    {Operation::Embeddings,  "openai_responses",   operations::openai_embeddings},
    {Operation::Embeddings,  "gemini",             operations::gemini_embeddings},
    {Operation::Embeddings,  "ollama_chat",        operations::ollama_embeddings},
    {Operation::Embeddings,  "cohere_chat",        operations::cohere_embeddings},
    {Operation::Embeddings,  "bedrock_converse",   operations::bedrock_embeddings},
    {Operation::Moderations, "openai_chat",        operations::openai_moderations},
    {Operation::Moderations, "openai_responses",   operations::openai_moderations},
    {Operation::Images,      "openai_chat",        operations::openai_images},
    {Operation::Images,      "openai_responses",   operations::openai_images},
    {Operation::Images,      "gemini",             operations::gemini_images},
    {Operation::Speech,      "openai_chat",        operations::openai_speech},
    {Operation::Speech,      "openai_responses",   operations::openai_speech},
    {Operation::Transcription, "openai_chat",      operations::openai_transcription},
    {Operation::Transcription, "openai_responses", operations::openai_transcription},
    {Operation::Translation, "openai_chat",        operations::openai_translation},
    {Operation::Translation, "openai_responses",   operations::openai_translation},
    {Operation::Rerank,      "voyage",             operations::voyage_rerank},
    {Operation::Rerank,      "jina",               operations::jina_rerank},
    {Operation::Rerank,      "cohere_chat",        operations::cohere_rerank},
    {Operation::Rerank,      "openai_chat",        operations::jina_rerank},
};

constexpr struct {
    std::string_view path;
    Operation operation;
} kPaths[] = {
    {"messages/count_tokens", Operation::CountTokens},
    {"embeddings",            Operation::Embeddings},
    {"rerank",                Operation::Rerank},
    {"moderations",           Operation::Moderations},
    {"images/generations",    Operation::Images},
    {"audio/speech",          Operation::Speech},
    {"audio/transcriptions",  Operation::Transcription},
    {"audio/translations",    Operation::Translation},
};
// clang-format on

// A string, or a list that is not empty.
std::optional<chat::ApiError> need_texts(JsonValue body, std::string_view member) {
    JsonValue value = body[member];
    if (!value) {
        return missing_member(member);
    }
    if (!value.is_string() && !(value.is_array() && value.size() > 0)) {
        return wrong_member(member, "a string or a list that is not empty");
    }
    return std::nullopt;
}

std::optional<chat::ApiError> need_string(JsonValue body, std::string_view member) {
    JsonValue value = body[member];
    if (!value) {
        return missing_member(member);
    }
    return value.is_string() && !value.text().empty() ? std::nullopt : std::optional(wrong_member(member, "a string"));
}

}  // namespace

std::string_view unit_name(Unit unit) {
    constexpr std::array<std::string_view, 5> kNames = {"calls", "tokens", "images", "characters", "seconds"};
    return kNames[static_cast<size_t>(unit)];
}

bool counts_tokens(Operation operation) {
    return operation == Operation::CountTokens || operation == Operation::GoogleCountTokens;
}

Operation operation_of_path(std::string_view path) {
    for (const auto &row : kPaths) {
        if (row.path == path) {
            return row.operation;
        }
    }
    return Operation::None;
}

std::optional<chat::ApiError> check_operation(Operation operation, JsonValue body) {
    std::optional<chat::ApiError> error;
    switch (operation) {
    case Operation::None:
    case Operation::Transcription:
    case Operation::Translation:
        break;
    case Operation::CountTokens:
        return body["messages"].is_array() ? std::nullopt : std::optional(missing_member("messages"));
    case Operation::GoogleCountTokens:
        return body["contents"] || body["generateContentRequest"].is_object() ? std::nullopt
                                                                              : std::optional(missing_member("contents"));
    case Operation::Embeddings:
        error = need_texts(body, "input");
        return error ? error : check_integer(body, "dimensions", 1, kMaxDimensions);
    case Operation::Rerank:
        if ((error = need_string(body, "query"))) {
            return error;
        }
        return body["documents"].is_array() ? check_integer(body, "top_n", 1, kMaxTokens)
                                            : std::optional(missing_member("documents"));
    case Operation::Moderations:
        return need_texts(body, "input");
    case Operation::Images:
        error = need_string(body, "prompt");
        return error ? error : check_integer(body, "n", 1, kMaxImages);
    case Operation::Speech:
        return need_string(body, "input");
    }
    return error;
}

bool takes_form(Operation operation) {
    return operation == Operation::Transcription || operation == Operation::Translation;
}

const ProviderOperation *find_operation(Operation operation, std::string_view format, std::string_view dialect) {
    for (std::string_view provider : {format, dialect}) {
        for (const Row &row : kRows) {
            if (!provider.empty() && row.operation == operation && row.provider == provider) {
                return &row.make();
            }
        }
    }
    return nullptr;
}

}  // namespace aigw::dialects
