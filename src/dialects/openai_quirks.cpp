// A body in OpenAI's shape for a provider that is not OpenAI: what its row in the catalogue says it does not take. A value
// that is the default is left out; a hint too, and listed; anything else is a 400 that names it.
#include "dialects/openai_quirks.h"

#include <algorithm>
#include <array>

#include "dialects/openai_chat.h"

namespace aigw::dialects::openai {

static constexpr std::string_view kWhy = "it does not take this member";

bool Adapting::refuse(std::string path) {
    if (options.drop_unsupported) {
        dropped.push_back(std::move(path));
        return true;
    }
    error = chat::unsupported(std::move(path), kWhy);
    return false;
}

namespace {

// The next of words that stand with a space between.
std::string_view next_word(std::string_view &words) {
    std::string_view word = words.substr(0, words.find(' '));
    words.remove_prefix(std::min(words.size(), word.size() + 1));
    return word;
}

bool lists(std::string_view words, std::string_view name) {
    while (!words.empty()) {
        if (next_word(words) == name) return true;
    }
    return false;
}

// The newer name wins, as in reading.
void rename_limit(JsonValue root, Adapting &adapting) {
    JsonValue limit = root["max_completion_tokens"];
    if (!limit) return;
    if (!limit.is_null()) {
        std::string value = adapting.options.max_tokens ? std::to_string(*adapting.options.max_tokens) : std::string(limit.raw());
        adapting.splice.set(root, "max_tokens", std::move(value));
    }
    adapting.splice.remove(root, "max_completion_tokens");
}

bool leave_out(JsonValue root, std::string_view name, Adapting &adapting) {
    JsonValue value = root[name];
    if (!value) return true;
    switch (weight_of(name, value)) {
    case Weight::Matters:
        if (!adapting.refuse(std::string(name))) return false;
        break;
    case Weight::Hint:
        adapting.dropped.emplace_back(name);
        break;
    case Weight::Default:
        break;
    }
    adapting.splice.remove(root, name);
    return true;
}

bool refuse_schema(JsonValue root, Adapting &adapting) {
    if (!root["response_format"]["type"].equals("json_schema")) return true;
    if (!adapting.refuse("response_format")) return false;
    adapting.splice.remove(root, "response_format");
    return true;
}

bool adapt_members(JsonValue root, Adapting &adapting) {
    std::string_view words = adapting.options.quirks.refuses;
    while (!words.empty()) {
        std::string_view word = next_word(words);
        if (word == "max_completion_tokens") {
            rename_limit(root, adapting);
        } else if (word == "response_format.json_schema") {
            if (!refuse_schema(root, adapting)) return false;
        } else if (word.find('.') == word.npos && !leave_out(root, word, adapting)) {
            return false;
        }
    }
    return true;
}

void adapt_messages(JsonValue root, Adapting &adapting) {
    const chat::Quirks &quirks = adapting.options.quirks;
    bool no_name = lists(quirks.refuses, "messages.name"), no_thinking = lists(quirks.refuses, "messages.reasoning_content");
    if (quirks.developer_role && !no_name && !no_thinking) return;
    int32_t i = 0;
    for (JsonValue message : root["messages"].elements()) {
        chat::Origin origin{"messages", i++};
        if (!quirks.developer_role && message["role"].equals("developer")) {
            adapting.splice.replace(message["role"], "\"system\"");
        }
        for (std::string_view name : {no_name ? "name" : "", no_thinking ? "reasoning_content" : ""}) {
            if (!name.empty()) adapting.take_out(message, origin, name);
        }
    }
}

}  // namespace

void Adapting::take_out(JsonValue message, const chat::Origin &origin, std::string_view name) {
    JsonValue value = message[name];
    if (!value) return;
    bool empty = value.is_null() || (value.is_string() && value.text().empty()) || (value.is_array() && value.size() == 0);
    if (!empty) dropped.push_back(origin.path(name));
    splice.remove(message, name);
}

bool adapt(JsonValue root, Adapting &adapting) {
    if (!root.is_object()) return true;
    if (!adapt_members(root, adapting)) return false;
    adapt_messages(root, adapting);
    return !adapting.options.quirks.mistral || adapt_to_mistral(root, adapting);
}

bool needs_adapting(const chat::Quirks &quirks) {
    return !quirks.refuses.empty() || !quirks.developer_role || quirks.mistral;
}

chat::Result<std::vector<std::string>> adapt_request(const JsonDoc &doc, const RequestOptions &options, JsonSplice &splice) {
    Adapting adapting{options, splice, {}, {}};
    if (needs_adapting(options.quirks) && !adapt(doc.root(), adapting)) return chat::fail(std::move(*adapting.error));
    return std::move(adapting.dropped);
}

// What the caller calls what we wrote as `name`.
std::string callers_name(std::string_view name, const chat::ChatRequest &request) {
    const chat::Paths &paths = request.paths;
    const std::array<std::pair<std::string_view, std::string_view>, 6> kNames{{{"user", paths.user},
                                                                               {"temperature", paths.temperature},
                                                                               {"reasoning_effort", paths.reasoning},
                                                                               {"tool_choice", paths.tool_choice},
                                                                               {"parallel_tool_calls", paths.parallel},
                                                                               {"response_format", paths.schema}}};
    for (const auto &[ours, theirs] : kNames) {
        if (ours == name) return std::string(theirs);
    }
    for (const chat::Extra &extra : request.extras) {
        if (extra.meaning == name) return extra.path;
    }
    return std::string(name);
}

// What we wrote ourselves has the newer names only where the row wants them; the rest is read again and adapted likewise.
bool obey_quirks(RequestWriting &writing) {
    if (!needs_adapting(writing.options.quirks)) return true;
    JsonParser parser;
    JsonDoc doc;
    if (!parser.parse(writing.out.body, doc).has_value()) return true;
    JsonSplice splice(writing.out.body);
    Adapting adapting{writing.options, splice, {}, {}};
    if (!adapt(doc.root(), adapting)) {
        writing.error = chat::unsupported(callers_name(adapting.error->param, writing.request), kWhy);
        return false;
    }
    for (const std::string &path : adapting.dropped) {
        writing.drop(callers_name(path, writing.request));
    }
    if (splice.empty()) return true;
    std::string body;
    splice.append_to(body);
    writing.out.body = std::move(body);
    return true;
}

}  // namespace aigw::dialects::openai
