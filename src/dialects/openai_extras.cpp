// The members that only this dialect has: their types and defaults, and whether another provider may do without them.
#include <array>

#include "dialects/openai_chat.h"

namespace aigw::dialects::openai {

namespace {

enum class Want : uint8_t { Any, Boolean, Integer, Number, String, Object, Array };

struct Rule {
    std::string_view name;
    Want want;
    bool hint;
    std::string_view neutral = {};  // the default as JSON: counts as absent
    double low = -1e300;
    double high = 1e300;
};

constexpr std::array kRules{
    Rule{"n", Want::Integer, false, "1", 1, 128},
    Rule{"logprobs", Want::Boolean, false, "false"},
    Rule{"top_logprobs", Want::Integer, false, "0", 0, 20},
    Rule{"frequency_penalty", Want::Number, false, "0", -2, 2},
    Rule{"presence_penalty", Want::Number, false, "0", -2, 2},
    Rule{"repetition_penalty", Want::Number, false, "1"},
    Rule{"min_p", Want::Number, false, "0"},
    Rule{"verbosity", Want::String, false, "\"medium\""},
    Rule{"modalities", Want::Array, false, "[\"text\"]"},
    Rule{"audio", Want::Object, false},
    Rule{"web_search_options", Want::Object, false},
    Rule{"seed", Want::Integer, true},
    Rule{"random_seed", Want::Integer, true},        // Mistral's
    Rule{"safe_prompt", Want::Boolean, false, "false"},
    Rule{"logit_bias", Want::Object, true, "{}"},
    Rule{"metadata", Want::Object, true, "{}"},
    Rule{"store", Want::Boolean, true, "false"},
    Rule{"service_tier", Want::String, true, "\"auto\""},
    Rule{"prompt_cache_key", Want::String, true},
    Rule{"prompt_cache_retention", Want::String, true},
    Rule{"prompt_cache_options", Want::Any, true},
    Rule{"safety_identifier", Want::String, true},
    Rule{"prediction", Want::Object, true},  // makes the same answer faster
    Rule{"context_management", Want::Any, true},
    Rule{"cache_control", Want::Object, true},
    Rule{"betas", Want::Array, true, "[]"},
    Rule{"include_reasoning", Want::Boolean, true},  // what is shown of it
    Rule{"reasoning_format", Want::String, true},    // Groq: the same
    Rule{"usage", Want::Object, true},               // OpenRouter: usage is told anyway
    Rule{"provider", Want::Object, true},            // OpenRouter: who answers is the gateway's to say
    Rule{"models", Want::Array, true, "[]"},
    Rule{"route", Want::String, true},
};

std::string_view name_of(Want want) {
    switch (want) {
    case Want::Boolean:
        return "a boolean";
    case Want::Integer:
        return "a whole number";
    case Want::Number:
        return "a number";
    case Want::String:
        return "a string";
    case Want::Object:
        return "an object";
    case Want::Array:
        return "a list";
    case Want::Any:
        break;
    }
    return "a value";
}

bool fits(const Rule &rule, JsonValue value) {
    switch (rule.want) {
    case Want::Boolean:
        return value.is_bool();
    case Want::Integer:
        if (!value.as_int64()) return false;
        [[fallthrough]];
    case Want::Number: {
        std::optional<double> n = value.as_double();
        return n && *n >= rule.low && *n <= rule.high;
    }
    case Want::String:
        return value.is_string();
    case Want::Object:
        return value.is_object();
    case Want::Array:
        return value.is_array();
    case Want::Any:
        break;
    }
    return true;
}

// Whether `value`, which fits, is the rule's default however it is written.
bool is_neutral(const Rule &rule, JsonValue value) {
    if (rule.neutral.empty()) return false;
    if (value.is_number()) return *value.as_double() == (rule.neutral == "1" ? 1.0 : 0.0);
    if (value.is_string()) return value.equals(rule.neutral.substr(1, rule.neutral.size() - 2));
    if (value.is_bool()) return value.is_false() == (rule.neutral == "false");
    if (value.size() == 0) return rule.neutral.size() == 2;
    if (value.size() != 1 || !value.is_array()) return false;
    return (*value.elements().begin()).equals("text") && rule.neutral == "[\"text\"]";
}

// What other dialects have too, under names of their own.
bool is_shared(std::string_view name) {
    return name == "n" || name == "seed" || name == "frequency_penalty" || name == "presence_penalty" || name == "logprobs" ||
           name == "top_logprobs";
}

std::string range_text(const Rule &rule) {
    std::string text(name_of(rule.want));
    if (rule.high < 1e300) {
        text += " from " + std::to_string(static_cast<int>(rule.low)) + " to " + std::to_string(static_cast<int>(rule.high));
    }
    return text;
}

}  // namespace

Weight weight_of(std::string_view name, JsonValue value) {
    if (!given(value) || name == "stream_options") return Weight::Default;
    if (name == "user") return Weight::Hint;
    if (name == "parallel_tool_calls") return value.is_true() ? Weight::Default : Weight::Matters;
    if (name == "tool_choice") return value.equals("auto") ? Weight::Default : Weight::Matters;
    for (const Rule &rule : kRules) {
        if (rule.name != name) continue;
        if (fits(rule, value) && is_neutral(rule, value)) return Weight::Default;
        return rule.hint ? Weight::Hint : Weight::Matters;
    }
    return Weight::Matters;
}

bool read_dialect_member(std::string_view name, JsonValue value, RequestReading &reading, bool &known) {
    for (const Rule &rule : kRules) {
        if (rule.name != name) continue;
        known = true;
        if (!fits(rule, value)) return reading.wrong(std::string(name), range_text(rule));
        if (is_neutral(rule, value)) return true;
        reading.extra(std::string(name), value, rule.hint);
        if (is_shared(rule.name)) reading.out.extras.back().meaning = rule.name;
        if (rule.name == "random_seed") reading.out.extras.back().meaning = "seed";
        return true;
    }
    return true;
}

}  // namespace aigw::dialects::openai
