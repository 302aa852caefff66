// What more than one dialect needs: data URLs, effort and budget, counts, the model of a passed body, and the reading of a provider's error, which
// comes in any shape from any of them (proxies and CDNs answer in the provider's place).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "chat/error.h"
#include "chat/message.h"
#include "core/json.h"
#include "core/json_splice.h"
#include "core/units.h"

namespace aigw::dialects {

// "data:image/png;base64,AAAA" in two, without unescaping: a slash may stay written as \/ in both.
struct DataUrl {
    JsonText media_type;  // without parameters; may be empty
    JsonText data;        // base64
};
// Nullopt if it is not a base64 data URL.
std::optional<DataUrl> split_data_url(JsonText url);
bool is_data_url(JsonText url);
bool is_http_url(JsonText url);

// Appends a raw JSON value without the white space between its tokens.
void append_compact(std::string &out, std::string_view raw);

// A provider's count: an integer in [0, kMaxTokens], else nothing.
std::optional<Tokens> read_count(JsonValue value);

// What lies at a provider (a conversation that goes on there, a stored prompt): an error for a dialect that holds none.
std::optional<chat::ApiError> refuse_elsewhere(const chat::ChatRequest &request);

// Policy figures: what an effort is worth in thinking tokens, and back. Unknown efforts count as medium.
Tokens budget_of_effort(JsonText effort);
std::string_view effort_of_budget(Tokens budget);

// The kind that an HTTP status means.
chat::ErrorKind kind_of_status(int status);

// A caller's body that is passed on: names `model`, and stays as it is if it does already.
void pass_model(JsonValue root, std::string_view model, JsonSplice &splice);

inline constexpr size_t kMaxQuotedBytes = 500;  // of a provider's words in a message
// `text` without anything that looks like a key or token, cut at kMaxQuotedBytes on a character's edge.
std::string safe_quote(std::string_view text);

// The provider's error in whatever shape: nested, flat, string, array-wrapped, `detail`, HTML, nothing.
chat::ApiError read_provider_error(int status, std::string_view body, JsonParser &parser);
// The same of a parsed value: an event inside a stream, or an answer of status 200 that is an error. `status` is what
// counts if the value names none.
chat::ApiError read_error_value(int status, JsonValue value);
// 502 upstream_error, for an answer that broke the protocol.
chat::ApiError broken_answer(std::string_view what);

}  // namespace aigw::dialects
