// Answers of Cohere. The plan that it tells before tools counts as thinking; citations are left alone. Only message-end makes
// a stream whole, and it may tell that the answer failed.
#include <algorithm>
#include <array>
#include <vector>

#include "core/json_writer.h"
#include "dialects/cohere_chat.h"
#include "dialects/common.h"

namespace aigw::dialects::cohere {

namespace {

using chat::Delta;
using chat::DeltaSink;
using chat::FinishReason;
using Kind = chat::Delta::Kind;

constexpr size_t kMaxToolCalls = 1024;
constexpr std::string_view kMalformed = "The provider's answer is malformed.";

struct FinishWord {
    std::string_view word;
    FinishReason reason;
};

constexpr std::array<FinishWord, 5> kFinishWords{{{"COMPLETE", FinishReason::Stop},
                                                  {"STOP_SEQUENCE", FinishReason::Stop},
                                                  {"MAX_TOKENS", FinishReason::Length},
                                                  {"TOOL_CALL", FinishReason::ToolCalls},
                                                  {"ERROR_TOXIC", FinishReason::ContentFilter}}};

bool is_failure(JsonText word) { return word == "ERROR" || word == "TIMEOUT"; }

// Neither null nor empty.
bool says_something(JsonValue value) {
    return value && !value.is_null() && !(value.is_string() && value.text().empty());
}

bool is_error(JsonValue root) {
    if (says_something(root["error"])) return true;
    // Flat, in place of an answer or an event.
    return !root["type"] && root["message"].is_string();
}

class Reader final : public ResponseReader {
public:
    chat::Result<void> event(const SseEvent &event, const JsonDoc *doc, DeltaSink &sink) override {
        if (ended_ || event.data == "[DONE]") return {};
        if (!doc && event.data.empty()) return {};
        return checked(read_event(event, doc ? doc->root() : JsonValue(), sink));
    }

    chat::Result<void> answer(const JsonDoc &doc, DeltaSink &sink) override {
        return ended_ ? chat::Result<void>() : checked(read_answer(doc.root(), sink));
    }

    chat::Result<void> finish(DeltaSink &) override {
        if (ended_) return {};
        return checked(chat::fail(broken_answer("The provider's answer was cut off.")));
    }

private:
    struct Call {
        int64_t index;  // the provider's
        bool open;
    };

    chat::Result<void> checked(chat::Result<void> result) {
        if (!result) ended_ = true;
        return result;
    }

    chat::Result<void> read_event(const SseEvent &event, JsonValue root, DeltaSink &sink) {
        if (!root.is_object() || event.name == "error" || is_error(root)) {
            return chat::fail(root.is_object() ? read_error_value(200, root) : broken_answer(kMalformed));
        }
        std::string type = root["type"] ? root["type"].text().decode() : std::string(event.name);
        JsonValue delta = root["delta"], message = delta["message"];
        int64_t index = root["index"].as_int64().value_or(0);
        if (type != "message-end" && type != "debug") start(root["id"], sink);
        if (type == "content-start" || type == "content-delta") {
            piece(message["content"], sink);
        } else if (type == "tool-plan-delta") {
            text(Kind::Reasoning, message["tool_plan"], sink);
        } else if (type == "tool-call-start") {
            return tool_start(index, first_of(message["tool_calls"]), sink);
        } else if (type == "tool-call-delta") {
            return tool_piece(index, first_of(message["tool_calls"])["function"]["arguments"], sink);
        } else if (type == "tool-call-end") {
            tool_end(index, sink);
        } else if (type == "message-end") {
            return end(delta, sink);
        }
        return {};
    }

    chat::Result<void> read_answer(JsonValue root, DeltaSink &sink) {
        if (!root.is_object()) return chat::fail(broken_answer(kMalformed));
        JsonValue message = root["message"];
        if (!message.is_object()) {
            return chat::fail(is_error(root) ? read_error_value(200, root) : broken_answer(kMalformed));
        }
        start(root["id"], sink);
        text(Kind::Reasoning, message["tool_plan"], sink);
        text(Kind::Text, message["content"], sink);
        for (JsonValue part : message["content"].elements()) {
            piece(part, sink);
        }
        int64_t index = 0;
        for (JsonValue call : message["tool_calls"].elements()) {
            if (auto read = tool_start(index, call, sink); !read) return read;
            tool_end(index++, sink);
        }
        return end(root, sink);
    }

    void start(JsonValue id, DeltaSink &sink) {
        if (started_) return;
        started_ = true;
        sink.on_delta(Delta{.kind = Kind::Start, .id = id.text()});
    }

    static void text(Kind kind, JsonValue value, DeltaSink &sink) {
        if (!value.text().empty()) sink.on_delta(Delta{.kind = kind, .text = value.text()});
    }

    static void piece(JsonValue content, DeltaSink &sink) {
        text(Kind::Reasoning, content["thinking"], sink);
        text(Kind::Text, content["text"], sink);
    }

    // One call, or a list of it.
    static JsonValue first_of(JsonValue calls) {
        for (JsonValue call : calls.elements()) {
            return call;
        }
        return calls;
    }

    chat::Result<void> tool_start(int64_t index, JsonValue call, DeltaSink &sink) {
        JsonText name = call["function"]["name"].text();
        if (name.empty()) return chat::fail(broken_answer("The provider sent a tool call without a name."));
        if (calls_.size() >= kMaxToolCalls) return chat::fail(broken_answer("The provider sent too many tool calls."));
        calls_.push_back({index, true});
        auto ordinal = static_cast<uint32_t>(calls_.size() - 1);
        sink.on_delta(Delta{.kind = Kind::ToolStart, .index = ordinal, .id = call["id"].text(), .name = name});
        return tool_piece(index, call["function"]["arguments"], sink);
    }

    chat::Result<void> tool_piece(int64_t index, JsonValue arguments, DeltaSink &sink) {
        std::string escaped;
        if (arguments.is_object()) append_json_escaped(escaped, arguments.raw());
        JsonText text = arguments.is_object() ? JsonText{escaped} : arguments.text();
        if (text.empty()) return {};
        size_t at = find(index);
        if (at == calls_.size()) return chat::fail(broken_answer(kMalformed));
        sink.on_delta(Delta{.kind = Kind::ToolArgs, .index = static_cast<uint32_t>(at), .text = text});
        return {};
    }

    void tool_end(int64_t index, DeltaSink &sink) {
        size_t at = find(index);
        if (at < calls_.size()) close(at, sink);
    }

    void close(size_t at, DeltaSink &sink) {
        calls_[at].open = false;
        sink.on_delta(Delta{.kind = Kind::ToolEnd, .index = static_cast<uint32_t>(at)});
    }

    // The latest that is open; all of them if there is none.
    size_t find(int64_t index) const {
        for (size_t at = calls_.size(); at > 0; --at) {
            if (calls_[at - 1].index == index && calls_[at - 1].open) return at - 1;
        }
        return calls_.size();
    }

    // `value` has finish_reason and usage: a whole answer, or the delta of message-end.
    chat::Result<void> end(JsonValue value, DeltaSink &sink) {
        JsonText word = value["finish_reason"].text();
        if (says_something(value["error"])) return chat::fail(read_error_value(200, value));
        if (is_failure(word)) return chat::fail(broken_answer("The provider reported an error."));
        start({}, sink);
        ended_ = true;
        for (size_t at = 0; at < calls_.size(); ++at) {
            if (calls_[at].open) close(at, sink);
        }
        auto known = std::find_if(kFinishWords.begin(), kFinishWords.end(), [&](const FinishWord &w) { return word == w.word; });
        FinishReason reason = known == kFinishWords.end() ? FinishReason::Stop : known->reason;
        if (!calls_.empty() && reason == FinishReason::Stop) reason = FinishReason::ToolCalls;
        sink.on_delta(Delta{.kind = Kind::Finish, .text = word, .finish = reason});
        std::optional<chat::Usage> usage = read_usage(value);
        if (usage) sink.on_delta(Delta{.kind = Kind::Usage, .usage = &*usage});
        sink.on_delta(Delta{.kind = Kind::End});
        return {};
    }

    std::vector<Call> calls_;
    bool started_ = false;
    bool ended_ = false;
};

}  // namespace

std::optional<chat::Usage> read_usage(JsonValue root) {
    JsonValue told = root["usage"] ? root["usage"] : root["meta"];
    JsonValue tokens = told["tokens"].is_object() ? told["tokens"] : told["billed_units"];
    std::optional<Tokens> input = read_count(tokens["input_tokens"]), output = read_count(tokens["output_tokens"]);
    if (!input && !output) return std::nullopt;
    chat::Usage usage;
    usage.prompt = input.value_or(0);
    usage.completion = output.value_or(0);
    usage.cached = std::min(read_count(told["cached_tokens"]).value_or(0), usage.prompt);
    usage.reasoning = std::min(read_count(tokens["reasoning_tokens"]).value_or(0), usage.completion);
    return usage;
}

std::unique_ptr<ResponseReader> response_reader() { return std::make_unique<Reader>(); }

}  // namespace aigw::dialects::cohere
