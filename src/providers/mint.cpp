// What the ways to a credential share.
#include "providers/mint.h"

#include <algorithm>
#include <cctype>
#include <ctime>

#include "core/json.h"

namespace aigw::providers {

namespace {

constexpr size_t kMaxCode = 64;  // bytes

bool is_code(std::string_view text) {
    return !text.empty() && text.size() <= kMaxCode && std::all_of(text.begin(), text.end(), [](char c) {
        return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_';
    });
}

// {"Code":"..."}, {"code":"..."}, {"error":"..."}, {"error":{"status":"..."}}
std::string code_of(std::string_view body) {
    JsonParser parser;
    JsonDoc doc;
    if (!parser.parse(body, doc)) {
        return {};
    }
    for (JsonValue value : {doc.root()["Code"], doc.root()["code"], doc.root()["error"], doc.root()["error"]["status"]}) {
        if (std::string code = value.text().decode(); is_code(code)) {
            return code;
        }
    }
    return {};
}

bool number(std::string_view text, int &out) {
    out = 0;
    for (char c : text) {
        if (c < '0' || c > '9') {
            return false;
        }
        out = out * 10 + (c - '0');
    }
    return true;
}

}  // namespace

std::string source_key(const MintSource &source) {
    std::string key = std::to_string(static_cast<int>(source.kind));
    for (const std::string &part : {source.url.authority() + (source.url.tls ? "s" : ""), source.url.path, source.token, source.file}) {
        key += '\n' + part;
    }
    return key;
}

std::unique_ptr<Mint> make_mint(const MintSource &source, std::string_view text) {
    switch (source.kind) {
    case MintKind::AwsContainer:
        return aws_container_mint(source, source.file.empty() ? std::string_view(source.token) : text);
    case MintKind::GoogleAccount:
        return google_account_mint(text);
    case MintKind::GoogleInstance:
        return google_instance_mint(source);
    case MintKind::AwsInstance:
        break;
    }
    return aws_instance_mint(source);
}

bool is_header_word(std::string_view text) {
    return !text.empty() && text.size() <= kMaxMintedText &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

std::string status_phrase(const SideReply &reply) {
    std::string code = code_of(reply.body);
    return "answered " + std::to_string(reply.status) + (code.empty() ? "" : " (" + code + ")");
}

std::optional<UnixSeconds> parse_utc(std::string_view text) {
    // 0123456789012345678
    // 2016-02-25T06:03:31
    constexpr size_t kDate = 19;
    if (text.size() <= kDate || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':') {
        return std::nullopt;
    }
    std::string_view zone = text.substr(kDate);
    if (zone.starts_with('.')) {
        zone.remove_prefix(std::min(zone.find_first_not_of("0123456789", 1), zone.size()));
    }
    if (zone != "Z" && zone != "+00:00") {
        return std::nullopt;
    }
    std::tm time{};
    bool sound = number(text.substr(0, 4), time.tm_year) && number(text.substr(5, 2), time.tm_mon) &&
                 number(text.substr(8, 2), time.tm_mday) && number(text.substr(11, 2), time.tm_hour) &&
                 number(text.substr(14, 2), time.tm_min) && number(text.substr(17, 2), time.tm_sec);
    time.tm_year -= 1900;
    time.tm_mon -= 1;
    bool in_range = time.tm_mon >= 0 && time.tm_mon < 12 && time.tm_mday >= 1 && time.tm_mday <= 31 && time.tm_hour < 24 &&
                    time.tm_min < 60 && time.tm_sec <= 60;
    return sound && in_range ? std::optional(static_cast<UnixSeconds>(timegm(&time))) : std::nullopt;
}

}  // namespace aigw::providers
