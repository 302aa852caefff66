#include "providers/side_call.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace aigw::providers {

namespace {

constexpr size_t kMaxTarget = 4096;  // bytes, of a path with its query
constexpr std::string_view kScheme = "://";

bool is_local_ipv6(const in6_addr &address) {
    constexpr uint8_t kAmazon[] = {0xfd, 0x00, 0x0e, 0xc2};  // fd00:ec2::, the metadata of EC2 and the agent of EKS
    bool link = address.s6_addr[0] == 0xfe && (address.s6_addr[1] & 0xc0) == 0x80;
    return IN6_IS_ADDR_LOOPBACK(&address) || link || std::memcmp(address.s6_addr, kAmazon, sizeof kAmazon) == 0;
}

}  // namespace

bool is_local_address(std::string_view host) {
    std::string text(host);
    in_addr v4;
    if (inet_pton(AF_INET, text.c_str(), &v4) == 1) {
        const uint32_t address = ntohl(v4.s_addr);
        return address >> 24 == 127 || address >> 16 == 0xa9fe;  // 169.254
    }
    in6_addr v6;
    return host == "localhost" || (inet_pton(AF_INET6, text.c_str(), &v6) == 1 && is_local_ipv6(v6));
}

Result<Url, std::string> parse_side_url(std::string_view text) {
    const size_t scheme = text.find(kScheme);
    const size_t host = scheme == text.npos ? text.size() : scheme + kScheme.size();
    const size_t path = std::min(text.find_first_of("/?#", host), text.size());
    auto url = parse_base_url(text.substr(0, path));
    if (!url) {
        return url;
    }
    if (!url->tls && !is_local_address(url->host)) {
        return Unexpected<std::string>{"must be https, or http to a loopback or link-local address"};
    }
    std::string_view target = text.substr(path);
    bool clean = target.size() <= kMaxTarget &&
                 std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c < 0x7f && c != '#'; });
    if (!clean) {
        return Unexpected<std::string>{"has an invalid path"};
    }
    url->path = target;
    if (!target.starts_with('/')) {
        url->path.insert(url->path.begin(), '/');
    }
    return url;
}

}  // namespace aigw::providers
