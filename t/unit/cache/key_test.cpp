#include "cache/key.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace aigw::cache {
namespace {

const Scope kScope{"team-a", "openai_chat/chat", "openai/gpt-4o", "1"};

std::optional<Key> key_of(std::string_view body, const Scope &scope = kScope) {
    JsonParser parser;
    JsonDoc doc;
    EXPECT_TRUE(parser.parse(body, doc)) << body;
    return request_key(scope, doc.root());
}

TEST(CacheKey, OrderAndEscapesDoNotCount) {
    auto key = key_of(R"({"model":"m","messages":[{"role":"user","content":"Aé"}],"temperature":0})");
    ASSERT_TRUE(key);
    for (const char *same : {
             R"({"temperature":0,"messages":[{"content":"Aé","role":"user"}],"model":"m"})",
             "{ \"model\" : \"m\",\n\"messages\":[{\"role\":\"user\",\"content\":\"A\\u00e9\"}],\t\"temperature\":0 }",
             R"({"mod\u0065l":"m","messages":[{"role":"user","content":"\u0041é"}],"temperature":0})",
             R"({"model":"m","messages":[{"role":"user","content":"Aé"}],"temperature":0,"stream":true})",
             R"({"model":"m","messages":[{"role":"user","content":"Aé"}],"temperature":0,"str\u0065am":false,
                "stream_options":{"include_usage":true},"user":"u","metadata":{"a":"b"}})",
         }) {
        EXPECT_EQ(key_of(same), key) << same;
    }
}

TEST(CacheKey, EverythingElseCounts) {
    std::map<Key, std::string> seen;
    for (const char *body : {
             R"({})", R"({"a":1})", R"({"a":1.0})", R"({"a":1e0})", R"({"a":-0})", R"({"a":0})", R"({"a":"1"})",
             R"({"a":null})", R"({"a":false})", R"({"a":true})", R"({"a":[]})", R"({"a":{}})", R"({"a":[[]]})",
             R"({"a":[1,2]})", R"({"a":[2,1]})", R"({"a":[12]})", R"({"a":["1,2"]})", R"({"a":""})", R"({"a":" "})",
             R"({"b":1})", R"({"a":1,"b":2})", R"({"a":2,"b":1})", R"({"a":{"b":1}})", R"({"a":{"stream":true}})",
             R"({"a":{"stream":false}})", R"({"a":[{"user":"x"}]})", R"({"a":{"metadata":1}})", R"({"ab":"c"})",
             R"({"a":"bc"})", R"({"A":1})", R"({"a":"\ufffd"})",
             R"({"a":"\u0000"})", R"({"streaming":1})",
             R"({"a":9007199254740993})", R"({"a":9007199254740992})", R"({"model":"m"})", R"({"model":"n"})",
         }) {
        auto key = key_of(body);
        ASSERT_TRUE(key) << body;
        auto [place, fresh] = seen.emplace(*key, body);
        EXPECT_TRUE(fresh) << body << " as " << place->second;
    }
}

TEST(CacheKey, ScopesAreKeptApart) {
    std::map<Key, int> seen;
    for (const Scope &scope : {kScope, Scope{"team-b", kScope.api, kScope.model, kScope.policy},
                               Scope{kScope.owner, "anthropic/messages", kScope.model, kScope.policy},
                               Scope{kScope.owner, kScope.api, "local/llama", kScope.policy},
                               Scope{kScope.owner, kScope.api, kScope.model, "2"},
                               Scope{"", "team-aopenai_chat/chat", kScope.model, "1"},
                               Scope{"team-aopenai_chat/chat", "", kScope.model, "1"}, Scope{}}) {
        seen[*key_of(R"({"a":1})", scope)]++;
    }
    EXPECT_EQ(seen.size(), 8u);
}

TEST(CacheKey, RefusesWhatIsNoRequest) {
    for (const char *body : {"1", "[]", "\"a\"", "null", R"({"a":1,"a":1})", R"({"a":1,"\u0061":2})",
                             R"({"x":{"a":1,"b":0,"a":1}})", R"({"x":[{"a":1,"a":1}]})"}) {
        EXPECT_FALSE(key_of(body)) << body;
    }
    EXPECT_FALSE(request_key(kScope, JsonValue()));
}

TEST(CacheKey, DeepAndWide) {
    std::string deep = R"({"a":)" + std::string(198, '[') + std::string(198, ']') + "}";
    EXPECT_TRUE(key_of(deep));
    std::string wide = "{", turned = "{";
    for (int i = 0; i < 20'000; i++) {
        wide += (i ? ",\"k" : "\"k") + std::to_string(i) + "\":" + std::to_string(i);
        turned += (i ? ",\"k" : "\"k") + std::to_string(19'999 - i) + "\":" + std::to_string(19'999 - i);
    }
    EXPECT_EQ(key_of(wide + "}"), key_of(turned + "}"));
}

}  // namespace
}  // namespace aigw::cache
