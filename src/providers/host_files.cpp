#include "providers/host_files.h"

#include <arpa/inet.h>

#include <algorithm>

namespace aigw::providers {

namespace {

constexpr std::string_view kBlank = " \t\r\f\v";

// The next word of the line; empty at its end.
std::string_view next_word(std::string_view &line) {
    size_t begin = line.find_first_not_of(kBlank);
    if (begin == line.npos) {
        line = {};
        return {};
    }
    size_t end = std::min(line.find_first_of(kBlank, begin), line.size());
    std::string_view word = line.substr(begin, end - begin);
    line.remove_prefix(end);
    return word;
}

template <class F>
void each_line(std::string_view text, std::string_view comment, F &&take) {
    while (!text.empty()) {
        size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        take(line.substr(0, line.find_first_of(comment)));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

bool equal_lower(std::string_view any, std::string_view lower) {
    return std::equal(any.begin(), any.end(), lower.begin(), lower.end(), [](char a, char l) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == l;
    });
}

bool is_family(int family, std::string_view host) {
    in6_addr ignored;  // the larger of the two
    return inet_pton(family, std::string(host).c_str(), &ignored) == 1;
}

}  // namespace

bool is_address(std::string_view host) {
    return is_family(AF_INET, host) || is_family(AF_INET6, host);
}

std::vector<std::string> hosts_addresses(std::string_view hosts, std::string_view name) {
    std::vector<std::string> found;
    each_line(hosts, "#", [&](std::string_view line) {
        std::string_view address = next_word(line);
        if (found.size() >= kMaxHostAddresses || !is_address(address)) {
            return;
        }
        for (std::string_view word = next_word(line); !word.empty(); word = next_word(line)) {
            if (equal_lower(word, name) && std::find(found.begin(), found.end(), address) == found.end()) {
                found.emplace_back(address);
                return;
            }
        }
    });
    if (found.empty() && name == "localhost") {
        found.emplace_back("127.0.0.1");
    }
    std::stable_partition(found.begin(), found.end(), [](const std::string &a) { return is_family(AF_INET, a); });
    return found;
}

std::vector<std::string> nameservers(std::string_view resolv_conf) {
    std::vector<std::string> found;
    each_line(resolv_conf, "#;", [&](std::string_view line) {
        if (found.size() >= kMaxNameservers || next_word(line) != "nameserver") {
            return;
        }
        std::string_view address = next_word(line);
        if (is_family(AF_INET, address)) {
            found.emplace_back(address);
        } else if (is_family(AF_INET6, address)) {
            found.push_back("[" + std::string(address) + "]");
        }
    });
    return found;
}

}  // namespace aigw::providers
