#include "nginx/redis_url.h"

#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "providers/provider.h"

namespace aigw::ngx {

namespace {

constexpr size_t kMaxPath = sizeof(sockaddr_un::sun_path) - 1;  // bytes
constexpr size_t kMaxSecret = 1024;                             // bytes of user or password, decoded

using Failure = Unexpected<std::string>;

bool take_prefix(std::string_view &text, std::string_view prefix) {
    if (text.substr(0, prefix.size()) != prefix) {
        return false;
    }
    text.remove_prefix(prefix.size());
    return true;
}

int hex(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::optional<std::string> decoded(std::string_view text) {
    std::string out;
    for (size_t i = 0; i < text.size(); i++) {
        int value = static_cast<unsigned char>(text[i]);
        if (text[i] == '%') {
            if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) {
                return std::nullopt;
            }
            value = hex(text[i + 1]) * 16 + hex(text[i + 2]);
            i += 2;
        }
        if (value <= ' ' || value == 0x7f) {
            return std::nullopt;
        }
        out += static_cast<char>(value);
    }
    return out.size() <= kMaxSecret ? std::optional(out) : std::nullopt;
}

// "user:password@", ":password@" or "user@" at the front of `text`; the last @ before the path ends it.
Result<void, std::string> take_user(std::string_view &text, RedisUrl &url) {
    size_t at = text.substr(0, text.find('/')).rfind('@');
    if (at == text.npos) {
        return {};
    }
    std::string_view user = text.substr(0, at), password;
    text.remove_prefix(at + 1);
    if (size_t colon = user.find(':'); colon != user.npos) {
        password = user.substr(colon + 1);
        user = user.substr(0, colon);
    }
    auto plain_user = decoded(user), plain_password = decoded(password);
    if (!plain_user || !plain_password) {
        return Failure{"has an invalid user or password"};
    }
    if (plain_password->empty()) {
        return Failure{"has a user without a password"};
    }
    url.user = std::move(*plain_user);
    url.password = std::move(*plain_password);
    return {};
}

bool parse_db(std::string_view text, unsigned &db) {
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), db);
    return error == std::errc() && end == text.data() + text.size() && db <= RedisUrl::kMaxDb;
}

// What follows the scheme: [user:password@]host[:port][/db]
Result<RedisUrl, std::string> parse_network(std::string_view text, RedisUrl url) {
    if (auto taken = take_user(text, url); !taken) {
        return Failure{taken.error()};
    }
    if (text.find_first_of("?#") != text.npos) {
        return Failure{"must have no query and no fragment"};
    }
    size_t slash = text.find('/');
    std::string authority(text.substr(0, slash));
    std::string_view db = slash == text.npos ? std::string_view() : text.substr(slash + 1);
    if (!db.empty() && !parse_db(db, url.db)) {
        return Failure{"has an invalid database number"};
    }
    size_t colon = authority.rfind(':');
    if (colon == authority.npos || authority.back() == ']') {
        authority += ':' + std::to_string(RedisUrl::kPort);
    }
    auto where = providers::parse_base_url("http://" + authority);
    if (!where) {
        return Failure{where.error()};
    }
    url.host = std::move(where->host);
    url.port = where->port;
    return url;
}

// [//[user:password@]]/path[?db=N]
Result<RedisUrl, std::string> parse_unix(std::string_view text, RedisUrl url) {
    if (take_prefix(text, "//")) {
        if (auto taken = take_user(text, url); !taken) {
            return Failure{taken.error()};
        }
    }
    size_t question = text.find('?');
    if (question != text.npos) {
        std::string_view query = text.substr(question + 1);
        if (!take_prefix(query, "db=") || !parse_db(query, url.db)) {
            return Failure{"has an invalid database number"};
        }
        text = text.substr(0, question);
    }
    if (text.size() < 2 || text.front() != '/' || text.size() > kMaxPath || text.find('\0') != text.npos) {
        return Failure{"has an invalid path of a unix socket"};
    }
    url.path = std::string(text);
    return url;
}

}  // namespace

Result<RedisUrl, std::string> parse_redis_url(std::string_view text) {
    RedisUrl url;
    if (take_prefix(text, "redis://")) {
        return parse_network(text, std::move(url));
    }
    if (take_prefix(text, "rediss://")) {
        url.tls = true;
        return parse_network(text, std::move(url));
    }
    if (take_prefix(text, "unix:") || take_prefix(text, "redis+unix:")) {
        return parse_unix(text, std::move(url));
    }
    return Failure{"must begin with \"redis://\", \"rediss://\" or \"unix:\""};
}

}  // namespace aigw::ngx
