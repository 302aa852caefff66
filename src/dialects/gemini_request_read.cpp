// A GenerateContentRequest into a ChatRequest: the members at its top and its generationConfig. Model and mode are in the
// path, the gateway's business. Every member is carried, kept as an extra or refused.
#include <array>

#include "dialects/gemini_reading.h"
#include "dialects/gemini_schema.h"

namespace aigw::dialects::google {

namespace {

using chat::Reasoning;
using chat::ResponseFormat;

constexpr chat::Paths kPaths{
    .user = "labels",
    .stop = "generationConfig.stopSequences",
    .temperature = "generationConfig.temperature",
    .top_p = "generationConfig.topP",
    .top_k = "generationConfig.topK",
    .reasoning = "generationConfig.thinkingConfig",
    .tool_choice = "toolConfig.functionCallingConfig",
    .parallel = "toolConfig",
    .schema = "generationConfig.responseJsonSchema",
    .title = "inlineData.displayName",
};

bool read_number(Fields &config, std::string_view name, double low, double high, std::string_view &to, Reading &reading) {
    JsonValue value = config.take(name);
    if (!value) return true;
    std::optional<double> n = value.as_double();
    if (!n || *n < low || *n > high) return reading.wrong(config.path(name), "a number in its range");
    to = value.raw();
    return true;
}

bool read_penalty(Fields &config, std::string_view name, std::string_view meaning, Reading &reading) {
    JsonValue value = config.take(name);
    if (!value) return true;
    std::optional<double> n = value.as_double();
    if (!n || *n < -2 || *n > 2) return reading.wrong(config.path(name), "a number from -2 to 2");
    if (*n != 0) reading.extra(config.path(name), value, false, meaning);
    return true;
}

bool read_counts(Fields &config, Reading &reading) {
    if (JsonValue limit = config.take("maxOutputTokens")) {
        std::optional<int64_t> n = integer(limit);
        if (!n || *n < 1 || *n > kMaxTokens) return reading.wrong(config.path("maxOutputTokens"), "a whole number from 1");
        reading.out.max_tokens = *n;
    }
    if (JsonValue count = config.take("candidateCount")) {
        std::optional<int64_t> n = integer(count);
        if (!n || *n < 1 || *n > 8) return reading.wrong(config.path("candidateCount"), "a whole number from 1 to 8");
        if (*n > 1) reading.extra(config.path("candidateCount"), count, false, count.is_number() ? "n" : "");
    }
    if (JsonValue seed = config.take("seed")) {
        if (!integer(seed)) return reading.wrong(config.path("seed"), "a whole number");
        reading.extra(config.path("seed"), seed, true, seed.is_number() ? "seed" : "");
    }
    JsonValue top_k = config.take("topK");
    std::optional<double> k = top_k ? top_k.as_double() : std::nullopt;
    if (top_k && (!k || *k < 0 || *k > static_cast<double>(kMaxTokens))) return reading.wrong(config.path("topK"), "a number from 0");
    // Written as a float by Google's own clients: 40.0.
    if (k && *k >= 1) reading.out.top_k = top_k.as_int64() ? reading.make(std::to_string(*top_k.as_int64())).escaped : top_k.raw();
    return true;
}

bool read_stops(Fields &config, Reading &reading) {
    return each(config.take("stopSequences"), [&](JsonValue stop, int32_t i) {
        if (!stop.is_string()) return reading.wrong(config.path("stopSequences[" + std::to_string(i) + "]"), "a string");
        reading.out.stop.push_back(stop.text());
        return true;
    });
}

std::string lower(JsonText text) {
    std::string out = text.decode();
    for (char &c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    return out;
}

bool read_level(JsonValue level, const std::string &path, Reading &reading) {
    static constexpr std::array<std::string_view, 6> kLevels{"", "low", "medium", "high", "minimal", "xhigh"};  // by number
    std::string name = level.is_string() ? lower(level.text()) : std::string();
    const int64_t number = level.is_number() ? level.as_int64().value_or(-1) : -1;
    if (name.starts_with("thinking_level_") || number == 0) return true;  // unspecified
    for (size_t i = 1; i < kLevels.size(); ++i) {
        if (name != kLevels[i] && number != static_cast<int64_t>(i)) continue;
        reading.out.reasoning.mode = Reasoning::Mode::Effort;
        reading.out.reasoning.effort = JsonText{kLevels[i]};
        return true;
    }
    return reading.wrong(path, "MINIMAL, LOW, MEDIUM, HIGH or XHIGH");
}

bool read_thinking(Fields &config, Reading &reading) {
    JsonValue value;
    if (!config.take_object("thinkingConfig", value)) return false;
    if (!value) return true;
    Reasoning &to = reading.out.reasoning;
    Fields thinking(value, config.path("thinkingConfig"), reading);
    JsonValue shown = thinking.take("includeThoughts"), budget = thinking.take("thinkingBudget");
    if (shown && !shown.is_bool()) return reading.wrong(thinking.path("includeThoughts"), "a boolean");
    if (shown.is_true()) to.mode = Reasoning::Mode::Adaptive;
    if (budget) {
        std::optional<int64_t> n = integer(budget);
        if (!n || *n < -1 || *n > kMaxTokens) return reading.wrong(thinking.path("thinkingBudget"), "a whole number from -1");
        to.mode = *n == 0 ? Reasoning::Mode::Off : *n < 0 ? Reasoning::Mode::Adaptive : Reasoning::Mode::Budget;
        to.budget = *n > 0 ? *n : 0;
    }
    JsonValue level = thinking.take("thinkingLevel");
    if (level && !read_level(level, thinking.path("thinkingLevel"), reading)) return false;
    return thinking.rest();
}

bool read_format(Fields &config, Reading &reading) {
    JsonValue schema, json_schema, type = config.take("responseMimeType");
    if (!config.take_object("responseSchema", schema) || !config.take_object("responseJsonSchema", json_schema)) return false;
    if (type && !type.is_string()) return reading.wrong(config.path("responseMimeType"), "a string");
    ResponseFormat &format = reading.out.format;
    if (type.equals("text/plain")) {
        format.kind = ResponseFormat::Kind::Text;
    } else if (type.equals("application/json")) {
        format.kind = ResponseFormat::Kind::JsonObject;
    } else if (!type.text().empty()) {  // text/x.enum
        reading.extra(config.path("responseMimeType"), type, false);
    }
    if (!schema && !json_schema) return true;
    if (schema && json_schema) return reading.wrong(config.path("responseSchema"), "absent beside responseJsonSchema");
    format.kind = ResponseFormat::Kind::JsonSchema;
    format.strict = std::nullopt;
    format.schema = json_schema ? json_schema.raw() : reading.make(json_schema_of(schema)).escaped;
    return true;
}

// What is told beside the text: only its own dialect can.
bool read_outputs(Fields &config, Reading &reading) {
    bool text_only = true;
    JsonValue modalities = config.take("responseModalities");
    each(modalities, [&](JsonValue one, int32_t) {
        text_only = text_only && (lower(one.text()) == "text" || (one.is_number() && one.as_int64() == 1));
        return true;
    });
    if (!text_only) reading.extra(config.path("responseModalities"), modalities, false);
    JsonValue logprobs = config.take("responseLogprobs"), count = config.take("logprobs");
    if (logprobs.is_true()) reading.extra(config.path("responseLogprobs"), logprobs, false, "logprobs");
    if (count && integer(count) != 0) reading.extra(config.path("logprobs"), count, false, "top_logprobs");
    return true;
}

}  // namespace

bool read_config(JsonValue value, Reading &reading) {
    Fields config(value, "generationConfig", reading);
    return read_number(config, "temperature", 0, 2, reading.out.temperature, reading) &&
           read_number(config, "topP", 0, 1, reading.out.top_p, reading) && read_counts(config, reading) &&
           read_penalty(config, "presencePenalty", "presence_penalty", reading) &&
           read_penalty(config, "frequencyPenalty", "frequency_penalty", reading) && read_stops(config, reading) &&
           read_thinking(config, reading) && read_format(config, reading) && read_outputs(config, reading) &&
           config.rest({"mediaResolution", "audioTimestamp", "enableEnhancedCivicAnswers"});
}

chat::Result<chat::ChatRequest> read_request(const JsonDoc &doc) {
    Reading reading;
    reading.out.paths = kPaths;
    reading.out.include_usage = true;  // always told
    JsonValue root = doc.root();
    if (!root.is_object()) return chat::fail(chat::invalid_request("invalid_value", "The body must be a JSON object."));
    Fields body(root, {}, reading);
    JsonValue system, config, tool_config;
    body.take("model");  // the path's
    JsonValue contents = body.take("contents");
    if (!contents) reading.missing("contents");
    bool ok = contents && body.take_object("systemInstruction", system) && body.take_object("generationConfig", config) &&
              body.take_object("toolConfig", tool_config) && read_system(system, reading) &&
              read_contents(contents, reading) && read_tools(body.take("tools"), reading) &&
              read_tool_config(tool_config, reading) && read_config(config, reading) &&
              body.rest({"safetySettings", "labels", "serviceTier", "store"});
    if (!ok) return chat::fail(std::move(*reading.error));
    return std::move(reading.out);
}

}  // namespace aigw::dialects::google
