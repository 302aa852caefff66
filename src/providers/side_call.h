// A small HTTP call beside the requests, and its answer, as plain values: whoever has sockets makes it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "providers/provider.h"

namespace aigw::providers {

struct SideRequest {
    std::string method;
    Url url;  // its path with the query, as on the wire
    std::vector<Header> headers;
    std::string body;
};

struct SideReply {
    int status = 0;
    std::string body;
};

// An address of this machine or of its own link, as the agents of clouds have: the only hosts that are told secrets, and
// believed, without TLS.
bool is_local_address(std::string_view host);

// https, or http to such an address; the path and the query stay as they are. The error is a phrase that does not quote it.
Result<Url, std::string> parse_side_url(std::string_view text);

}  // namespace aigw::providers
