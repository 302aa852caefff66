// Google's countTokens at Google: contents alone, or a whole request inside one member.
#include "core/json_writer.h"
#include "dialects/common.h"
#include "dialects/operations.h"
#include "dialects/path_segment.h"

namespace aigw::dialects::operations {
namespace {

constexpr std::string_view kModels = "models/";

class GeminiCount final : public ProviderOperation {
public:
    std::string path(std::string_view model) const override {
        std::string out = "/models/";
        append_path_segment(out, bare(model));
        return out + ":countTokens";
    }

    chat::Result<WrittenRequest> write_request(const JsonDoc &request, const RequestOptions &options) const override {
        JsonSplice splice(request.text());
        JsonValue root = request.root();
        if (root["model"]) splice.remove(root, "model");  // the path says it
        if (JsonValue inner = root["generateContentRequest"]; inner.is_object()) {
            std::string model = "\"models/";
            append_json_escaped(model, bare(options.model));
            splice.set(inner, "model", model + "\"");
        }
        WrittenRequest out;
        splice.append_to(out.body);
        return out;
    }

    chat::Result<OperationAnswer> read_answer(const JsonDoc &answer, JsonValue, const AnswerOptions &) const override {
        constexpr int kAnsweredAnError = 200;
        JsonValue root = answer.root();
        if (!read_count(root["totalTokens"])) {
            return chat::fail(root["error"] ? read_error_value(kAnsweredAnError, root) : broken_answer("the answer is incomplete"));
        }
        return OperationAnswer{};
    }

private:
    static std::string_view bare(std::string_view model) {
        return model.starts_with(kModels) ? model.substr(kModels.size()) : model;
    }
};

}  // namespace

const ProviderOperation &gemini_count_tokens() {
    static const GeminiCount operation;
    return operation;
}

}  // namespace aigw::dialects::operations
