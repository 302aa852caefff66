// Base URLs: what an operator may write after `url`. Strict, because the parts end up in a request line, a Host header
// and a certificate check. Errors never quote the URL: a wrong one may hold a password.
#include <arpa/inet.h>

#include <algorithm>

#include "providers/provider.h"

namespace aigw::providers {

namespace {

constexpr size_t kMaxHost = 253;   // bytes, as DNS has it
constexpr size_t kMaxPath = 1024;  // bytes

using Failure = Unexpected<std::string>;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
bool digit(char c) { return c >= '0' && c <= '9'; }

bool take_prefix(std::string_view &text, std::string_view prefix) {
    if (text.size() < prefix.size() ||
        !std::equal(prefix.begin(), prefix.end(), text.begin(), [](char p, char t) { return p == lower(t); })) {
        return false;
    }
    text.remove_prefix(prefix.size());
    return true;
}

bool is_ipv6(const std::string &host) {
    in6_addr ignored;
    return inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

// A name or an IPv4 address; what looks like an address must be one.
bool is_name(const std::string &host) {
    if (host.empty() || host.size() > kMaxHost || host.front() == '.' || host.back() == '.' ||
        host.find("..") != std::string::npos) {
        return false;
    }
    bool numeric = true;
    for (char c : host) {
        if (!digit(c) && !(c >= 'a' && c <= 'z') && c != '.' && c != '-' && c != '_') {
            return false;
        }
        numeric = numeric && (digit(c) || c == '.');
    }
    in_addr ignored;
    return !numeric || inet_pton(AF_INET, host.c_str(), &ignored) == 1;
}

bool parse_port(std::string_view text, uint16_t &port) {
    if (text.empty() || text.size() > 5 || !std::all_of(text.begin(), text.end(), digit)) {
        return false;
    }
    uint32_t value = 0;
    for (char c : text) {
        value = value * 10 + static_cast<uint32_t>(c - '0');
    }
    port = static_cast<uint16_t>(value);
    return value >= 1 && value <= 65535;
}

bool is_path(std::string_view path) {
    return path.size() <= kMaxPath && std::all_of(path.begin(), path.end(), [](char c) {
               return c > ' ' && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\' && c != '{' && c != '}';
           });
}

// "host", "host:port", "[v6]", "[v6]:port"
Result<void, std::string> parse_authority(std::string_view text, Url &url) {
    std::string_view port;
    bool has_port = false;
    bool valid = false;
    if (!text.empty() && text.front() == '[') {
        size_t close = text.find(']');
        if (close == text.npos) {
            return Failure{"has an invalid host"};
        }
        url.host = std::string(text.substr(1, close - 1));
        has_port = close + 1 < text.size();
        port = text.substr(close + 1);
        if (has_port && port.front() != ':') {
            return Failure{"has an invalid host"};
        }
        std::transform(url.host.begin(), url.host.end(), url.host.begin(), lower);
        valid = is_ipv6(url.host);
    } else {
        size_t colon = text.find(':');
        has_port = colon != text.npos;
        url.host = std::string(text.substr(0, colon));
        port = has_port ? text.substr(colon) : "";
        std::transform(url.host.begin(), url.host.end(), url.host.begin(), lower);
        valid = is_name(url.host);
    }
    if (!valid) {
        return Failure{"has an invalid host"};
    }
    uint16_t own = url.tls ? 443 : 80;
    url.port = own;
    if (has_port && !parse_port(port.substr(1), url.port)) {
        return Failure{"has an invalid port"};
    }
    url.default_port = url.port == own;
    return {};
}

}  // namespace

std::string Url::authority() const {
    std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
    return default_port ? text : text + ":" + std::to_string(port);
}

Result<Url, std::string> parse_base_url(std::string_view text) {
    Url url;
    if (take_prefix(text, "https://")) {
        url.tls = true;
    } else if (!take_prefix(text, "http://")) {
        return Failure{"must begin with \"http://\" or \"https://\""};
    }
    if (text.find_first_of("?#") != text.npos) {
        return Failure{"must have no query and no fragment"};
    }
    size_t slash = text.find('/');
    std::string_view authority = text.substr(0, slash);
    std::string_view path = slash == text.npos ? std::string_view() : text.substr(slash);
    if (authority.find('@') != authority.npos) {
        return Failure{"must have no user and no password"};
    }
    if (auto checked = parse_authority(authority, url); !checked) {
        return Failure{checked.error()};
    }
    while (!path.empty() && path.back() == '/') {
        path.remove_suffix(1);
    }
    if (!is_path(path)) {
        return Failure{"has an invalid path"};
    }
    url.path = std::string(path);
    return url;
}

}  // namespace aigw::providers
