// Mistral's chat completions, where they differ from OpenAI's: https://docs.mistral.ai/api. It answers 422 to a member that
// it does not know, also inside a message, and 400 to a tool call's id that is not nine letters and digits.
#include <algorithm>
#include <array>

#include "core/digest.h"
#include "dialects/common.h"
#include "dialects/openai_chat.h"
#include "dialects/openai_quirks.h"

namespace aigw::dialects::openai {

namespace {

constexpr size_t kIdLength = 9;
constexpr double kMaxTemperature = 1.5;

bool is_alnum(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// An id of its own stays; another one's becomes the same nine characters wherever it stands.
std::string own_id(JsonText id) {
    std::string plain = id.decode();
    if (plain.size() == kIdLength && std::all_of(plain.begin(), plain.end(), is_alnum)) return plain;
    static constexpr std::string_view kAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    Sha256 digest = sha256(plain);
    std::string out;
    for (size_t i = 0; i < kIdLength; ++i) {
        out += kAlphabet[(digest[2 * i] * 256u + digest[2 * i + 1]) % kAlphabet.size()];
    }
    return out;
}

void adapt_id(JsonValue id, Adapting &adapting) {
    if (!id.is_string() || id.text().empty()) return;
    std::string own = own_id(id.text());
    if (!id.equals(own)) adapting.splice.replace(id, '"' + own + '"');
}

std::string chunk(std::string_view type, JsonText value, JsonValue title) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("type").string(type).key(type).text(value);
    if (title.is_string()) json.key("document_name").text(title.text());
    json.end_object();
    return out;
}

// Files and sound have names of their own there.
void adapt_part(JsonValue part, Adapting &adapting) {
    JsonValue file = part["file"], audio = part["input_audio"];
    if (JsonValue data = file["file_data"]; part["type"].equals("file") && data.is_string()) {
        adapting.splice.replace(part, chunk("document_url", data.text(), file["filename"]));
    } else if (JsonValue sound = audio["data"]; part["type"].equals("input_audio") && sound.is_string()) {
        adapting.splice.replace(part, chunk("input_audio", sound.text(), {}));
    }
}

// What an OpenAI client repeats of an earlier answer.
void adapt_assistant(JsonValue message, const chat::Origin &origin, Adapting &adapting) {
    constexpr std::array<std::string_view, 7> kUnknown{"refusal",   "annotations",     "audio",            "reasoning_content",
                                                       "reasoning", "thinking_blocks", "reasoning_details"};
    for (std::string_view name : kUnknown) {
        adapting.take_out(message, origin, name);
    }
    for (JsonValue call : message["tool_calls"].elements()) {
        adapt_id(call["id"], adapting);
    }
}

void adapt_history(JsonValue messages, Adapting &adapting) {
    int32_t i = 0;
    JsonValue last;
    for (JsonValue message : messages.elements()) {
        chat::Origin origin{"messages", i++};
        last = message;
        for (JsonValue part : message["content"].elements()) {
            adapt_part(part, adapting);
        }
        adapt_id(message["tool_call_id"], adapting);
        if (message["role"].equals("assistant")) adapt_assistant(message, origin, adapting);
    }
    // An answer that it shall go on with is marked as one.
    if (last["role"].equals("assistant") && last["tool_calls"].size() == 0 && !last["prefix"]) {
        adapting.splice.set(last, "prefix", "true");
    }
}

// It thinks, or it does not.
void adapt_effort(JsonValue root, Adapting &adapting) {
    JsonValue effort = root["reasoning_effort"];
    if (!effort.is_string() || effort.equals("none") || effort.equals("high")) return;
    bool off = effort.equals("minimal");
    adapting.splice.replace(effort, off ? "\"none\"" : "\"high\"");
    adapting.dropped.emplace_back("reasoning_effort");
}

}  // namespace

bool adapt_to_mistral(JsonValue root, Adapting &adapting) {
    if (JsonValue seed = root["seed"]; seed) {
        if (!seed.is_null()) adapting.splice.set(root, "random_seed", std::string(seed.raw()));
        adapting.splice.remove(root, "seed");
    }
    if (JsonValue choice = root["tool_choice"]; choice.equals("required")) adapting.splice.replace(choice, "\"any\"");
    JsonValue temperature = root["temperature"];
    if (std::optional<double> degrees = temperature ? temperature.as_double() : std::nullopt; degrees > kMaxTemperature) {
        adapting.splice.replace(temperature, "1.5");
        adapting.dropped.emplace_back("temperature");
    }
    adapt_effort(root, adapting);
    adapt_history(root["messages"], adapting);
    return true;
}

}  // namespace aigw::dialects::openai
