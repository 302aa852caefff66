// The request line and headers for a provider: an allow-list, written anew for each call.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/units.h"
#include "gateway/policy.h"

namespace aigw::gateway {

struct Caller;

struct UpstreamCall {
    const Target &target;
    std::string_view model;       // the provider's name for it
    std::string_view path;        // after the base URL, as the dialect has it
    const providers::CallCredential &credential;
    std::span<const std::string_view> body;  // in pieces
    UnixSeconds now;              // of this call, for signatures
    std::string_view content_type = "application/json";
};

std::string write_upstream_head(const UpstreamCall &call, const Caller &caller);

}  // namespace aigw::gateway
