// The parts of the OpenAI Responses dialect (POST /responses), for responses_dialect.cpp to put together. Inside this
// dialect only. It keeps no state: what a caller refers to by an id lies at a provider.
//
// Thinking travels in reasoning items: its text as summary, its signature as encrypted_content. What others than providers
// of this dialect signed has a prefix there (signature.h, and below for Anthropic's); a Gemini call's signature is a
// reasoning item of its own before the call.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/dialect.h"
#include "dialects/openai_chat.h"

namespace aigw::dialects::responses {

using openai::given;
using openai::RequestReading;
using openai::RequestWriting;

inline constexpr std::string_view kAnthropicPrefix = "anthropic:";          // a signature
inline constexpr std::string_view kRedactedPrefix = "anthropic-redacted:";  // the data of redacted thinking
inline constexpr std::string_view kEncrypted = "reasoning.encrypted_content";  // what `include` calls it
inline constexpr std::string_view kParagraph = "\\n\\n";  // between the parts of a summary, escaped
struct Encrypted {
    JsonText text;  // without the prefix
    chat::Signer signer = chat::Signer::OpenAi;
    bool redacted = false;
    bool of_call = false;
};
// Of encrypted_content.
Encrypted split_encrypted(JsonText content);
// Whether a reasoning item holds what no provider of this dialect has made.
bool is_foreign(JsonValue item);

RequestFacts facts(JsonValue body);
std::optional<chat::ApiError> check(JsonValue body);
chat::Result<chat::ChatRequest> read_request(const JsonDoc &doc);
bool read_input(JsonValue input, RequestReading &reading);
bool read_thinking(JsonValue item, chat::Part &part, RequestReading &reading);
// Of a reasoning item that holds the signature of the call after it; else empty.
JsonText call_signature(JsonValue item);
// Content of a message or of a tool's result: a string or a list of parts.
bool read_parts(JsonValue content, const chat::Origin &origin, std::vector<chat::Part> &to, RequestReading &reading);
bool read_tools(JsonValue tools, RequestReading &reading);
bool read_tool_choice(JsonValue choice, RequestReading &reading);
bool read_text(JsonValue text, RequestReading &reading);
// Members that are no part of the vocabulary become extras, but for those in `known`.
void read_rest(JsonValue object, std::initializer_list<std::string_view> known, std::initializer_list<std::string_view> hints,
               const chat::Origin &origin, RequestReading &reading);

chat::Result<WrittenRequest> write_request(const chat::ChatRequest &request, const RequestOptions &options);
bool write_input(RequestWriting &writing);
void pass_request(const JsonDoc &doc, const RequestOptions &options, JsonSplice &splice);
void add_prompts(const JsonDoc &doc, std::span<const Prompt> prompts, JsonSplice &splice);

std::unique_ptr<ResponseReader> response_reader();
std::unique_ptr<ResponseWriter> response_writer(const AnswerOptions &options);
void pass_event(const SseEvent &event, const JsonDoc *doc, std::string &out);

// Of an answer, or of an event that holds one. Nothing if the numbers make no sense.
std::optional<chat::Usage> read_usage(JsonValue root);
void write_usage(JsonWriter &json, const chat::Usage &usage);

// `error` and `response.failed`; `id` is the Response's, escaped.
void write_failure(const chat::ApiError &error, std::string_view id, std::string_view model, UnixSeconds created,
                   int64_t sequence, std::string &out);

}  // namespace aigw::dialects::responses
