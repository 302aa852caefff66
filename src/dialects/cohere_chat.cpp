// Cohere's chat, version 2: https://docs.cohere.com/reference/chat. Version 1 is another API.
#include "dialects/cohere_chat.h"

#include "dialects/common.h"
#include "dialects/native.h"

namespace aigw::dialects {

namespace {

class CohereChat final : public ProviderDialect {
public:
    std::string_view name() const override { return "cohere_chat"; }
    std::string path(std::string_view, bool) const override { return "/chat"; }

    chat::Result<WrittenRequest> write_request(const chat::ChatRequest &request,
                                               const RequestOptions &options) const override {
        return cohere::write_request(request, options);
    }
    std::unique_ptr<ResponseReader> response_reader() const override { return cohere::response_reader(); }
    std::optional<chat::Usage> read_usage(JsonValue answer) const override { return cohere::read_usage(answer); }
    chat::ApiError read_error(int status, std::string_view body, JsonParser &parser) const override {
        return read_provider_error(status, body, parser);
    }
};

}  // namespace

const ProviderDialect &cohere_chat() {
    static const CohereChat dialect;
    return dialect;
}

}  // namespace aigw::dialects
