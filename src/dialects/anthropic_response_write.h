// Answers written for Anthropic callers: a stream of events, or one message at the end.
#pragma once

#include <memory>

#include "dialects/dialect.h"

namespace aigw::dialects::anthropic {

// Of content that has to wait behind an open tool call. A stream that needs more ends with an error event.
inline constexpr size_t kMaxWaitingBytes = 8 << 20;

std::unique_ptr<ResponseWriter> make_stream_writer(const AnswerOptions &options);
std::unique_ptr<ResponseWriter> make_message_writer(const AnswerOptions &options);

}  // namespace aigw::dialects::anthropic
