#include "dialects/gemini_usage.h"

#include <algorithm>

#include "dialects/common.h"
#include "dialects/gemini_fields.h"

namespace aigw::dialects::google {

std::optional<ReadUsage> read_usage(JsonValue metadata) {
    if (!metadata.is_object()) return std::nullopt;
    JsonValue prompt = field(metadata, "promptTokenCount"), candidates = field(metadata, "candidatesTokenCount"),
              thoughts = field(metadata, "thoughtsTokenCount");
    if (!read_count(prompt) && !read_count(candidates) && !read_count(thoughts)) return std::nullopt;
    ReadUsage out;
    chat::Usage &usage = out.usage;
    usage.prompt = read_count(prompt).value_or(0) + read_count(field(metadata, "toolUsePromptTokenCount")).value_or(0);
    usage.reasoning = read_count(thoughts).value_or(0);
    usage.completion = read_count(candidates).value_or(0) + usage.reasoning;
    usage.cached = std::min(read_count(field(metadata, "cachedContentTokenCount")).value_or(0), usage.prompt);
    out.with_completion = usage.completion > 0;
    return out;
}

void write_usage(JsonWriter &json, const chat::Usage &usage) {
    json.begin_object().key("promptTokenCount").number(usage.prompt);
    json.key("candidatesTokenCount").number(std::max<Tokens>(usage.completion - usage.reasoning, 0));
    json.key("totalTokenCount").number(usage.total());
    if (usage.cached > 0) json.key("cachedContentTokenCount").number(usage.cached);
    if (usage.reasoning > 0) json.key("thoughtsTokenCount").number(usage.reasoning);
    json.end_object();
}

}  // namespace aigw::dialects::google
