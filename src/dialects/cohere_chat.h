// The parts of Cohere's chat dialect (v2), for cohere_chat.cpp to put together. Inside this dialect only.
#pragma once

#include <memory>
#include <optional>

#include "dialects/request_writing.h"

namespace aigw::dialects::cohere {

bool write_messages(RequestWriting &writing);
chat::Result<WrittenRequest> write_request(const chat::ChatRequest &request, const RequestOptions &options);
std::unique_ptr<ResponseReader> response_reader();
// Of an answer, or of a stream's last event's delta: the tokens that were used, else those that were billed.
std::optional<chat::Usage> read_usage(JsonValue root);

}  // namespace aigw::dialects::cohere
