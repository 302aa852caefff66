#include "identity/key_file.h"

#include <gtest/gtest.h>

namespace aigw::identity {
namespace {

std::string digest_of(std::string_view key) {
    return hex_encode(sha256(key));
}

std::string one(const std::string &members) {
    return R"({"keys":[{"id":"a","sha256":")" + digest_of("key") + "\"" + members + "}]}";
}

// "" if the file is good, else the message; reads in slices of one.
std::string check(const std::string &text) {
    KeyFile file(text);
    while (true) {
        auto step = file.step(1);
        if (!step) {
            return step.error();
        }
        if (*step) {
            return "";
        }
    }
}

std::string table_of(const std::string &text) {
    KeyFile file(text);
    for (auto step = file.step(3); !*step; step = file.step(3)) {
    }
    std::string table(file.table().bytes(), '\0');
    for (size_t at = 0; at < table.size(); at += 7) {
        file.table().copy(at, std::span(table).subspan(at, std::min<size_t>(7, table.size() - at)));
    }
    return table;
}

TEST(KeyFile, ReadsEveryMember) {
    std::string table = table_of(R"( { "keys" : [ {"id":"a b","sha256":[")" + digest_of("k1") + R"(",")" + digest_of("k2")
                                 + R"("],"team":"t","user":"u/v","project":"p","env":"prod","models":["m","x/*"],)"
                                   R"("tags":{"eu":"1","tier":"gold"},"tokens":["500/h","2m/5d"],"requests":["10/s"],"expires":"2027-01-01T00:00:00Z","disabled":true},)"
                                   R"({"id":"c","sha256":")" + digest_of("k3") + "\"}\n] } \n");
    KeyTable keys(table.data(), table.size());
    EXPECT_EQ(keys.size(), 2u);
    KeyTable::Found found;
    for (const char *key : {"k1", "k2"}) {
        ASSERT_TRUE(keys.find(sha256(key), found));
        EXPECT_EQ(found.expires, 1798761600);
        EXPECT_TRUE(found.disabled);
        Identity identity;
        ASSERT_TRUE(KeyTable::decode(found.record, identity));
        EXPECT_EQ(identity.key_id, "a%20b");
        EXPECT_EQ(identity.team, "t");
        EXPECT_EQ(identity.user, "u%2Fv");
        EXPECT_EQ(identity.project, "p");
        EXPECT_EQ(identity.env, "prod");
        EXPECT_EQ(identity.models, (std::vector<std::string>{"m", "x/*"}));
        ASSERT_EQ(identity.tags.size(), 2u);
        EXPECT_EQ(identity.tags[1], std::make_pair(std::string("tier"), std::string("gold")));
        EXPECT_EQ(identity.tokens, (std::vector<Rate>{{500, 3'600'000}, {2'000'000, 432'000'000}}));
        EXPECT_EQ(identity.requests, (std::vector<Rate>{{10, 1000}}));
    }
    ASSERT_TRUE(keys.find(sha256("k3"), found));
    EXPECT_EQ(found.expires, kNever);
    EXPECT_FALSE(found.disabled);
    EXPECT_FALSE(keys.find(sha256("k4"), found));
    EXPECT_FALSE(keys.find(Sha256{}, found));
}

TEST(KeyFile, EmptyListIsGood) {
    std::string table = table_of(R"({"keys":[]})");
    KeyTable::Found found;
    EXPECT_FALSE(KeyTable(table.data(), table.size()).find(sha256(""), found));
}

TEST(KeyFile, EncodesSoThatNothingIsForged) {
    EXPECT_EQ(encode_value("aZ09._@:+-"), "aZ09._@:+-");
    EXPECT_EQ(encode_value("a/b%2F\n\"\xc3\xa9"), "a%2Fb%252F%0A%22%C3%A9");
}

TEST(KeyFile, RefusesWithTheReason) {
    struct Case {
        std::string text, message;
    };
    std::string long_value(129, 'x'), good_value(128, 'x'), digest = digest_of("secret");
    const Case cases[] = {
        {"", "line 1: the file must be"},
        {"[]", "the file must be"},
        {R"({"keys":{}})", "the file must be"},
        {R"({"other":[],"keys":[]})", "the file must be"},
        {R"({"keys":[],"other":1})", "only \"keys\" may stand"},
        {R"({"keys":[]} x)", "something follows the end"},
        {R"({"keys":[)", "keys[0], line 1: "},
        {"{\"keys\":[\n{\"id\":\"a\",\n\"id\":\"b\"}]}", "keys[0], line 3: the same member stands twice"},
        {R"({"keys":[1]})", "keys[0], line 1: not valid JSON"},
        {R"({"keys":[[]]})", "keys[0], line 1: not an object"},
        {R"({"keys":[{"id":"a"}]})", "id \"a\": sha256 is missing"},
        {R"({"keys":[{"sha256":")" + digest + "\"}]}", "id is missing"},
        {R"({"keys":[{"id":"a","sha256":"12"}]})", "sha256 is not a string of 64 hex digits"},
        {R"({"keys":[{"id":"a","sha256":[]}]})", "sha256 is an array of none"},
        {R"({"keys":[{"id":"a","sha256":7}]})", "sha256 is not"},
        {R"({"keys":[{"id":"a","sha256":[")" + digest + R"(",")" + digest + "\"]}]}", "the same sha256 stands twice"},
        {R"({"keys":[{"id":"a","sha256":")" + digest + R"("},{"id":"b","sha256":")" + digest + "\"}]}",
         R"(keys[1] (id "b"): sha256 is that of keys[0] (id "a") too)"},
        {R"({"keys":[{"id":"a","sha256":")" + digest + R"("},{"id":"a","sha256":")" + digest_of("x") + "\"}]}",
         R"(keys[1] (id "a"): id is that of keys[0] too)"},
        {one(R"(,"budget":["500/month"])"), "id \"a\": unknown member \"budget\""},
        {one(R"(,"tokens":["500/h","1/2d","0/s","5k/m"],"requests":["10/s"])"), ""},
        {one(R"(,"tokens":"500/h")"), "tokens is not an array of 1 to 4 limits"},
        {one(R"(,"tokens":[])"), "tokens is not an array of 1 to 4 limits"},
        {one(R"(,"requests":["1/s","2/m","3/h","4/d","5/d"])"), "requests is not an array of 1 to 4 limits"},
        {one(R"(,"requests":["1/s",500])"), "requests holds something that is no limit as 500/h"},
        {one(R"(,"tokens":["500"])"), "tokens holds something that is no limit as 500/h"},
        {one(R"(,"sk-aigw-ABC":1)"), "id \"a\": unknown member"},
        {one(R"(,"team":7)"), "team is not a string"},
        {one(R"(,"team":"")"), "team is empty or longer"},
        {one(",\"team\":\"" + long_value + "\""), "team is empty or longer"},
        {one(",\"team\":\"" + good_value + "\""), ""},
        {one(R"(,"models":"m")"), "models is not an array"},
        {one(R"(,"models":[])"), "models is empty"},
        {one(R"(,"models":["a*b"])"), "models holds a pattern"},
        {one(R"(,"models":[1])"), "models holds something"},
        {one(R"(,"tags":[])"), "tags is not an object"},
        {one(R"(,"tags":{"EU":"1"})"), "tags has a name"},
        {one(R"(,"tags":{"eu":1})"), "tags.eu is not a string"},
        {one(R"(,"expires":"tomorrow")"), "expires is not a time"},
        {one(R"(,"expires":1798761600)"), "expires is not a time"},
        {one(R"(,"disabled":"no")"), "disabled is not true or false"},
        {one(",\"team\":\"\xff\""), "not valid UTF-8"},
        {one("") + one(""), "something follows the end"},
        {one(",\"user\":\"" + std::string(kMaxKeyBytes, 'x') + "\""), "larger than 256 KiB"},
    };
    for (const Case &c : cases) {
        std::string message = check(c.text);
        EXPECT_EQ(message.empty(), c.message.empty()) << c.text;
        EXPECT_NE(message.find(c.message), std::string::npos) << c.text << " -> " << message;
        EXPECT_EQ(message.find(digest.substr(0, 12)), std::string::npos) << message;
        EXPECT_EQ(message.find("ABC"), std::string::npos) << message;
    }
}

TEST(KeyFile, HalfWrittenIsRefused) {
    std::string text = one(R"(,"models":["m"],"tags":{"eu":"1"})");
    ASSERT_EQ(check(text), "");
    for (size_t n = 0; n < text.size(); n++) {
        EXPECT_NE(check(text.substr(0, n)), "") << n;
    }
}

TEST(KeyFile, LimitsOfAKey) {
    auto list = [](size_t n, auto item) {
        std::string out;
        for (size_t i = 0; i < n; i++) {
            out += (i ? "," : "") + item(i);
        }
        return out;
    };
    auto digests = [&](size_t n) {
        return R"({"keys":[{"id":"a","sha256":[)" + list(n, [](size_t i) { return "\"" + digest_of(std::to_string(i)) + "\""; })
               + "]}]}";
    };
    EXPECT_EQ(check(digests(kMaxDigests)), "");
    EXPECT_NE(check(digests(kMaxDigests + 1)), "");
    auto models = [&](size_t n) { return one(",\"models\":[" + list(n, [](size_t) { return std::string("\"m\""); }) + "]"); };
    EXPECT_EQ(check(models(kMaxModels)), "");
    EXPECT_NE(check(models(kMaxModels + 1)), "");
    auto tags = [&](size_t n) {
        return one(",\"tags\":{" + list(n, [](size_t i) { return "\"t" + std::to_string(i) + "\":\"1\""; }) + "}");
    };
    EXPECT_EQ(check(tags(kMaxTags)), "");
    EXPECT_NE(check(tags(kMaxTags + 1)), "");
}

}  // namespace
}  // namespace aigw::identity
