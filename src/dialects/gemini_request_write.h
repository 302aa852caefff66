#pragma once

#include "dialects/dialect.h"

namespace aigw::dialects::google {

// A ChatRequest of another dialect as a GenerateContentRequest. Model and mode go into the path.
chat::Result<WrittenRequest> write_request(const chat::ChatRequest &request, const RequestOptions &options);
// The edits of a body that already is one: the limit, and signatures of other vendors, which Google would refuse.
void pass_request(const JsonDoc &doc, const RequestOptions &options, JsonSplice &splice);
void add_prompts(const JsonDoc &doc, std::span<const Prompt> prompts, JsonSplice &splice);

}  // namespace aigw::dialects::google
