#include "dialects/embeddings.h"

#include <bit>

#include "core/json_writer.h"
#include "dialects/base64.h"
#include "dialects/common.h"
#include "dialects/request_facts.h"

namespace aigw::dialects::operations {
namespace {

// False: a list that holds anything but numbers.
bool append_floats(JsonValue vector, std::string &bytes) {
    for (JsonValue element : vector.elements()) {
        auto number = element.as_double();
        if (!number) {
            return false;
        }
        auto bits = std::bit_cast<uint32_t>(static_cast<float>(*number));
        for (int shift = 0; shift < 32; shift += 8) {
            bytes.push_back(static_cast<char>(bits >> shift & 0xff));
        }
    }
    return true;
}

bool write_vector(JsonValue vector, bool base64, JsonWriter &json) {
    if (!vector.is_array() || vector.size() == 0) {
        return false;
    }
    if (!base64) {
        json.raw(vector.raw());
        return true;
    }
    std::string bytes;
    bytes.reserve(vector.size() * sizeof(float));
    if (!append_floats(vector, bytes)) {
        return false;
    }
    std::string encoded;
    append_base64(encoded, bytes);
    json.string(encoded);
    return true;
}

}  // namespace

chat::Result<EmbeddingRequest> read_embedding_request(const JsonDoc &request, const RequestOptions &options,
                                                      std::vector<std::string> &dropped) {
    EmbeddingRequest out;
    for (JsonValue::Member member : request.root().members()) {
        if (member.key == "model" || member.key == "input" || member.key == "encoding_format") {
            continue;
        }
        if (member.key == "dimensions") {
            out.dimensions = member.value.as_int64();
        } else if (member.key == "user" || options.drop_unsupported) {
            dropped.push_back(member.key.decode());
        } else {
            return chat::fail(chat::unsupported(member.key.decode()));
        }
    }
    JsonValue input = request.root()["input"];
    if (input.is_string()) {
        out.inputs.push_back(input.text());
        return out;
    }
    for (JsonValue element : input.elements()) {
        if (!element.is_string()) {
            return chat::fail(chat::unsupported("input[" + std::to_string(out.inputs.size()) + "]", "only texts"));
        }
        out.inputs.push_back(element.text());
    }
    return out;
}

chat::Result<OperationAnswer> write_embeddings(const std::vector<JsonValue> &vectors, JsonValue request,
                                               const AnswerOptions &options, std::optional<chat::Usage> usage) {
    JsonValue input = request["input"];
    bool base64 = request["encoding_format"].equals("base64");
    if (vectors.size() != (input.is_string() ? 1 : input.size())) {
        return chat::fail(broken_answer("there is not one embedding for each input"));
    }
    OperationAnswer out;
    JsonWriter json(out.body);
    json.begin_object().key("object").string("list").key("data").begin_array();
    for (size_t i = 0; i < vectors.size(); i++) {
        json.begin_object().key("object").string("embedding").key("index").number(static_cast<int64_t>(i)).key("embedding");
        if (!write_vector(vectors[i], base64, json)) {
            return chat::fail(broken_answer("an embedding is no list of numbers"));
        }
        json.end_object();
    }
    Tokens tokens = usage ? usage->prompt : options.input_tokens;
    json.end_array().key("model").string(options.model).key("usage").begin_object();
    json.key("prompt_tokens").number(tokens).key("total_tokens").number(tokens).end_object().end_object();
    out.usage = usage;
    out.units = {Unit::Tokens, tokens};
    return out;
}

}  // namespace aigw::dialects::operations
