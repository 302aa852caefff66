#include "nginx/redis_url.h"

#include <gtest/gtest.h>

namespace aigw::ngx {
namespace {

// scheme user:password@host:port|path/db
std::string read(std::string_view text) {
    auto url = parse_redis_url(text);
    if (!url) {
        return url.error();
    }
    return std::string(url->tls ? "tls " : "") + url->user + ':' + url->password + '@' +
           (url->path.empty() ? url->host + ' ' + std::to_string(url->port) : url->path) + ' ' + std::to_string(url->db);
}

TEST(RedisUrl, Reads) {
    EXPECT_EQ(read("redis://h"), ":@h 6379 0");
    EXPECT_EQ(read("redis://Host.Name:1/2"), ":@host.name 1 2");
    EXPECT_EQ(read("rediss://[::1]:65535/"), "tls :@::1 65535 0");
    EXPECT_EQ(read("redis://[::1]"), ":@::1 6379 0");
    EXPECT_EQ(read("redis://:p@h"), ":p@h 6379 0");
    EXPECT_EQ(read("redis://u:p@h:1/65535"), "u:p@h 1 65535");
    EXPECT_EQ(read("redis://u%40v:p%3a%2F%25@h"), "u@v:p:/%@h 6379 0");
    EXPECT_EQ(read("redis://u:a@b:c@h"), "u:a@b:c@h 6379 0");
    EXPECT_EQ(read("unix:/s"), ":@/s 0");
    EXPECT_EQ(read("unix:///run/s?db=3"), ":@/run/s 3");
    EXPECT_EQ(read("redis+unix://u:p@/run/s"), "u:p@/run/s 0");
    EXPECT_EQ(read("unix:/run/a@b"), ":@/run/a@b 0");
}

TEST(RedisUrl, Refuses) {
    for (std::string_view text : {"", "h:1", "http://h", "redis:/h", "redis://", "redis://h/1/2", "redis://h/ 1", "redis://h?db=1",
                                  "redis://h#1", "redis://u@h", "redis://u:p%@h", "redis://u:p%4@h", "redis://u:p%00@h", "redis://u:p\n@h",
                                  "redis://:p@", "unix:s", "unix://", "unix:/", "unix:/s?db=", "unix:/s?x=1", "unix:/s?db=1&x=1"}) {
        EXPECT_FALSE(parse_redis_url(text)) << text;
    }
}

TEST(RedisUrl, BoundsWhatItHolds) {
    EXPECT_TRUE(parse_redis_url("redis://:" + std::string(1024, 'p') + "@h"));
    EXPECT_FALSE(parse_redis_url("redis://:" + std::string(1025, 'p') + "@h"));
    EXPECT_TRUE(parse_redis_url("unix:/" + std::string(106, 's')));
    EXPECT_FALSE(parse_redis_url("unix:/" + std::string(107, 's')));
    EXPECT_FALSE(parse_redis_url("redis://h/65536"));
}

TEST(RedisUrl, ErrorsQuoteNothing) {
    for (std::string_view text : {"redis://u:secret@", "redis://u:secret%@h", "redis://u:secret@h:x", "secret", "unix:secret"}) {
        EXPECT_EQ(parse_redis_url(text).error().find("secret"), std::string::npos) << text;
    }
}

}  // namespace
}  // namespace aigw::ngx
