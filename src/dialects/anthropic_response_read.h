// Answers of the Messages API, whole or streamed, read into deltas.
#pragma once

#include <memory>

#include "dialects/dialect.h"

namespace aigw::dialects::anthropic {

// Content blocks that may be open at once; the API has one. More end the answer as broken.
inline constexpr size_t kMaxOpenBlocks = 64;

std::unique_ptr<ResponseReader> make_response_reader();

}  // namespace aigw::dialects::anthropic
