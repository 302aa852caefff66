#include "dialects/gemini_signature.h"

#include "core/json_writer.h"
#include "dialects/base64.h"
#include "dialects/signature.h"

namespace aigw::dialects::google {

namespace {

constexpr std::string_view kAnthropic = "anthropic:";
constexpr std::string_view kRedacted = "anthropic-redacted:";
constexpr std::string_view kAnthropicBase64 = "YW50aHJvcGlj";  // what both begin with
constexpr std::string_view kOpenAiBase64 = "b3BlbmFp";

}  // namespace

Signature read_signature(JsonText thought_signature) {
    Signature out;
    const std::string_view text = thought_signature.escaped;
    if (!text.starts_with(kAnthropicBase64) && !text.starts_with(kOpenAiBase64)) return out;
    std::optional<std::string> bytes = decode_base64(standard_base64(thought_signature.decode()));
    if (!bytes) return out;
    if (bytes->starts_with(kOpenAiPrefix)) {
        out.signer = chat::Signer::OpenAi;
        append_json_escaped(out.text, std::string_view(*bytes).substr(kOpenAiPrefix.size()));
        return out;
    }
    for (bool redacted : {false, true}) {
        std::string_view name = redacted ? kRedacted : kAnthropic;
        if (!bytes->starts_with(name)) continue;
        out.signer = chat::Signer::Anthropic;
        out.redacted = redacted;
        append_json_escaped(out.text, std::string_view(*bytes).substr(name.size()));
        return out;
    }
    return out;
}

std::string write_signature(JsonText text, chat::Signer signer, bool redacted) {
    if (signer == chat::Signer::Google) return text.decode();
    std::string out;
    const bool anthropic = signer == chat::Signer::Anthropic;
    append_base64(out, std::string(!anthropic ? kOpenAiPrefix : redacted ? kRedacted : kAnthropic) + text.decode());
    return out;
}

}  // namespace aigw::dialects::google
