// Ollama's own API: https://docs.ollama.com/api/chat. A stream is a JSON object a line; the last one says done. Its
// OpenAI-shaped API is the row ollama-v1.
#include "dialects/ollama_chat.h"

#include "dialects/common.h"
#include "dialects/native.h"

namespace aigw::dialects {

namespace {

class OllamaChat final : public ProviderDialect {
public:
    std::string_view name() const override { return "ollama_chat"; }
    std::string path(std::string_view, bool) const override { return "/chat"; }
    Framing framing() const override { return Framing::Ndjson; }

    chat::Result<WrittenRequest> write_request(const chat::ChatRequest &request,
                                               const RequestOptions &options) const override {
        return ollama::write_request(request, options);
    }
    std::unique_ptr<ResponseReader> response_reader() const override { return ollama::response_reader(); }
    std::optional<chat::Usage> read_usage(JsonValue answer) const override { return ollama::read_usage(answer); }
    chat::ApiError read_error(int status, std::string_view body, JsonParser &parser) const override {
        return read_provider_error(status, body, parser);
    }
};

}  // namespace

const ProviderDialect &ollama_chat() {
    static const OllamaChat dialect;
    return dialect;
}

}  // namespace aigw::dialects
