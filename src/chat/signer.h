// Who signed thinking or a tool call, and is the only one who can read the signature: it goes back to nobody else.
#pragma once

#include <cstdint>

namespace aigw::chat {

enum class Signer : uint8_t { Anthropic, Google, OpenAi };

}  // namespace aigw::chat
