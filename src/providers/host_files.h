// The texts of /etc/hosts and /etc/resolv.conf, read by the host at start; here only their meaning.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace aigw::providers {

inline constexpr size_t kMaxNameservers = 8;     // of resolv.conf; the libc stops at 3
inline constexpr size_t kMaxHostAddresses = 16;  // of one name in hosts

// An IPv4 or IPv6 address without brackets.
bool is_address(std::string_view host);

// The addresses of `name` (lower case), IPv4 first, then in the file's order. `localhost` is never empty.
std::vector<std::string> hosts_addresses(std::string_view hosts, std::string_view name);

// The nameservers, IPv6 in brackets. A link-local one with a zone is left out: nginx's resolver cannot use it.
std::vector<std::string> nameservers(std::string_view resolv_conf);

}  // namespace aigw::providers
