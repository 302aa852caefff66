#include "cache/retold.h"

#include <gtest/gtest.h>

#include <string>

namespace aigw::cache {
namespace {

bool retold(std::string members) {
    JsonParser parser;
    JsonDoc doc;
    std::string body = R"({"model":"m","messages":[{"role":"user","content":"hi"}])" + (members.empty() ? "" : "," + members) + "}";
    EXPECT_TRUE(parser.parse(body, doc)) << body;
    return can_be_retold(doc.root());
}

TEST(Retold, WhatARecordHolds) {
    EXPECT_TRUE(retold(""));
    EXPECT_TRUE(retold(R"("temperature":1.5,"n":3,"stream":true,"response_format":{"type":"json_object"})"));
    EXPECT_TRUE(retold(R"("tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"auto")"));
    EXPECT_TRUE(retold(R"("tools":[{"name":"f","input_schema":{"type":"object"}}])"));
    EXPECT_TRUE(retold(R"("tools":[{"type":"custom","name":"f","input_schema":{"type":"object"}}])"));
    EXPECT_TRUE(retold(R"("tools":[{"functionDeclarations":[{"name":"f"}]}])"));
    EXPECT_TRUE(retold(R"("logprobs":false,"audio":null,"functions":[],"modalities":["text"])"));
}

TEST(Retold, WhatARecordDoesNotHold) {
    for (const char *members : {
             R"("logprobs":true)",
             R"("top_logprobs":2)",
             R"("modalities":["text","audio"])",
             R"("audio":{"voice":"alloy"})",
             R"("web_search_options":{"search_context_size":"low"})",
             R"("functions":[{"name":"f"}])",
             R"("tools":[{"type":"function","function":{"name":"f"}},{"type":"web_search"}])",
             R"("tools":[{"type":"custom","custom":{"name":"f"}}])",
             R"("tools":[{"type":"web_search_20250305","name":"web_search"}])",
             R"("tools":[{"googleSearch":{}}])",
             R"("tools":["f"])",
             R"("background":true)",
             R"("conversation":"conv_1")",
             R"("container":"c_1")",
             R"("mcp_servers":[{"url":"https://x.example"}])",
             R"("generationConfig":{"responseModalities":["TEXT","IMAGE"]})",
             R"("generationConfig":{"responseLogprobs":true})",
         }) {
        EXPECT_FALSE(retold(members)) << members;
    }
}

bool retold_content(const std::string &content) {
    JsonParser parser;
    JsonDoc doc;
    std::string body = R"({"messages":[{"role":"user","content":[)" + content + "]}]}";
    EXPECT_TRUE(parser.parse(body, doc)) << body;
    return can_be_retold(doc.root());
}

TEST(Retold, Citations) {
    EXPECT_TRUE(retold_content(R"({"type":"document","source":{},"citations":{"enabled":false}})"));
    EXPECT_FALSE(retold_content(R"({"type":"text","text":"a"},{"type":"document","source":{},"citations":{"enabled":true}})"));
    EXPECT_FALSE(retold_content(R"({"type":"tool_result","content":[{"type":"search_result","source":"s"}]})"));
}

}  // namespace
}  // namespace aigw::cache
