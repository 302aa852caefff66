// Answers of Ollama: each line holds a piece of the message, tool calls whole. Only a line that says done makes it whole.
#include "core/json_writer.h"
#include "dialects/common.h"
#include "dialects/ollama_chat.h"
#include "dialects/tool_arguments.h"

namespace aigw::dialects::ollama {

namespace {

using chat::Delta;
using chat::DeltaSink;
using chat::FinishReason;
using Kind = chat::Delta::Kind;

constexpr uint32_t kMaxToolCalls = 1024;

bool is_error(JsonValue root) {
    JsonValue error = root["error"];
    return error && !error.is_null() && !(error.is_string() && error.text().empty());
}

class Reader final : public ResponseReader {
public:
    chat::Result<void> event(const SseEvent &event, const JsonDoc *doc, DeltaSink &sink) override {
        if (ended_) return {};
        if (!doc) return failed(event.data.empty() ? chat::Result<void>() : chat::fail(broken_answer(kMalformed)));
        return failed(read(doc->root(), sink));
    }

    chat::Result<void> answer(const JsonDoc &doc, DeltaSink &sink) override {
        if (auto done = failed(read(doc.root(), sink)); !done) return done;
        // Servers like it may leave `done` out of an answer that is all there is.
        return ended_ ? chat::Result<void>() : end(doc.root(), sink);
    }

    chat::Result<void> finish(DeltaSink &) override {
        if (ended_) return {};
        return failed(chat::fail(broken_answer("The provider's answer was cut off.")));
    }

private:
    static constexpr std::string_view kMalformed = "The provider's answer is malformed.";

    chat::Result<void> failed(chat::Result<void> result) {
        if (!result) ended_ = true;
        return result;
    }

    chat::Result<void> read(JsonValue root, DeltaSink &sink) {
        if (!root.is_object()) return chat::fail(broken_answer(kMalformed));
        if (is_error(root)) return chat::fail(read_error_value(200, root));
        JsonValue message = root["message"];
        if (!message.is_object() && !root["done"].is_true()) return chat::fail(broken_answer(kMalformed));
        start(root, sink);
        text(Kind::Reasoning, message["thinking"], sink);
        text(Kind::Text, message["content"], sink);
        for (JsonValue call : message["tool_calls"].elements()) {
            if (auto read = tool_call(call, sink); !read) return read;
        }
        return root["done"].is_true() ? end(root, sink) : chat::Result<void>();
    }

    void start(JsonValue root, DeltaSink &sink) {
        if (started_) return;
        started_ = true;
        seed_ = root["created_at"].text().escaped;
        sink.on_delta(Delta{.kind = Kind::Start, .name = root["model"].text()});
    }

    static void text(Kind kind, JsonValue value, DeltaSink &sink) {
        if (!value.text().empty()) sink.on_delta(Delta{.kind = kind, .text = value.text()});
    }

    chat::Result<void> tool_call(JsonValue call, DeltaSink &sink) {
        JsonValue function = call["function"], arguments = function["arguments"];
        if (function["name"].text().empty()) return chat::fail(broken_answer("The provider sent a tool call without a name."));
        if (calls_ >= kMaxToolCalls) return chat::fail(broken_answer("The provider sent too many tool calls."));
        std::string made = call["id"].text().empty() ? made_up_call_id(JsonText{seed_}, calls_) : std::string();
        JsonText id = made.empty() ? call["id"].text() : JsonText{made};
        sink.on_delta(Delta{.kind = Kind::ToolStart, .index = calls_, .id = id, .name = function["name"].text()});
        std::string escaped;
        if (arguments.is_object()) append_json_escaped(escaped, arguments.raw());
        JsonText pieces = arguments.is_string() ? arguments.text() : JsonText{escaped};
        if (!pieces.empty()) sink.on_delta(Delta{.kind = Kind::ToolArgs, .index = calls_, .text = pieces});
        sink.on_delta(Delta{.kind = Kind::ToolEnd, .index = calls_++});
        return {};
    }

    chat::Result<void> end(JsonValue root, DeltaSink &sink) {
        ended_ = true;
        JsonText word = root["done_reason"].text();
        FinishReason reason = word == "length" ? FinishReason::Length : FinishReason::Stop;
        if (calls_ > 0 && reason == FinishReason::Stop) reason = FinishReason::ToolCalls;
        sink.on_delta(Delta{.kind = Kind::Finish, .text = word, .finish = reason});
        std::optional<chat::Usage> usage = read_usage(root);
        if (usage) sink.on_delta(Delta{.kind = Kind::Usage, .usage = &*usage});
        sink.on_delta(Delta{.kind = Kind::End});
        return {};
    }

    std::string seed_;  // of made-up ids, escaped
    uint32_t calls_ = 0;
    bool started_ = false;
    bool ended_ = false;
};

}  // namespace

std::optional<chat::Usage> read_usage(JsonValue root) {
    std::optional<Tokens> prompt = read_count(root["prompt_eval_count"]), completion = read_count(root["eval_count"]);
    if (!prompt || !completion) return std::nullopt;
    chat::Usage usage;
    usage.prompt = *prompt;
    usage.completion = *completion;
    return usage;
}

std::unique_ptr<ResponseReader> response_reader() { return std::make_unique<Reader>(); }

}  // namespace aigw::dialects::ollama
