// The dialect of Bedrock's Converse and ConverseStream: its parts put together. The model stands in the path.
#include "dialects/bedrock_request_write.h"
#include "dialects/bedrock_response_read.h"
#include "dialects/dialect.h"
#include "dialects/path_segment.h"

namespace aigw::dialects {

namespace {

class BedrockConverse final : public ProviderDialect {
public:
    std::string_view name() const override { return "bedrock_converse"; }
    std::string path(std::string_view model, bool stream) const override {
        std::string path = "/model/";
        append_path_segment(path, model);
        return path + (stream ? "/converse-stream" : "/converse");
    }
    Framing framing() const override { return Framing::AwsEventStream; }

    chat::Result<WrittenRequest> write_request(const chat::ChatRequest &request,
                                               const RequestOptions &options) const override {
        return bedrock::write_request(request, options);
    }
    std::unique_ptr<ResponseReader> response_reader() const override { return bedrock::make_response_reader(); }
    chat::ApiError read_error(int status, std::string_view body, JsonParser &parser) const override {
        return bedrock::read_error(status, body, parser);
    }
};

}  // namespace

const ProviderDialect &bedrock_converse() {
    static const BedrockConverse dialect;
    return dialect;
}

}  // namespace aigw::dialects
