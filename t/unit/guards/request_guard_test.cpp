#include "guards/request_guard.h"

#include <gtest/gtest.h>

#include "guards/support.h"

using namespace aigw;
using namespace aigw::guards;
using namespace aigw::guards::test;

namespace {

struct Masked {
    std::string body;
    std::string labels;
    bool refused = false;
    size_t turns = 0;
};

Masked mask(const std::vector<Rule> &rules, std::string_view request, size_t budget = RequestGuard::kTurn) {
    JsonParser parser;
    JsonDoc doc;
    EXPECT_TRUE(parser.parse(request, doc).has_value()) << request;
    Plan plan(rules, Direction::Request);
    Guarding guarding;
    RequestGuard guard(plan, guarding, doc);
    Masked out;
    RequestGuard::State state;
    do {
        state = guard.step(budget);
        ++out.turns;
    } while (state == RequestGuard::State::More);
    guard.edits().append_to(out.body);
    out.labels = guarding.tally.labels();
    out.refused = state == RequestGuard::State::Refused;
    EXPECT_TRUE(parser.parse(out.body, doc).has_value()) << out.body;
    return out;
}

const std::vector<Rule> &email_rule() {
    static const std::vector<Rule> one = rules({"request mask email"});
    return one;
}

// @ stands where the secret goes, $ where it goes as JSON in JSON.
std::string filled(std::string_view form, std::string_view value) {
    std::string out;
    for (char c : form) {
        c == '@' ? out.append(value) : out.append(1, c);
    }
    return out;
}

constexpr std::string_view kPlaces[] = {
    // Responses
    R"({"input":"mail @"})",
    R"({"instructions":"Be kind to @.","input":[]})",
    R"({"input":[{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,AA"},{"type":"input_text","text":"@"}]}]})",
    R"({"input":[{"type":"function_call","call_id":"c","name":"f","arguments":"{\"to\":\"@\"}"}]})",
    R"({"input":[{"type":"function_call_output","call_id":"c","output":"found @"},{"type":"reasoning","summary":[],"encrypted_content":"AA"}]})",
    R"({"input":[{"type":"function_call_output","call_id":"c","output":[{"type":"input_text","text":"@"}]}]})",
    R"({"input":[{"type":"reasoning","summary":[{"type":"summary_text","text":"He is @."}]}]})",
    // Google
    R"({"contents":[{"role":"user","parts":[{"text":"@"}]}]})",
    R"({"system_instruction":{"parts":{"text":"Be kind to @."}}})",
    R"({"contents":[{"role":"model","parts":[{"functionCall":{"name":"send","args":{"url":"@"}},"thoughtSignature":"AAAA"}]}]})",
    R"({"contents":[{"parts":[{"functionResponse":{"name":"f","response":{"id":"found @"}}}]}]})",
    R"({"tools":[{"functionDeclarations":[{"name":"f","description":"writes to @"}]}]})",
    // OpenAI
    R"({"model":"m","messages":[{"role":"user","content":"@"}]})",
    R"({"messages":[{"role":"system","content":"Be kind to @."}]})",
    R"({"messages":[{"role":"developer","content":[{"type":"text","text":"@"}]}]})",
    R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}},{"type":"text","text":"mail @"}]}]})",
    R"({"messages":[{"role":"assistant","content":"I wrote to @ today"}]})",
    R"({"messages":[{"role":"assistant","refusal":"not to @"}]})",
    R"({"messages":[{"role":"assistant","reasoning_content":"hm, @"}]})",
    R"({"messages":[{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"send","arguments":"{\"to\":\"@\"}"}}]}]})",
    R"({"messages":[{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"send","arguments":"{\"to\":[{\"deep\":\"a\\n@\"}]}"}}]}]})",
    R"({"messages":[{"role":"assistant","tool_calls":[{"id":"c","type":"custom","custom":{"name":"x","input":"to @"}}]}]})",
    R"({"messages":[{"role":"assistant","function_call":{"name":"f","arguments":"{\"a\":\"@\"}"}}]})",
    R"({"messages":[{"role":"tool","tool_call_id":"c","content":"found @"}]})",
    R"({"messages":[{"role":"tool","tool_call_id":"c","content":"{\"rows\":[{\"mail\":\"x\\n@\"}]}"}]})",
    R"({"messages":[{"role":"tool","tool_call_id":"c","content":[{"type":"text","text":"@"}]}]})",
    R"({"messages":[{"role":"function","name":"f","content":"@"}]})",
    R"({"messages":[],"prediction":{"type":"content","content":"@"}})",
    R"({"messages":[],"tools":[{"type":"function","function":{"name":"f","description":"ask @"}}]})",
    R"({"messages":[],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{"type":"string","description":"like @"}}}}}]})",
    R"({"messages":[],"metadata":{"who":"@"}})",
    R"({"messages":[],"user":"@"})",
    R"({"messages":[{"role":"user","content":"a","content":"@"}]})",
    R"({"messages":[{"role":"user","content":"@","content":"b"}]})",
    R"({"prompt":["a","@"],"messages":[{"role":"user","unheard_of":{"x":["@"]}}]})",
    // Anthropic
    R"({"system":"@","messages":[]})",
    R"({"system":[{"type":"text","text":"@","cache_control":{"type":"ephemeral"}}],"messages":[]})",
    R"({"messages":[{"role":"user","content":[{"type":"text","text":"@"}]}]})",
    R"({"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"@"}]}]})",
    R"({"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"@"}]}]}]})",
    R"({"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"n","input":{"to":"@"}}]}]})",
    R"({"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"n","input":{"a":[{"b":{"type":"x","name":"@"}}]}}]}]})",
    R"({"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"n","input":{"@":1}}]}]})",
    R"({"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"@","signature":"s"}]}]})",
    R"({"messages":[{"role":"user","content":[{"type":"document","source":{"type":"text","media_type":"text/plain","data":"@"},"title":"t"}]}]})",
    R"({"messages":[{"role":"user","content":[{"type":"document","context":"@","source":{"type":"base64","data":"AAAA"}}]}]})",
    R"({"messages":[{"role":"user","content":[{"type":"search_result","title":"@","source":"s","content":[{"type":"text","text":"x"}]}]}]})",
    R"({"messages":[],"tools":[{"name":"f","description":"d","input_schema":{"type":"object","description":"@"}}]})",
    R"({"messages":[],"metadata":{"user_id":"@"}})",
};

}  // namespace

TEST(RequestGuard, FindsItInEveryPlace) {
    EXPECT_GE(std::size(kPlaces), 25u);
    for (std::string_view place : kPlaces) {
        for (size_t budget : {size_t(1), size_t(100), RequestGuard::kTurn}) {
            Masked masked = mask(email_rule(), filled(place, "jane.doe@example.com"), budget);
            EXPECT_EQ(masked.body, filled(place, "[EMAIL]")) << place;
            EXPECT_EQ(masked.labels, "EMAIL") << place;
        }
    }
}

TEST(RequestGuard, FindsItHoweverItIsEscaped) {
    std::string text = R"({"messages":[{"role":"user","content":"caf\u00e9 \ud83d\ude00 j\u0061ne\u002edoe\u0040example\u002ecom \"\\"}]})";
    Masked masked = mask(email_rule(), text);
    EXPECT_EQ(masked.body, "{\"messages\":[{\"role\":\"user\",\"content\":\"café 😀 [EMAIL] \\\"\\\\\"}]}");
    // JSON in JSON: the inner escape too, and the newline before the address is no part of it.
    masked = mask(email_rule(), R"({"messages":[{"role":"tool","content":"{\"a\":\"x\\njane\\u0040example.com\"}"}]})");
    EXPECT_EQ(masked.body, R"({"messages":[{"role":"tool","content":"{\"a\":\"x\\n[EMAIL]\"}"}]})");
}

TEST(RequestGuard, MasksNumbersOfToolCalls) {
    std::vector<Rule> card = rules({"request mask credit_card"});
    EXPECT_EQ(mask(card, R"({"messages":[{"content":[{"type":"tool_use","input":{"n": 4111111111111111 ,"m":1.5e3}}]}]})").body,
              R"({"messages":[{"content":[{"type":"tool_use","input":{"n": "[CREDIT_CARD]" ,"m":1.5e3}}]}]})");
    EXPECT_EQ(mask(card, R"({"messages":[{"tool_calls":[{"function":{"arguments":"{\"n\":4111111111111111}"}}]}]})").body,
              R"({"messages":[{"tool_calls":[{"function":{"arguments":"{\"n\":\"[CREDIT_CARD]\"}"}}]}]})");
}

TEST(RequestGuard, TakesAMembersNameForContext) {
    std::vector<Rule> ssn = rules({"request mask ssn secret"});
    EXPECT_EQ(mask(ssn, R"({"messages":[{"content":[{"type":"tool_use","input":{"ssn":"457555462","api_key":"a1b2c3d4e5f6g7h8"}}]}]})").body,
              R"({"messages":[{"content":[{"type":"tool_use","input":{"ssn":"[SSN]","api_key":"[SECRET]"}}]}]})");
}

TEST(RequestGuard, LeavesTheRestByteForByte) {
    std::string_view clean = "{ \"messages\" : [ {\"role\":\"user\",\"content\":\"caf\\u00e9 \\/ 5\"} ],\n \"temperature\": 0.50,\"user\":\"u\" }";
    EXPECT_EQ(mask(email_rule(), clean).body, clean);
    std::string_view one = "{ \"messages\" : [ {\"content\":\"\\u00e9\"}, {\"content\":\"a@example.com\"} ], \"x\" : 1.0 }";
    EXPECT_EQ(mask(email_rule(), one).body, "{ \"messages\" : [ {\"content\":\"\\u00e9\"}, {\"content\":\"[EMAIL]\"} ], \"x\" : 1.0 }");
}

TEST(RequestGuard, LooksAtNoNamesIdsAndMedia) {
    std::string_view none = R"({"model":"a@b.co","messages":[{"role":"a@b.co","name":"a@b.co","tool_call_id":"a@b.co","content":[)"
                            R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"a@b.co"}},)"
                            R"({"type":"image_url","image_url":{"url":"https://a@b.co/"}}]}],"tool_choice":{"type":"tool","name":"a@b.co"}})";
    Masked masked = mask(email_rule(), none);
    EXPECT_EQ(masked.body, none);
    EXPECT_EQ(masked.labels, "");
    std::string_view responses = R"({"input":[{"role":"user","content":[{"type":"input_image","image_url":"https://a@b.co/"},)"
                                 R"({"type":"input_file","file_url":"https://a@b.co/"}]},{"type":"function_call","call_id":"a@b.co","name":"f",)"
                                 R"("arguments":"{}"},{"type":"reasoning","summary":[],"encrypted_content":"a@b.co"}],)"
                                 R"("client_metadata":{"turn":"a@b.co"},"previous_response_id":"a@b.co"})";
    EXPECT_EQ(mask(email_rule(), responses).body, responses);
}

TEST(RequestGuard, RefusesAndSaysWhy) {
    std::vector<Rule> reject = rules({"request log email", "request reject ssn as=SOCIAL"});
    Masked masked = mask(reject, R"({"messages":[{"content":"a@example.com"},{"content":"123-45-6789"},{"content":"b@example.com"}]})");
    EXPECT_TRUE(masked.refused);
    EXPECT_EQ(masked.labels, "EMAIL,SOCIAL");
    EXPECT_FALSE(mask(reject, R"({"messages":[{"content":"a@example.com"}]})").refused);
}

TEST(RequestGuard, WorksInSlices) {
    std::string text = "{\"messages\":[{\"content\":\"";
    for (int i = 0; i < 20000; ++i) {
        text += "some words without any harm, line\\n";
        if (i % 1000 == 0) text += "a@example.com ";
    }
    text += "\"}]}";
    Masked whole = mask(email_rule(), text, text.size() * 2), sliced = mask(email_rule(), text, 10000);
    EXPECT_EQ(whole.body, sliced.body);
    EXPECT_EQ(whole.turns, 1u);
    EXPECT_GE(sliced.turns, text.size() / 10000);
    EXPECT_EQ(sliced.body.find("example.com"), std::string::npos);
}

TEST(RequestGuard, DeepJsonEndsInBounds) {
    std::string open, close;
    for (int i = 0; i < 190; ++i) {
        open += i % 2 ? "[" : "{\"a\":";
        close.insert(0, i % 2 ? "]" : "}");
    }
    EXPECT_EQ(mask(email_rule(), open + "\"a@example.com\"" + close).body, open + "\"[EMAIL]\"" + close);
}
