// The parts of OpenAI's legacy completions, where a prompt is a text that is continued. To a provider of chats the prompt
// is a user's message; what has no meaning there (echo, suffix, best_of, logprobs) is refused by its path.
#pragma once

#include <memory>
#include <span>

#include "dialects/dialect.h"

namespace aigw::dialects::completions {

inline constexpr size_t kMaxPrompts = 2048;  // of one call, as at OpenAI

RequestFacts facts(JsonValue body);
// Prompts are texts: lists of token ids can neither be counted nor looked at by guardrails.
std::optional<chat::ApiError> check(JsonValue body);
chat::Result<chat::ChatRequest> read_request(const JsonDoc &doc);
void pass_request(const JsonDoc &doc, const RequestOptions &options, JsonSplice &splice);
// Before and after each text, whatever the role: there are none.
void add_prompts(const JsonDoc &doc, std::span<const Prompt> prompts, JsonSplice &splice);

std::unique_ptr<ResponseWriter> stream_writer(const AnswerOptions &options);
std::unique_ptr<ResponseWriter> answer_writer(const AnswerOptions &options);

}  // namespace aigw::dialects::completions
