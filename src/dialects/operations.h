// The operations of providers, for operation.cpp's table. Inside the dialects only.
#pragma once

#include <vector>

#include "dialects/operation.h"

namespace aigw::dialects::operations {

// The same shape on both sides: the model is spliced in, the answer passes.
const ProviderOperation &count_tokens();       // Anthropic
const ProviderOperation &gemini_count_tokens();
const ProviderOperation &openai_embeddings();
const ProviderOperation &openai_moderations();
const ProviderOperation &openai_images();
const ProviderOperation &openai_speech();
const ProviderOperation &jina_rerank();        // Jina, vLLM: Cohere's shape with usage
const ProviderOperation &openai_transcription();
const ProviderOperation &openai_translation();

// Others: rerank.cpp, images.cpp.
const ProviderOperation &cohere_rerank();      // its v2, which takes texts only and does not send them back
const ProviderOperation &voyage_rerank();
const ProviderOperation &gemini_images();      // imagen's predict; the other models' generateContent

// The caller's request with the provider's name of the model, all else byte for byte.
std::string with_model(const JsonDoc &request, std::string_view model);
// OpenAI's `usage` of an answer that is no chat: prompt_tokens or input_tokens, or total_tokens alone.
std::optional<chat::Usage> read_usage(JsonValue usage);

}  // namespace aigw::dialects::operations
