#include "dialects/anthropic_pass.h"

#include "dialects/common.h"
#include "dialects/signature.h"

namespace aigw::dialects::anthropic {

namespace {

// Thinking that nobody signed, or another vendor.
bool is_unsigned(JsonValue block) {
    const bool redacted = block["type"].equals("redacted_thinking");
    if (!redacted && !block["type"].equals("thinking"))
        return false;
    const JsonText signature = block[redacted ? "data" : "signature"].text();
    return signature.empty() || split_signature(signature).signer != chat::Signer::Anthropic;
}

// A turn of nothing but unsigned thinking stays as it is: an empty one would be refused as well.
void strip_unsigned(JsonValue content, JsonSplice &splice) {
    size_t count = 0;
    for (const JsonValue block : content.elements())
        count += is_unsigned(block);
    if (count == 0 || count == content.size())
        return;
    std::string kept = "[";
    for (const JsonValue block : content.elements()) {
        if (is_unsigned(block))
            continue;
        kept.append(kept.size() > 1 ? "," : "").append(block.raw());
    }
    splice.replace(content, kept + "]");
}

}  // namespace

void pass_request(const JsonDoc &doc, const RequestOptions &options, JsonSplice &splice) {
    const JsonValue root = doc.root();
    for (const JsonValue message : root["messages"].elements()) {
        if (message["role"].equals("assistant"))
            strip_unsigned(message["content"], splice);
    }
    if (options.max_tokens)
        splice.set(root, "max_tokens", std::to_string(*options.max_tokens));
    pass_model(root, options.model, splice);
}

}  // namespace aigw::dialects::anthropic
