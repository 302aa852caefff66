// What changes in a request that goes from an Anthropic caller to an Anthropic provider: the model's name; and thinking
// that nobody signed is taken out of the history. Such blocks come from our own writer, when an OpenAI-shaped provider
// answered an earlier turn of the same conversation, and Anthropic refuses them.
#pragma once

#include "core/json_splice.h"
#include "dialects/dialect.h"

namespace aigw::dialects::anthropic {

void pass_request(const JsonDoc &doc, const RequestOptions &options, JsonSplice &splice);
// anthropic_prompts.cpp
void add_prompts(const JsonDoc &doc, std::span<const Prompt> prompts, JsonSplice &splice);

}  // namespace aigw::dialects::anthropic
