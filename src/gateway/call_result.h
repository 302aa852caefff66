// How a call to a provider ended, as the metrics name it.
#pragma once

#include <string_view>

#include "chat/error.h"
#include "gateway/exchange.h"
#include "gateway/record.h"

namespace aigw::gateway {

inline constexpr std::string_view kResultOk = "ok";

std::string_view result_of(Cause cause);
std::string_view result_of(chat::ErrorKind kind);
// Of a call that was under way when the exchange ended.
std::string_view result_of(End how);

}  // namespace aigw::gateway
