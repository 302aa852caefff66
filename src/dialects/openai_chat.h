// The parts of the OpenAI chat completions dialect, for openai_chat.cpp to put together. Inside this dialect, and for the
// Responses dialect, which shares its members that are no messages.
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>

#include "core/json_writer.h"
#include "dialects/dialect.h"

namespace aigw::dialects::openai {

// A request being read: what was understood so far, and the first thing wrong with it. Functions that return bool
// return false once `error` is set.
struct RequestReading {
    chat::ChatRequest out;
    std::optional<chat::ApiError> error;

    bool wrong(const std::string &param, std::string_view expected);  // invalid_value
    bool missing(const std::string &param);                           // missing_field
    bool extra(std::string path, JsonValue value, bool hint);
    // A string that must be there and not be empty.
    bool need(JsonValue value, const std::string &param, JsonText &to);
    // Members of the object at `path` that nobody has read: an extra each, null and what is empty aside.
    void rest(JsonValue object, const std::string &path, std::initializer_list<std::string_view> known,
              std::initializer_list<std::string_view> hints = {});
};

// Neither absent nor null: null counts as absent everywhere.
inline bool given(JsonValue value) { return value && !value.is_null(); }

chat::Result<chat::ChatRequest> read_request(const JsonDoc &doc);
// A member of the body that is the same for legacy completions; null counts as absent.
bool read_member(JsonText key, JsonValue value, RequestReading &reading);
bool read_messages(JsonValue messages, RequestReading &reading);
bool read_content(JsonValue content, const chat::Origin &origin, std::vector<chat::Part> &to, RequestReading &reading);
// Thinking of an earlier answer, in all the shapes that clients send it back in: first in the message.
bool read_thinking(JsonValue message, const chat::Origin &origin, chat::Message &to, RequestReading &reading);
bool read_tools(JsonValue tools, RequestReading &reading);
bool read_functions(JsonValue functions, RequestReading &reading);
bool read_tool_choice(JsonValue choice, RequestReading &reading);
bool read_function_call(JsonValue choice, RequestReading &reading);
bool read_response_format(JsonValue format, RequestReading &reading);
// What a provider that does not take the member means for the caller: nothing (the value is its default), a hint less, or
// another answer than he asked for.
enum class Weight : uint8_t { Default, Hint, Matters };
Weight weight_of(std::string_view name, JsonValue value);
// True with `known` set if `name` is a member that only this dialect has.
bool read_dialect_member(std::string_view name, JsonValue value, RequestReading &reading, bool &known);

// A body being written from another dialect's request.
struct RequestWriting {
    RequestWriting(const chat::ChatRequest &from, const RequestOptions &with) : request(from), options(with) {}

    const chat::ChatRequest &request;
    const RequestOptions &options;
    WrittenRequest out;
    JsonWriter json{out.body};
    std::optional<chat::ApiError> error;

    void drop(std::string path) { out.dropped.push_back(std::move(path)); }
    // What has no place here: a 400 (false), or left out and listed where the operator says so.
    bool refuse(std::string path, std::string_view why = {});
};

bool write_messages(RequestWriting &writing);
// The written body as the provider's row wants it.
bool obey_quirks(RequestWriting &writing);
// Whether OpenAI's strict mode takes the JSON schema. Parses it: for the few requests that ask for strictness.
bool fits_strict(std::string_view schema);

chat::Result<WrittenRequest> write_request(const chat::ChatRequest &request, const RequestOptions &options);
void pass_request(const JsonDoc &doc, const RequestOptions &options, JsonSplice &splice);
// The caller's own body as the provider's row wants it: what was left out or changed.
chat::Result<std::vector<std::string>> adapt_request(const JsonDoc &doc, const RequestOptions &options, JsonSplice &splice);
void add_prompts(const JsonDoc &doc, std::span<const Prompt> prompts, JsonSplice &splice);
// A stream's usage: false if the caller asks for it himself.
bool ask_usage(const JsonDoc &doc, JsonSplice &splice);

std::unique_ptr<ResponseReader> response_reader();
// The same of legacy completions, whose choices are plain texts.
std::unique_ptr<ResponseReader> completion_reader();
std::unique_ptr<ResponseWriter> stream_writer(const AnswerOptions &options);
std::unique_ptr<ResponseWriter> answer_writer(const AnswerOptions &options);
// `"id":..,"object":..,"created":..,"model":..,`: the same for the whole answer.
std::string head_of(const chat::Delta &start, std::string_view object, const AnswerOptions &options);
std::string_view finish_word(chat::FinishReason reason);
void pass_event(const SseEvent &event, const JsonDoc *doc, const AnswerOptions &options, std::string &out);

// Of a chunk or answer: its top-level usage, else Groq's x_groq.usage. Nothing if the numbers make no sense.
std::optional<chat::Usage> read_usage(JsonValue root);
// The same, of the members "usage", "x_groq" and "choices".
std::optional<chat::Usage> read_usage(JsonValue told, JsonValue groq, JsonValue choices);
void append_usage(std::string &out, const chat::Usage &usage);

std::string write_error(const chat::ApiError &error);
void write_error_event(const chat::ApiError &error, std::string &out);

}  // namespace aigw::dialects::openai
