// Answers of OpenAI's Responses API and of everybody who answers like it. The type of an event stands in its data: some
// servers name no event. Texts are taken from the deltas; a `done` counts only where no delta came before it. Items of
// kinds that nobody else knows (tools that the provider ran) are left alone. Only response.completed, .incomplete or
// .failed makes a stream whole; [DONE] says nothing.
#include <algorithm>

#include "dialects/common.h"
#include "dialects/responses.h"

namespace aigw::dialects::responses {

namespace {

using chat::Delta;
using chat::DeltaSink;
using chat::FinishReason;
using Kind = chat::Delta::Kind;

constexpr size_t kMaxOpenItems = 1024;
constexpr size_t kMaxParts = 4096;  // of one item
constexpr std::string_view kMalformed = "The provider's answer is malformed.";
constexpr std::string_view kCut = "The provider's answer was cut off.";
constexpr std::string_view kTooMany = "The provider opened too many items.";
constexpr std::string_view kFailed = "The provider reported an error.";

class Reader final : public ResponseReader {
public:
    chat::Result<void> event(const SseEvent &event, const JsonDoc *doc, DeltaSink &sink) override;
    chat::Result<void> answer(const JsonDoc &doc, DeltaSink &sink) override;
    chat::Result<void> finish(DeltaSink &sink) override;

private:
    struct Item {
        int64_t index = 0;                         // on the wire
        std::optional<uint32_t> call{}, thought{};  // its ordinal, once it has started
        std::vector<int64_t> told{};               // parts of which something was told; a call has one
    };

    chat::Result<void> fail(chat::ApiError error);
    chat::Result<void> read_event(JsonValue root, DeltaSink &sink);
    chat::Result<void> piece(JsonValue root, std::string_view type, DeltaSink &sink);
    chat::Result<void> text(Item &item, Kind kind, int64_t part, JsonText text, DeltaSink &sink);
    chat::Result<void> terminal(JsonValue response, std::string_view type, DeltaSink &sink);
    chat::Result<void> whole_item(Item &item, JsonValue value, DeltaSink &sink);
    chat::Result<void> whole_call(Item &item, JsonValue value, DeltaSink &sink);
    chat::Result<void> whole_message(Item &item, JsonValue value, DeltaSink &sink);
    chat::Result<void> whole_thought(Item &item, JsonValue value, DeltaSink &sink);
    chat::Result<void> close(Item &item, JsonValue value, DeltaSink &sink);
    chat::Result<void> items_of(JsonValue output, DeltaSink &sink);
    void start(JsonValue response, DeltaSink &sink);
    void start_call(Item &item, JsonValue value, DeltaSink &sink);
    void end_call(Item &item, DeltaSink &sink);
    uint32_t number(Item &item);
    void finished(JsonValue response, std::string_view status, DeltaSink &sink);
    Item *open(JsonValue event);
    Item *find(int64_t index);

    std::vector<Item> open_;
    std::string call_signature_;  // of the call that comes next, escaped
    uint32_t calls_ = 0;
    uint32_t thoughts_ = 0;
    bool started_ = false;
    bool items_seen_ = false;
    int64_t closed_ = -1;  // the highest index of an item that is done
    bool ended_ = false;
};

std::string_view word_of(JsonValue value) { return value.text().escaped; }

// The kind of text that an event's name speaks of: response.<name>.delta or .done.
struct TextEvent {
    std::string_view name;
    Kind kind;
    std::string_view whole;  // member of the event that is done
    std::string_view part;   // member that numbers the part
};

constexpr TextEvent kTextEvents[] = {
    {"response.output_text", Kind::Text, "text", "content_index"},
    {"response.refusal", Kind::Refusal, "refusal", "content_index"},
    {"response.reasoning_summary_text", Kind::Reasoning, "text", "summary_index"},
    {"response.reasoning_text", Kind::Reasoning, "text", "content_index"},
    {"response.function_call_arguments", Kind::ToolArgs, "arguments", ""},
};

// One number for each part of an item; a summary and a content of the same number are two parts.
int64_t part_number(const TextEvent &event, JsonValue root) {
    int64_t index = event.part.empty() ? 0 : root[event.part].as_int64().value_or(0);
    return index * 2 + (event.part == "summary_index" ? 1 : 0);
}

// --- streams

chat::Result<void> Reader::event(const SseEvent &event, const JsonDoc *doc, DeltaSink &sink) {
    size_t begin = event.data.find_first_not_of(" \t\r\n");
    if (ended_ || begin == std::string_view::npos || event.data.substr(begin).starts_with("[DONE]")) return {};
    if (!doc) return fail(event.name == "error" ? read_error_value(200, {}) : broken_answer(kMalformed));
    JsonValue root = doc->root();
    if (!root.is_object()) return fail(broken_answer(kMalformed));
    JsonValue type = root["type"];
    bool error = event.name == "error" || type.equals("error") || (!type && given(root["error"]));
    if (error) return fail(read_error_value(200, root));
    return read_event(root, sink);
}

chat::Result<void> Reader::finish(DeltaSink &) {
    if (ended_) return {};
    return fail(broken_answer(kCut));
}

chat::Result<void> Reader::fail(chat::ApiError error) {
    ended_ = true;
    return chat::fail(std::move(error));
}

chat::Result<void> Reader::read_event(JsonValue root, DeltaSink &sink) {
    std::string_view type = word_of(root["type"]);
    if (type == "response.output_item.done" || type == "response.output_item.added") {
        start({}, sink);
        Item *item = open(root);
        if (!item) return fail(broken_answer(kTooMany));
        JsonValue value = root["item"];
        if (type.ends_with("done")) return close(*item, value, sink);
        if (value["type"].equals("function_call") && given(value["name"])) start_call(*item, value, sink);
        return {};
    }
    if (type.ends_with(".delta") || type.ends_with(".done")) return piece(root, type, sink);
    if (type == "response.created" || type == "response.in_progress" || type == "response.queued") {
        start(root["response"], sink);
    } else if (type == "response.completed" || type == "response.incomplete" || type == "response.failed" ||
               type == "response.cancelled") {
        return terminal(root["response"], type.substr(std::string_view("response.").size()), sink);
    }
    return {};
}

chat::Result<void> Reader::piece(JsonValue root, std::string_view type, DeltaSink &sink) {
    bool delta = type.ends_with(".delta");
    std::string_view name = type.substr(0, type.rfind('.'));
    for (const TextEvent &known : kTextEvents) {
        if (name != known.name) continue;
        start({}, sink);
        if (!delta && root["output_index"].as_int64().value_or(0) <= closed_) return {};
        Item *item = open(root);
        if (!item) return fail(broken_answer(kTooMany));
        if (known.kind == Kind::ToolArgs && !item->call) return {};  // its item tells all when it is done
        int64_t part = part_number(known, root);
        bool told = std::find(item->told.begin(), item->told.end(), part) != item->told.end();
        if (!delta && told) return {};
        return text(*item, known.kind, part, root[delta ? "delta" : known.whole].text(), sink);
    }
    return {};
}

chat::Result<void> Reader::text(Item &item, Kind kind, int64_t part, JsonText text, DeltaSink &sink) {
    if (text.empty()) return {};
    Delta delta{.kind = kind};
    if (kind == Kind::Reasoning) delta.index = number(item);
    if (kind == Kind::ToolArgs) delta.index = *item.call;
    if (item.told.empty() || item.told.back() != part) {
        if (item.told.size() >= kMaxParts) return fail(broken_answer("The provider opened too many parts."));
        if (kind == Kind::Reasoning && !item.told.empty()) {
            delta.text = {kParagraph};
            sink.on_delta(delta);
        }
        item.told.push_back(part);
    }
    delta.text = text;
    sink.on_delta(delta);
    return {};
}

chat::Result<void> Reader::close(Item &item, JsonValue value, DeltaSink &sink) {
    auto read = whole_item(item, value, sink);
    if (!read) return read;
    end_call(item, sink);
    closed_ = std::max(closed_, item.index);
    open_.erase(open_.begin() + (&item - open_.data()));
    return {};
}

// The end of an answer that streams, or all of one that does not.
chat::Result<void> Reader::terminal(JsonValue response, std::string_view type, DeltaSink &sink) {
    std::string_view status = word_of(response["status"]);
    if (type == "failed" || type == "cancelled" || status == "failed" || status == "cancelled" || given(response["error"])) {
        JsonValue error = response["error"];
        return fail(given(error) ? read_error_value(200, response) : broken_answer(kFailed));
    }
    if (status != "incomplete" && status != "completed") status = type;
    start(response, sink);
    if (!items_seen_) {
        if (auto read = items_of(response["output"], sink); !read) return read;
    }
    for (Item &item : open_) {
        end_call(item, sink);
    }
    finished(response, status, sink);
    if (std::optional<chat::Usage> usage = read_usage(response)) {
        Delta told{.kind = Kind::Usage};
        told.usage = &*usage;
        sink.on_delta(told);
    }
    ended_ = true;
    sink.on_delta(Delta{.kind = Kind::End});
    return {};
}

// --- whole answers

chat::Result<void> Reader::answer(const JsonDoc &doc, DeltaSink &sink) {
    JsonValue root = doc.root();
    if (ended_) return {};
    if (!root.is_object()) return fail(broken_answer(kMalformed));
    if (!root["output"].is_array()) {
        bool error = given(root["error"]) || root["object"].equals("error") || given(root["detail"]);
        return fail(error ? read_error_value(200, root) : broken_answer(kMalformed));
    }
    // Queued, in progress: an answer that is to be fetched later is none.
    JsonValue status = root["status"];
    std::string_view word = given(status) ? word_of(status) : "completed";
    if (word == "queued" || word == "in_progress") return fail(broken_answer(kCut));
    return terminal(root, word, sink);
}

chat::Result<void> Reader::items_of(JsonValue output, DeltaSink &sink) {
    for (JsonValue value : output.elements()) {
        Item item;
        if (auto read = whole_item(item, value, sink); !read) return read;
        end_call(item, sink);
    }
    return {};
}

// --- both

// What an item holds, but for what has been told of it.
chat::Result<void> Reader::whole_item(Item &item, JsonValue value, DeltaSink &sink) {
    JsonValue type = value["type"];
    if (type.equals("function_call")) return whole_call(item, value, sink);
    if (type.equals("message")) return whole_message(item, value, sink);
    if (type.equals("reasoning")) return whole_thought(item, value, sink);
    return {};
}

chat::Result<void> Reader::whole_call(Item &item, JsonValue value, DeltaSink &sink) {
    start_call(item, value, sink);
    if (!item.told.empty()) return {};
    JsonValue arguments = value["arguments"];
    std::string escaped;  // an object, as some servers have it
    if (arguments.is_object() && arguments.size() > 0) append_json_escaped(escaped, arguments.raw());
    return text(item, Kind::ToolArgs, 0, escaped.empty() ? arguments.text() : JsonText{escaped}, sink);
}

chat::Result<void> Reader::whole_message(Item &item, JsonValue value, DeltaSink &sink) {
    if (!item.told.empty()) return {};
    int64_t part = 0;
    for (JsonValue content : value["content"].elements()) {
        bool refusal = content["type"].equals("refusal");
        JsonText said = content[refusal ? "refusal" : "text"].text();
        if (auto read = text(item, refusal ? Kind::Refusal : Kind::Text, part++, said, sink); !read) return read;
    }
    return {};
}

chat::Result<void> Reader::whole_thought(Item &item, JsonValue value, DeltaSink &sink) {
    int64_t part = 0;
    bool told = !item.told.empty();
    for (std::string_view list : {"summary", "content"}) {
        for (JsonValue content : value[list].elements()) {
            if (told) break;
            if (auto read = text(item, Kind::Reasoning, part++, content["text"].text(), sink); !read) return read;
        }
    }
    // A gateway like this one may stand behind: then the signature can be another vendor's.
    Encrypted encrypted = split_encrypted(value["encrypted_content"].text());
    if (encrypted.text.empty()) return {};
    if (encrypted.of_call) {
        call_signature_ = encrypted.text.escaped;
        return {};
    }
    Delta delta{.kind = encrypted.redacted ? Kind::Redacted : Kind::Signature};
    delta.index = number(item);
    delta.text = encrypted.text;
    delta.signer = encrypted.signer;
    sink.on_delta(delta);
    return {};
}

void Reader::start(JsonValue response, DeltaSink &sink) {
    if (started_) return;
    started_ = true;
    sink.on_delta(Delta{.kind = Kind::Start, .id = response["id"].text(), .name = response["model"].text()});
}

void Reader::start_call(Item &item, JsonValue value, DeltaSink &sink) {
    if (item.call) return;
    item.call = calls_++;
    JsonText id = value["call_id"].text();
    std::string made;
    if (id.empty()) id = value["id"].text();
    if (id.empty()) {
        made = "call_" + std::to_string(*item.call);
        id = {made};
    }
    Delta delta{.kind = Kind::ToolStart};
    delta.index = *item.call;
    delta.id = id;
    delta.name = value["name"].text();
    delta.signature = {call_signature_};
    delta.signer = chat::Signer::Google;
    sink.on_delta(delta);
    call_signature_.clear();
}

void Reader::end_call(Item &item, DeltaSink &sink) {
    if (!item.call) return;
    Delta delta{.kind = Kind::ToolEnd};
    delta.index = *item.call;
    sink.on_delta(delta);
}

uint32_t Reader::number(Item &item) {
    if (!item.thought) item.thought = thoughts_++;
    return *item.thought;
}

void Reader::finished(JsonValue response, std::string_view status, DeltaSink &sink) {
    Delta delta{.kind = Kind::Finish};
    delta.text = {status};
    delta.finish = calls_ > 0 ? FinishReason::ToolCalls : FinishReason::Stop;
    if (status == "incomplete") {
        JsonValue reason = response["incomplete_details"]["reason"];
        if (!reason.text().empty()) delta.text = reason.text();
        delta.finish = reason.equals("content_filter") ? FinishReason::ContentFilter : FinishReason::Length;
    }
    sink.on_delta(delta);
}

// The item that an event is about, begun if need be; null if there are too many.
Reader::Item *Reader::open(JsonValue event) {
    items_seen_ = true;
    int64_t index = event["output_index"].as_int64().value_or(0);
    if (Item *known = find(index)) return known;
    if (open_.size() >= kMaxOpenItems) return nullptr;
    open_.push_back({.index = index});
    return &open_.back();
}

Reader::Item *Reader::find(int64_t index) {
    auto found = std::find_if(open_.begin(), open_.end(), [&](const Item &item) { return item.index == index; });
    return found == open_.end() ? nullptr : &*found;
}

}  // namespace

std::unique_ptr<ResponseReader> response_reader() { return std::make_unique<Reader>(); }

}  // namespace aigw::dialects::responses
