#include "dialects/gemini_logprobs.h"

#include "core/json_writer.h"
#include "dialects/gemini_fields.h"

namespace aigw::dialects::google {

namespace {

bool is_likely(JsonValue number) { return number.as_double().has_value(); }

// OpenAI's: the bytes tell where a character was cut between two tokens, which Google does not say.
void write_likely(JsonValue token, JsonWriter &json) {
    json.key("token").text(token["token"].text()).key("logprob").raw(field(token, "logProbability").raw());
    json.key("bytes").null();
}

void write_google(JsonValue token, JsonWriter &json) {
    json.begin_object().key("token").text(token["token"].text());
    json.key("logProbability").raw(token["logprob"].raw()).end_object();
}

}  // namespace

std::string read_logprobs(JsonValue result) {
    JsonValue chosen = field(result, "chosenCandidates"), top = field(result, "topCandidates");
    auto others = top.elements();
    auto at = others.begin();
    std::string list;
    JsonWriter json(list);
    json.begin_array();
    for (JsonValue token : chosen.elements()) {
        JsonValue beside;
        if (at != others.end()) {
            beside = (*at)["candidates"];
            ++at;
        }
        if (!is_likely(field(token, "logProbability"))) continue;
        json.begin_object();
        write_likely(token, json);
        json.key("top_logprobs").begin_array();
        for (JsonValue other : beside.elements()) {
            if (!is_likely(field(other, "logProbability"))) continue;
            json.begin_object();
            write_likely(other, json);
            json.end_object();
        }
        json.end_array().end_object();
    }
    json.end_array();
    return list.substr(1, list.size() - 2);
}

std::string write_logprobs(std::string_view elements) {
    JsonParser parser;
    JsonDoc doc;
    const std::string text = "[" + std::string(elements) + "]";
    std::string out;
    if (!parser.parse(text, doc)) return "{}";
    JsonWriter json(out);
    json.begin_object().key("topCandidates").begin_array();
    for (JsonValue token : doc.root().elements()) {
        if (!is_likely(token["logprob"])) continue;
        json.begin_object().key("candidates").begin_array();
        for (JsonValue other : token["top_logprobs"].elements()) {
            if (is_likely(other["logprob"])) write_google(other, json);
        }
        json.end_array().end_object();
    }
    json.end_array().key("chosenCandidates").begin_array();
    for (JsonValue token : doc.root().elements()) {
        if (is_likely(token["logprob"])) write_google(token, json);
    }
    json.end_array().end_object();
    return out;
}

}  // namespace aigw::dialects::google
