// Answers of Converse and ConverseStream, read into deltas.
#pragma once

#include <memory>

#include "dialects/dialect.h"

namespace aigw::dialects::bedrock {

inline constexpr size_t kMaxOpenBlocks = 64;          // that are worth following at once; Converse has one
inline constexpr size_t kMaxRedactedBytes = 1 << 20;  // of one block's data

std::unique_ptr<ResponseReader> make_response_reader();

// An exception of a stream by its name (throttlingException) and body, which may be null.
chat::ApiError stream_exception(std::string_view name, JsonValue body);
// A failed answer's body; the error's name is in a header that dialects don't see, so the status tells.
chat::ApiError read_error(int status, std::string_view body, JsonParser &parser);

}  // namespace aigw::dialects::bedrock
