// Calls that are no chat: one JSON body (a form, for transcriptions) in, one answer out. Callers speak one shape for each
// operation: OpenAI's for embeddings, moderations, images, speech, transcriptions and translations, Cohere's for rerank,
// Anthropic's and Google's for counting tokens; providers have their own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chat/error.h"
#include "chat/usage.h"
#include "core/json.h"
#include "dialects/dialect.h"

namespace aigw::dialects {

enum class Operation : uint8_t { None, CountTokens, GoogleCountTokens, Embeddings, Rerank, Moderations, Images, Speech, Transcription,
                                 Translation };

// How the bytes of a provider's answer are taken.
enum class Taking : uint8_t {
    Json,    // whole, and read
    Passed,  // as they come: no JSON, counted by the request
    Events,  // as they come, and looked at: server-sent events
};

inline constexpr int64_t kMaxDimensions = 65'536;  // of an embedding
inline constexpr int64_t kMaxImages = 128;          // of one call

// What an answer is counted in beside tokens.
enum class Unit : uint8_t { Calls, Tokens, Images, Characters, Seconds };

struct Units {
    Unit unit = Unit::Calls;
    int64_t count = 1;
};

std::string_view unit_name(Unit unit);  // calls, tokens, ...

// How many tokens a prompt is; nothing is answered.
bool counts_tokens(Operation operation);

// The caller's side. The path below the gateway's prefix: embeddings. None if there is no such operation.
Operation operation_of_path(std::string_view path);
// 400 missing_field, invalid_value. The model is the gateway's to ask for.
std::optional<chat::ApiError> check_operation(Operation operation, JsonValue body);
// The body is a form and no JSON.
bool takes_form(Operation operation);

struct OperationAnswer {
    std::string body;                  // for the caller; empty: the provider's, byte for byte
    std::optional<chat::Usage> usage;  // if the provider told it
    Units units;
};

// How one family of providers does one operation.
class ProviderOperation {
public:
    virtual ~ProviderOperation() = default;
    // After the base URL.
    virtual std::string path(std::string_view model) const = 0;
    // The doc was parsed with refuse_duplicates and passed check_operation.
    virtual chat::Result<WrittenRequest> write_request(const JsonDoc &request, const RequestOptions &options) const = 0;
    // An answer of status 200.
    virtual chat::Result<OperationAnswer> read_answer(const JsonDoc &answer, JsonValue request,
                                                      const AnswerOptions &options) const = 0;
    // How an answer of that type is to be taken. `format`: what the caller asked for, where a form says it.
    virtual Taking taking(std::string_view content_type, std::string_view format) const {
        (void)content_type, (void)format;
        return Taking::Json;
    }
    // Of an answer that is not read.
    virtual Units units_of_request(JsonValue) const { return {}; }
    // Taking::Events: what an event says of usage. Nothing: it says none.
    virtual std::optional<OperationAnswer> read_event(JsonValue) const { return std::nullopt; }
};

// Of a provider's row: what its format has of its own, else what its dialect has (empty: nothing else). Null: it has none.
const ProviderOperation *find_operation(Operation operation, std::string_view format, std::string_view dialect);

}  // namespace aigw::dialects
