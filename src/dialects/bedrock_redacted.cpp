#include "dialects/bedrock_redacted.h"

#include <algorithm>

#include "dialects/base64.h"

namespace aigw::dialects::bedrock {

namespace {

constexpr std::string_view kWrapped = "converse:";  // no base64 has a colon

bool is_base64_text(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
               c == '=' || c == '-' || c == '_';
    });
}

}  // namespace

std::string unwrap_redacted(std::string_view content) {
    const auto inner = decode_base64(content);
    std::string again;
    if (inner)
        append_base64(again, *inner);
    if (again == content && is_base64_text(*inner))
        return *inner;
    return std::string(kWrapped) + std::string(content);
}

std::string wrap_redacted(std::string_view data) {
    if (data.starts_with(kWrapped))
        return std::string(data.substr(kWrapped.size()));
    std::string out;
    append_base64(out, data);
    return out;
}

}  // namespace aigw::dialects::bedrock
