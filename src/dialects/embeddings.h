// Embeddings between OpenAI's shape, which callers speak, and the providers' own. Inside the dialects only.
#pragma once

#include <string>
#include <vector>

#include "dialects/operations.h"

namespace aigw::dialects::operations {

struct EmbeddingRequest {
    std::vector<JsonText> inputs;
    std::optional<int64_t> dimensions;
};

// 400 for what only OpenAI's own servers take (lists of token ids), and for members that nobody else has a place for;
// `user` is a hint. Views into the request.
chat::Result<EmbeddingRequest> read_embedding_request(const JsonDoc &request, const RequestOptions &options,
                                                      std::vector<std::string> &dropped);

// The caller's answer. `vectors` are lists of numbers, one for each input; written as he asked for them: as they are, or in
// base64 of little-endian floats (what OpenAI's SDKs ask for). A failure: one is no such list.
chat::Result<OperationAnswer> write_embeddings(const std::vector<JsonValue> &vectors, JsonValue request,
                                               const AnswerOptions &options, std::optional<chat::Usage> usage);

const ProviderOperation &gemini_embeddings();
const ProviderOperation &vertex_embeddings();   // models/M:predict   // models/M:batchEmbedContents
const ProviderOperation &cohere_embeddings();   // v2/embed
// Nearly OpenAI's shape: the dimensions under a name of their own, and nothing else that OpenAI has.
const ProviderOperation &mistral_embeddings();
const ProviderOperation &voyage_embeddings();
const ProviderOperation &jina_embeddings();
const ProviderOperation &ollama_embeddings();   // api/embed, below a base that ends with /api
const ProviderOperation &bedrock_embeddings();  // Titan (one text a call) and Cohere, by the model

}  // namespace aigw::dialects::operations
