// The parts of Ollama's own chat dialect (/api/chat), for ollama_chat.cpp to put together. Inside this dialect only.
#pragma once

#include <memory>
#include <optional>

#include "dialects/request_writing.h"

namespace aigw::dialects::ollama {

bool write_messages(RequestWriting &writing);
chat::Result<WrittenRequest> write_request(const chat::ChatRequest &request, const RequestOptions &options);
std::unique_ptr<ResponseReader> response_reader();
// Of a whole answer or of a stream's last line; nothing if the prompt was not counted (older servers with a warm cache).
std::optional<chat::Usage> read_usage(JsonValue root);

}  // namespace aigw::dialects::ollama
