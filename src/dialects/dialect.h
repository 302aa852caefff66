// A dialect is a wire format: one file each, one line in registry.cpp. It reads and writes requests, answers and
// errors; it knows nothing of hosts, keys or retries. What passes from one to another: docs/carried.md.
// A ProviderDialect is one that only providers speak; a Dialect is one that callers speak too.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chat/delta.h"
#include "chat/error.h"
#include "chat/message.h"
#include "chat/quirks.h"
#include "core/json.h"
#include "core/json_splice.h"
#include "core/units.h"
#include "dialects/prompts.h"
#include "dialects/request_facts.h"
#include "stream/event_reader.h"

namespace aigw::dialects {

using chat::Quirks;

struct RequestOptions {
    std::string_view model;            // the provider's name for it, plain UTF-8
    bool stream = false;
    Tokens default_max_tokens = 4096;  // where the dialect demands a limit and the caller gave none
    std::optional<Tokens> max_tokens;  // at most, whatever the caller asked for
    bool drop_unsupported = false;     // ai_unsupported drop: list what has no place instead of refusing it
    Quirks quirks;
    std::string_view anthropic_beta;   // the caller's header, for Claude behind an API that has no such header
};

struct WrittenRequest {
    std::string body;
    std::vector<std::string> dropped;  // paths of what was left out or changed, in the body's order
};

// Reads one answer of one attempt into deltas. `doc` is the event's data or the whole body, parsed; null where it is
// not JSON. Texts in the deltas point into it.
class ResponseReader {
public:
    virtual ~ResponseReader() = default;
    // One event of a stream. A failure (malformed, or the provider's own error event) ends the answer.
    virtual chat::Result<void> event(const SseEvent &event, const JsonDoc *doc, chat::DeltaSink &sink) = 0;
    // A whole JSON answer of status 200: Start to End.
    virtual chat::Result<void> answer(const JsonDoc &doc, chat::DeltaSink &sink) = 0;
    // The body ended. Emits what was waiting (End, for dialects and providers that send no end mark but a finish); an
    // error if the answer was cut: nothing said that it is whole.
    virtual chat::Result<void> finish(chat::DeltaSink &sink) = 0;
};

struct AnswerOptions {
    bool stream = false;
    bool include_usage = false;  // OpenAI: the caller asked for the usage chunk
    UnixSeconds created = 0;
    std::string fallback_id;     // where the provider gave none
    std::string model;           // where the provider named none
    Tokens input_tokens = 0;     // estimate, for dialects that tell the prompt's tokens first (Anthropic)
    JsonValue request{};         // the caller's own body, while the writer is made: for dialects that repeat it (Responses)
};

// Writes one answer for the caller: a stream's bytes (whole SSE events), or one JSON body at End.
class ResponseWriter {
public:
    virtual ~ResponseWriter() = default;
    // Appends what `delta` becomes. After End (or Error, in a stream) the answer is complete. Usage that comes between
    // Finish and End is told in the right place.
    virtual void write(const chat::Delta &delta, std::string &out) = 0;
    // Events of a stream that were written, where the dialect numbers them.
    virtual size_t told() const { return 0; }
};

class ProviderDialect {
public:
    virtual ~ProviderDialect() = default;
    virtual std::string_view name() const = 0;  // openai_chat
    // After the base URL, for a call of `model` (plain): /chat/completions. A model in a path is percent-encoded.
    virtual std::string path(std::string_view model, bool stream) const = 0;
    // How its streams are cut into events. A reader gets the same SseEvent from all of them (stream/event_reader.h).
    virtual Framing framing() const { return Framing::Sse; }

    virtual chat::Result<WrittenRequest> write_request(const chat::ChatRequest &request,
                                                       const RequestOptions &options) const = 0;
    virtual std::unique_ptr<ResponseReader> response_reader() const = 0;
    // What any answer of this family says of tokens, also one that is no chat (embeddings, completions).
    virtual std::optional<chat::Usage> read_usage(JsonValue) const { return std::nullopt; }
    // `body` is whatever the provider sent: JSON of any shape, HTML, nothing. The message is safe to pass on (keys
    // masked, HTML never quoted); status and kind are the provider's own: the gateway decides what the caller sees.
    virtual chat::ApiError read_error(int status, std::string_view body, JsonParser &parser) const = 0;
};

class Dialect : public ProviderDialect {
public:
    // Requests. What a body says of itself, and what is wrong with it at first sight; before anything else is done.
    virtual RequestFacts facts(JsonValue body) const { return facts_of_messages(body); }
    virtual std::optional<chat::ApiError> check(JsonValue body) const { return check_messages(body); }
    // Model and mode stand in the path and not in the body: read_request leaves them empty, the gateway sets them.
    virtual bool model_in_path() const { return false; }
    // The doc (parsed with refuse_duplicates) must outlive the request.
    virtual chat::Result<chat::ChatRequest> read_request(const JsonDoc &doc) const = 0;
    // Same dialect on both sides: only what must change (model, stream_options), the rest byte for byte.
    virtual void pass_request(const JsonDoc &doc, const RequestOptions &options, JsonSplice &splice) const = 0;
    // After it, for a provider that is not the dialect's inventor: what the quirks of its row ask for. Gives what was left
    // out or changed; a failure is what it has no place for.
    virtual chat::Result<std::vector<std::string>> adapt_request(const JsonDoc &, const RequestOptions &, JsonSplice &) const {
        return std::vector<std::string>();
    }
    // The part of pass_request that a stream's usage needs: asks for it, unless the caller or the dialect does already.
    // False: nothing to ask.
    virtual bool ask_usage(const JsonDoc &, JsonSplice &) const { return false; }
    // Adds an operator's messages to a body that check() passed.
    virtual void add_prompts(const JsonDoc &doc, std::span<const Prompt> prompts, JsonSplice &splice) const = 0;

    // Answers.
    // Streams begin with the prompt's tokens: the writer needs AnswerOptions::input_tokens.
    virtual bool tells_prompt_first() const { return false; }
    virtual std::unique_ptr<ResponseWriter> response_writer(const AnswerOptions &options) const = 0;
    // Same dialect on both sides: appends the event as the caller shall see it: payload byte for byte, framing normal,
    // without what only we asked for (usage, unless options.include_usage). May append nothing.
    virtual void pass_event(const SseEvent &event, const JsonDoc *doc, const AnswerOptions &options,
                            std::string &out) const = 0;
    // The last event of a stream, as bytes, for a provider of the same dialect that left it out but said that it is done.
    virtual std::string_view terminal_event() const = 0;

    // Errors, as the whole body and as the last event of a stream.
    virtual std::string write_error(const chat::ApiError &error, std::string_view request_id) const = 0;
    virtual void write_error_event(const chat::ApiError &error, std::string_view request_id,
                                   std::string &out) const = 0;
    // The same after `told` events of a stream, for dialects that number them.
    virtual void write_late_error(const chat::ApiError &error, std::string_view request_id, size_t told,
                                  std::string &out) const {
        (void)told;
        write_error_event(error, request_id, out);
    }

    // GET models, and GET models/ID for one name of the list.
    virtual std::string write_models(const std::vector<std::string> &names, UnixSeconds created) const = 0;
    virtual std::string write_model(std::string_view name, UnixSeconds created) const = 0;
};

// What providers speak, one line each. Null if there is none of that name.
const ProviderDialect *find_dialect(std::string_view name);
const std::vector<const ProviderDialect *> &provider_dialects();
// Those that callers may speak too, for conversations.
const std::vector<const Dialect *> &all_dialects();
// These and what has no conversation: legacy completions.
const std::vector<const Dialect *> &caller_dialects();

// One file each.
const Dialect &openai_chat();
const Dialect &anthropic_messages();
const Dialect &gemini();
const Dialect &openai_responses();
// For callers, and for providers whose row speaks it to them alone.
const Dialect &openai_completions();
const ProviderDialect &bedrock_converse();
// Claude at others: Bedrock's InvokeModel, Vertex's rawPredict.
const ProviderDialect &bedrock_anthropic();
const ProviderDialect &vertex_anthropic();

}  // namespace aigw::dialects
