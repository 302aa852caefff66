// Claude where another vendor hosts it: Anthropic's body without the model, which stands in the path, and with the version
// that is a header otherwise. Bedrock's InvokeModel wraps each event of a stream in base64 in a binary frame; Vertex sends
// Anthropic's own events.
#include <algorithm>
#include <array>
#include <string>

#include "dialects/anthropic_request_write.h"
#include "dialects/anthropic_response_read.h"
#include "dialects/base64.h"
#include "dialects/bedrock_response_read.h"
#include "dialects/common.h"
#include "dialects/dialect.h"
#include "dialects/path_segment.h"

namespace aigw::dialects {

namespace {

// {"bytes":"...","p":"padding"}
class FrameReader final : public ResponseReader {
public:
    chat::Result<void> event(const SseEvent &event, const JsonDoc *doc, chat::DeltaSink &sink) override {
        const JsonValue root = doc ? doc->root() : JsonValue();
        if (event.failure || event.name.ends_with("Exception"))
            return chat::fail(bedrock::stream_exception(event.name, root));
        if (!root["bytes"].is_string())
            return {};
        auto inner = decode_base64(root["bytes"].text().decode());
        if (!inner)
            return chat::fail(broken_answer("The provider sent an event that is not base64."));
        inner_ = std::move(*inner);
        const bool json = parser_.parse(inner_, doc_).has_value();
        const JsonText type = json ? doc_.root()["type"].text() : JsonText();
        return reader_->event({type.escaped, inner_}, json ? &doc_ : nullptr, sink);
    }
    chat::Result<void> answer(const JsonDoc &doc, chat::DeltaSink &sink) override { return reader_->answer(doc, sink); }
    chat::Result<void> finish(chat::DeltaSink &sink) override { return reader_->finish(sink); }

private:
    std::unique_ptr<ResponseReader> reader_ = anthropic::make_response_reader();
    JsonParser parser_;
    JsonDoc doc_;
    std::string inner_;
};

class BedrockAnthropic final : public ProviderDialect {
public:
    std::string_view name() const override { return "bedrock_anthropic"; }
    std::string path(std::string_view model, bool stream) const override {
        std::string path = "/model/";
        append_path_segment(path, model);
        return path + (stream ? "/invoke-with-response-stream" : "/invoke");
    }
    Framing framing() const override { return Framing::AwsEventStream; }

    chat::Result<WrittenRequest> write_request(const chat::ChatRequest &request,
                                               const RequestOptions &options) const override {
        return anthropic::write_request(request, options, {"bedrock-2023-05-31", false, true});
    }
    std::unique_ptr<ResponseReader> response_reader() const override { return std::make_unique<FrameReader>(); }
    chat::ApiError read_error(int status, std::string_view body, JsonParser &parser) const override {
        return bedrock::read_error(status, body, parser);
    }
};

class VertexAnthropic final : public ProviderDialect {
public:
    std::string_view name() const override { return "vertex_anthropic"; }
    std::string path(std::string_view model, bool stream) const override {
        std::string path = "/";
        append_path_segment(path, model);
        return path + (stream ? ":streamRawPredict" : ":rawPredict");
    }

    chat::Result<WrittenRequest> write_request(const chat::ChatRequest &request,
                                               const RequestOptions &options) const override {
        return anthropic::write_request(request, options, {"vertex-2023-10-16", true});
    }
    std::unique_ptr<ResponseReader> response_reader() const override { return anthropic::make_response_reader(); }
    chat::ApiError read_error(int status, std::string_view body, JsonParser &parser) const override {
        return read_provider_error(status, body, parser);
    }
};

}  // namespace

namespace anthropic {

// What Bedrock documents and every model of it takes. Claude Code names itself and more that is none of a host's business.
std::string hosted_betas(std::string_view header, bool &left_out) {
    constexpr std::array<std::string_view, 6> kKnown{"interleaved-thinking-2025-05-14",  "context-1m-2025-08-07",
                                                     "computer-use-2024-10-22",          "computer-use-2025-01-24",
                                                     "token-efficient-tools-2025-02-19", "output-128k-2025-02-19"};
    std::string betas;
    while (!header.empty()) {
        std::string_view one = header.substr(0, header.find(','));
        header.remove_prefix(std::min(header.size(), one.size() + 1));
        while (one.starts_with(' ')) one.remove_prefix(1);
        while (one.ends_with(' ')) one.remove_suffix(1);
        if (std::find(kKnown.begin(), kKnown.end(), one) == kKnown.end()) {
            left_out = left_out || !one.empty();
        } else if (betas.find(one) == betas.npos) {
            betas.append(betas.empty() ? "" : ",").append(one);
        }
    }
    return betas;
}

}  // namespace anthropic

const ProviderDialect &bedrock_anthropic() {
    static const BedrockAnthropic dialect;
    return dialect;
}

const ProviderDialect &vertex_anthropic() {
    static const VertexAnthropic dialect;
    return dialect;
}

}  // namespace aigw::dialects
