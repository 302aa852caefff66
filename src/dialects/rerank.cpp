// Rerank at those whose shape is not Cohere's first one with usage. Formats as their API references of 2025 say: Cohere's v2,
// Voyage's.
#include "core/json_writer.h"
#include "dialects/common.h"
#include "dialects/operations.h"

namespace aigw::dialects::operations {
namespace {

struct Shape {
    std::string_view top;        // what it calls top_n
    std::string_view results;    // the list in the answer
    bool max_tokens_per_doc;
};

constexpr Shape kCohere{"top_n", "results", true};
constexpr Shape kVoyage{"top_k", "data", false};

// A document is its text: a string, or an object with one.
JsonValue text_of(JsonValue document) {
    return document.is_object() ? document["text"] : document;
}

class Rerank final : public ProviderOperation {
public:
    explicit Rerank(const Shape &shape) : shape_(shape) {}

    std::string path(std::string_view) const override { return "/rerank"; }

    chat::Result<WrittenRequest> write_request(const JsonDoc &request, const RequestOptions &options) const override {
        JsonValue root = request.root();
        WrittenRequest out;
        JsonWriter json(out.body);
        json.begin_object().key("model").string(options.model).key("query").raw(root["query"].raw());
        json.key("documents").begin_array();
        size_t index = 0;
        for (JsonValue document : root["documents"].elements()) {
            if (!text_of(document).is_string() || (document.is_object() && document.size() != 1)) {
                return chat::fail(chat::unsupported("documents[" + std::to_string(index) + "]", "only texts"));
            }
            json.raw(text_of(document).raw());
            index++;
        }
        json.end_array();
        if (auto error = write_rest(root, options, json, out.dropped)) {
            return chat::fail(*error);
        }
        json.end_object();
        return out;
    }

    chat::Result<OperationAnswer> read_answer(const JsonDoc &answer, JsonValue request, const AnswerOptions &options) const override {
        JsonValue root = answer.root(), results = root[shape_.results];
        if (!results.is_array()) {
            return chat::fail(root["error"] ? read_error_value(kAnsweredAnError, root) : broken_answer("the answer is incomplete"));
        }
        OperationAnswer out;
        out.usage = read_usage(root["usage"]);
        auto searches = root["meta"]["billed_units"]["search_units"].as_int64();
        out.units = {Unit::Calls, searches && *searches > 0 ? *searches : 1};
        bool documents = request["return_documents"].is_true();
        for (JsonValue result : results.elements()) {
            if (!result["index"].is_number() || !result["relevance_score"].is_number()) {
                return chat::fail(broken_answer("a result has no index or no score"));
            }
        }
        if (&shape_ != &kCohere || documents) {
            write_answer(root, results, documents ? request["documents"] : JsonValue(), options, out);
        }
        return out;
    }

private:
    static constexpr int kAnsweredAnError = 200;

    std::optional<chat::ApiError> write_rest(JsonValue root, const RequestOptions &options, JsonWriter &json,
                                             std::vector<std::string> &dropped) const {
        for (JsonValue::Member member : root.members()) {
            bool known = member.key == "model" || member.key == "query" || member.key == "documents" || member.key == "return_documents";
            if (known || member.value.is_null()) {
                continue;
            }
            if (member.key == "top_n") {
                json.key(shape_.top).raw(member.value.raw());
            } else if (member.key == "max_tokens_per_doc" && shape_.max_tokens_per_doc) {
                json.key("max_tokens_per_doc").raw(member.value.raw());
            } else if (options.drop_unsupported) {
                dropped.push_back(member.key.decode());
            } else {
                return chat::unsupported(member.key.decode());
            }
        }
        return std::nullopt;
    }

    // In Cohere's shape, with the documents if they were asked for: they are the caller's own.
    static void write_answer(JsonValue root, JsonValue results, JsonValue documents, const AnswerOptions &options, OperationAnswer &out) {
        std::vector<JsonValue> texts;
        for (JsonValue document : documents.elements()) {
            texts.push_back(text_of(document));
        }
        JsonWriter json(out.body);
        json.begin_object().key("id");
        if (root["id"].is_string()) {
            json.raw(root["id"].raw());
        } else {
            json.string(options.fallback_id);
        }
        json.key("model").string(options.model).key("results").begin_array();
        for (JsonValue result : results.elements()) {
            json.begin_object().key("index").raw(result["index"].raw()).key("relevance_score").raw(result["relevance_score"].raw());
            auto index = result["index"].as_int64();
            if (index && *index >= 0 && static_cast<size_t>(*index) < texts.size()) {
                json.key("document").begin_object().key("text").raw(texts[static_cast<size_t>(*index)].raw()).end_object();
            }
            json.end_object();
        }
        json.end_array();
        if (out.usage) {
            json.key("usage").begin_object().key("total_tokens").number(out.usage->total()).end_object();
        }
        if (JsonValue meta = root["meta"]; meta.is_object()) {
            json.key("meta").raw(meta.raw());
        }
        json.end_object();
    }

    const Shape &shape_;
};

}  // namespace

const ProviderOperation &cohere_rerank() {
    static const Rerank operation(kCohere);
    return operation;
}

const ProviderOperation &voyage_rerank() {
    static const Rerank operation(kVoyage);
    return operation;
}

}  // namespace aigw::dialects::operations
