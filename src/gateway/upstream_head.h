// The request line and headers for a provider: an allow-list, written anew for each call.
#pragma once

#include <string>
#include <string_view>

#include "gateway/policy.h"

namespace aigw::gateway {

struct Caller;

std::string write_upstream_head(const Target &target, const Caller &caller, std::string_view credential,
                                size_t body_length);

}  // namespace aigw::gateway
