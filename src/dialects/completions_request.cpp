// A body of legacy completions: read for a provider of chats, or edited for one that takes it as it is.
#include <array>

#include "core/json_writer.h"
#include "dialects/common.h"
#include "dialects/completions.h"
#include "dialects/openai_chat.h"

namespace aigw::dialects::completions {

using openai::given;
using openai::RequestReading;

namespace {

constexpr std::string_view kGap = "\n\n";  // between an operator's text and the prompt

// Members of a chat that a body of this kind may have too, by its documentation or its servers'. The rest is unknown here.
constexpr std::array<std::string_view, 14> kShared{"model", "stream",    "stream_options",    "max_tokens",       "temperature",
                                                   "top_p", "top_k",     "stop",              "user",             "n",
                                                   "seed",  "logit_bias", "frequency_penalty", "presence_penalty"};

std::string prompt_path(size_t i) { return "prompt[" + std::to_string(i) + "]"; }

bool read_prompt(JsonValue prompt, RequestReading &reading) {
    JsonValue text = prompt.is_array() ? *prompt.elements().begin() : prompt;
    if (prompt.is_array() && prompt.size() > 1) {
        reading.error = chat::unsupported(prompt_path(1), "it takes one prompt a call");
        return false;
    }
    chat::Part part;
    part.origin = {"prompt"};
    part.text = text.text();
    chat::Message message;
    message.role = chat::Role::User;
    message.origin = part.origin;
    message.parts.push_back(std::move(part));
    reading.out.messages.push_back(std::move(message));
    return true;
}

// Members that only this dialect has; a default counts as absent.
bool read_own(std::string_view name, JsonValue value, RequestReading &reading) {
    if (name == "echo") {
        if (!value.is_bool()) return reading.wrong("echo", "a boolean");
        return value.is_false() || reading.extra("echo", value, false);
    }
    if (name == "suffix") {
        if (!value.is_string()) return reading.wrong("suffix", "a string");
        return value.text().empty() || reading.extra("suffix", value, false);
    }
    constexpr int64_t kMost = 20;
    std::optional<int64_t> count = value.as_int64();
    const bool best_of = name == "best_of";
    if (!count || *count < best_of || *count > kMost) {
        return reading.wrong(std::string(name), best_of ? "a whole number from 1 to 20" : "a whole number from 0 to 20");
    }
    return (best_of && *count == 1) || reading.extra(std::string(name), value, false);
}

bool read_one(JsonText key, JsonValue value, RequestReading &reading) {
    if (value.is_null()) return true;
    if (key == "prompt") return read_prompt(value, reading);
    for (std::string_view name : {"echo", "suffix", "best_of", "logprobs"}) {
        if (key == name) return read_own(name, value, reading);
    }
    for (std::string_view name : kShared) {
        if (key == name) return openai::read_member(key, value, reading);
    }
    return reading.extra(key.decode(), value, false);
}

void append_escaped(std::string &out, const Prompt &prompt, bool first) {
    if (!first) append_json_escaped(out, kGap);
    append_json_escaped(out, prompt.text);
}

}  // namespace

RequestFacts facts(JsonValue body) {
    RequestFacts facts = facts_of_messages(body);
    JsonValue prompt = body["prompt"];
    facts.message_count = prompt.is_array() ? prompt.size() : 1;
    facts.answers *= static_cast<int64_t>(facts.message_count);
    facts.has_tools = false;
    return facts;
}

std::optional<chat::ApiError> check(JsonValue body) {
    JsonValue prompt = body["prompt"];
    if (!given(prompt)) return missing_member("prompt");
    if (!prompt.is_string() && !prompt.is_array()) return wrong_member("prompt", "a string or a list of strings");
    if (prompt.is_array() && (prompt.size() == 0 || prompt.size() > kMaxPrompts)) {
        return wrong_member("prompt", "a list of 1 to " + std::to_string(kMaxPrompts) + " strings");
    }
    size_t i = 0;
    for (JsonValue one : prompt.elements()) {
        if (!one.is_string()) return wrong_member(prompt_path(i), "a string; token ids are not taken");
        ++i;
    }
    if (auto error = check_bool(body, "stream")) return error;
    if (auto error = check_integer(body, "max_tokens", 0, kMaxTokens)) return error;
    constexpr int64_t kMaxAnswers = 128;
    return check_integer(body, "n", 1, kMaxAnswers);
}

chat::Result<chat::ChatRequest> read_request(const JsonDoc &doc) {
    JsonValue root = doc.root();
    if (!root.is_object()) return chat::fail(chat::invalid_request("invalid_value", "The body must be a JSON object."));
    if (auto error = check(root)) return chat::fail(std::move(*error));
    RequestReading reading;
    for (const auto &[key, value, at] : root.members()) {
        if (!read_one(key, value, reading)) return chat::fail(std::move(*reading.error));
    }
    return std::move(reading.out);
}

void pass_request(const JsonDoc &doc, const RequestOptions &options, JsonSplice &splice) {
    JsonValue root = doc.root();
    pass_model(root, options.model, splice);
    if (options.max_tokens) splice.set(root, "max_tokens", std::to_string(*options.max_tokens));
    if (options.stream && options.quirks.asks_usage) openai::ask_usage(doc, splice);
}

void add_prompts(const JsonDoc &doc, std::span<const Prompt> prompts, JsonSplice &splice) {
    std::string before, after;
    for (const Prompt &prompt : prompts) {
        bool opens = prompt.place == Prompt::Place::Prepend;
        append_escaped(opens ? before : after, prompt, opens && before.empty());
    }
    if (!before.empty()) append_json_escaped(before, kGap);
    auto edit = [&](JsonValue text) {
        splice.replace(text, "\"" + before + std::string(text.text().escaped) + after + "\"");
    };
    JsonValue prompt = doc.root()["prompt"];
    if (prompt.is_string()) return edit(prompt);
    for (JsonValue text : prompt.elements()) {
        edit(text);
    }
}

}  // namespace aigw::dialects::completions
