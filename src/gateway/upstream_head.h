// The request line and headers for a provider: an allow-list, written anew for each call.
#pragma once

#include <string>
#include <string_view>

#include "gateway/policy.h"

namespace aigw::gateway {

struct Caller;

struct UpstreamCall {
    const Target &target;
    std::string_view model;       // the provider's name for it
    std::string_view path;        // after the base URL, as the dialect has it
    std::string_view credential;  // plain
    size_t body_length;           // bytes
};

std::string write_upstream_head(const UpstreamCall &call, const Caller &caller);

}  // namespace aigw::gateway
