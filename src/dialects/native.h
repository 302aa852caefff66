// Vendors' own chats that only they speak, one file each.
#pragma once

#include "dialects/dialect.h"

namespace aigw::dialects {

const ProviderDialect &ollama_chat();
const ProviderDialect &cohere_chat();

}  // namespace aigw::dialects
