// Deltas for a caller of Responses: as events, or as one Response at the end. Items stand in the order in which they began;
// calls may grow side by side. Every `done` repeats its text, so the answer is held until it ends: once, whatever its size.
#include "dialects/common.h"
#include "dialects/openai_citation.h"
#include "dialects/responses.h"
#include "dialects/responses_object.h"
#include "dialects/signature.h"

namespace aigw::dialects::responses {

namespace {

using chat::Delta;
using chat::FinishReason;
using Kind = chat::Delta::Kind;
using Type = Item::Type;

constexpr uint32_t kCallSignature = UINT32_MAX;  // ordinal of a reasoning item that holds a call's signature only

// Before a signature in encrypted_content: what providers of this dialect signed stands as it is.
std::string_view prefix_of(const Delta &delta) {
    switch (delta.signer) {
    case chat::Signer::OpenAi:
        return {};
    case chat::Signer::Anthropic:
        return delta.kind == Kind::Redacted ? kRedactedPrefix : kAnthropicPrefix;
    case chat::Signer::Google:
        break;
    }
    return signature_prefix(delta.signer);
}

class Writer final : public ResponseWriter {
public:
    explicit Writer(const AnswerOptions &options) : options_(options), echo_(echo_of(options.request)) { options_.request = {}; }
    void write(const Delta &delta, std::string &out) override;
    size_t told() const override { return static_cast<size_t>(sequence_); }

private:
    void begin(const Delta &start, std::string &out);
    void content(const Delta &delta, std::string &out);
    void say(const Delta &delta, std::string &out);
    void think(const Delta &delta, std::string &out);
    void cite(const Delta &delta, std::string &out);
    void call(const Delta &delta, std::string &out);
    void end(std::string &out);
    void fail(const chat::ApiError &error, std::string &out);

    Item &begin_item(Type type, uint32_t ordinal, const Delta &delta, std::string &out);
    void begin_part(Item &item, bool refusal, std::string &out);
    void end_part(const Item &item, std::string &out);
    void end_item(Item &item, std::string &out);
    void end_texts(std::string &out);
    void end_calls(std::string &out);
    Item *find(Type type, uint32_t ordinal);

    // Events; nothing of a whole answer.
    void event(std::string_view type, const Item &item, std::string &out);
    void piece(std::string_view type, const Item &item, std::string_view place, std::string_view member, std::string_view text,
               std::string_view more, std::string &out);
    void item_event(std::string_view type, const Item &item, bool empty, std::string &out);
    void response_event(std::string_view type, std::string_view status, std::string &out);
    void response(std::string_view status, std::string &out) const;
    size_t index_of(const Item &item) const { return static_cast<size_t>(&item - items_.data()); }

    AnswerOptions options_;
    const Echo echo_;
    bool begun_ = false;
    bool ended_ = false;
    int64_t sequence_ = 0;
    std::string id_, model_;  // escaped
    std::vector<Item> items_;
    size_t first_open_ = 0;  // items before it are done
    std::optional<chat::Usage> usage_;
    FinishReason finish_ = FinishReason::Stop;
};

void Writer::write(const Delta &delta, std::string &out) {
    if (ended_ || delta.choice != 0) return;
    switch (delta.kind) {
    case Kind::Start:
        return begin(delta, out);
    case Kind::Usage:
        usage_ = *delta.usage;
        return;
    case Kind::Finish:
        finish_ = delta.finish;
        return;
    case Kind::End:
        return end(out);
    case Kind::Error:
        return fail(*delta.error, out);
    default:
        return content(delta, out);
    }
}

void Writer::begin(const Delta &start, std::string &out) {
    if (begun_) return;
    begun_ = true;
    id_ = start.id.escaped;
    if (id_.empty()) append_json_escaped(id_, options_.fallback_id);
    if (!id_.starts_with("resp_")) id_.insert(0, "resp_");
    model_ = start.name.escaped;
    if (model_.empty()) append_json_escaped(model_, options_.model);
    response_event("response.created", "in_progress", out);
    response_event("response.in_progress", "in_progress", out);
}

void Writer::content(const Delta &delta, std::string &out) {
    if (!begun_) begin(Delta{.kind = Kind::Start}, out);
    switch (delta.kind) {
    case Kind::Text:
    case Kind::Refusal:
        return say(delta, out);
    case Kind::Reasoning:
    case Kind::Signature:
    case Kind::Redacted:
        return think(delta, out);
    case Kind::Citation:
        return cite(delta, out);
    case Kind::ToolStart:
    case Kind::ToolArgs:
    case Kind::ToolEnd:
        return call(delta, out);
    default:
        return;
    }
}

void Writer::say(const Delta &delta, std::string &out) {
    if (delta.text.empty()) return;
    bool refusal = delta.kind == Kind::Refusal;
    Item *item = items_.empty() || items_.back().type != Type::Message || items_.back().done ? nullptr : &items_.back();
    if (!item) item = &begin_item(Type::Message, 0, delta, out);
    if (item->parts.empty() || item->parts.back().refusal != refusal) begin_part(*item, refusal, out);
    item->parts.back().text.append(delta.text.escaped);
    piece(refusal ? "response.refusal.delta" : "response.output_text.delta", *item, "content_index", "delta", delta.text.escaped,
          refusal ? "" : ",\"logprobs\":[]", out);
}

void Writer::think(const Delta &delta, std::string &out) {
    if (delta.text.empty()) return;
    Item *item = find(Type::Reasoning, delta.index);
    if (item && item->done) {  // a signature that comes late is still the block's
        if (delta.kind == Kind::Signature) {
            item->signature.append(delta.text.escaped);
            return;
        }
        item = nullptr;
    }
    if (!item) item = &begin_item(Type::Reasoning, delta.index, delta, out);
    if (delta.kind != Kind::Reasoning) {
        if (item->signature.empty()) item->signature = prefix_of(delta);
        item->signature.append(delta.text.escaped);
        return;
    }
    if (item->text.empty() && options_.stream) {
        event("response.reasoning_summary_part.added", *item, out);
        out.append(",\"summary_index\":0,\"part\":{\"type\":\"summary_text\",\"text\":\"\"}}\n\n");
    }
    item->text.append(delta.text.escaped);
    piece("response.reasoning_summary_text.delta", *item, "summary_index", "delta", delta.text.escaped, "", out);
}

// Of the text that was told last; where there is none it cites nothing.
void Writer::cite(const Delta &delta, std::string &out) {
    Item *item = items_.empty() ? nullptr : &items_.back();
    if (!item || item->type != Type::Message || item->done || item->parts.empty() || item->parts.back().refusal) return;
    Item::Part &part = item->parts.back();
    std::string annotation = "{\"type\":\"url_citation\",";
    openai::append_cited(delta, annotation);
    annotation += '}';
    if (options_.stream) {
        event("response.output_text.annotation.added", *item, out);
        out.append(",\"content_index\":").append(std::to_string(item->parts.size() - 1));
        out.append(",\"annotation_index\":").append(std::to_string(part.annotation_count));
        out.append(",\"annotation\":").append(annotation).append("}\n\n");
    }
    part.annotations.append(part.annotations.empty() ? "" : ",").append(annotation);
    ++part.annotation_count;
}

void Writer::call(const Delta &delta, std::string &out) {
    if (delta.kind == Kind::ToolStart) {
        if (!delta.signature.empty()) {
            Item &item = begin_item(Type::Reasoning, kCallSignature, delta, out);
            item.signature.append(kGeminiCallPrefix).append(delta.signature.escaped);
        }
        begin_item(Type::Call, delta.index, delta, out);
        return;
    }
    Item *item = find(Type::Call, delta.index);
    if (!item || item->done) return;
    if (delta.kind == Kind::ToolEnd) {
        item->ended = true;
    } else if (!delta.text.empty()) {
        item->text.append(delta.text.escaped);
        piece("response.function_call_arguments.delta", *item, "", "delta", delta.text.escaped, "", out);
    }
}

// --- items

Item *Writer::find(Type type, uint32_t ordinal) {
    for (size_t i = items_.size(); i-- > 0;) {
        if (items_[i].type == type && items_[i].ordinal == ordinal) return &items_[i];
    }
    return nullptr;
}

Item &Writer::begin_item(Type type, uint32_t ordinal, const Delta &delta, std::string &out) {
    static constexpr const char *kPrefixes[] = {"msg_", "rs_", "fc_"};
    end_texts(out);
    end_calls(out);
    Item item;
    item.type = type;
    item.ordinal = ordinal;
    item.id.append(kPrefixes[static_cast<size_t>(type)]).append(id_, 5).append("_").append(std::to_string(items_.size()));
    if (type == Type::Call) {
        item.call_id = delta.id.escaped;
        item.name = delta.name.escaped;
    }
    items_.push_back(std::move(item));
    item_event("response.output_item.added", items_.back(), true, out);
    return items_.back();
}

void Writer::begin_part(Item &item, bool refusal, std::string &out) {
    if (!item.parts.empty()) end_part(item, out);
    item.parts.push_back({.refusal = refusal});
    if (!options_.stream) return;
    event("response.content_part.added", item, out);
    out.append(",\"content_index\":").append(std::to_string(item.parts.size() - 1)).append(",\"part\":");
    JsonWriter json(out);
    write_part(item.parts.back(), true, json);
    out.append("}\n\n");
}

void Writer::end_part(const Item &item, std::string &out) {
    const Item::Part &part = item.parts.back();
    piece(part.refusal ? "response.refusal.done" : "response.output_text.done", item, "content_index",
          part.refusal ? "refusal" : "text", part.text, part.refusal ? "" : ",\"logprobs\":[]", out);
    if (!options_.stream) return;
    event("response.content_part.done", item, out);
    out.append(",\"content_index\":").append(std::to_string(item.parts.size() - 1)).append(",\"part\":");
    JsonWriter json(out);
    write_part(part, false, json);
    out.append("}\n\n");
}

void Writer::end_item(Item &item, std::string &out) {
    item.done = true;
    if (item.type == Type::Message && !item.parts.empty()) end_part(item, out);
    if (item.type == Type::Reasoning && !item.text.empty()) {
        piece("response.reasoning_summary_text.done", item, "summary_index", "text", item.text, "", out);
        if (options_.stream) {
            event("response.reasoning_summary_part.done", item, out);
            out.append(",\"summary_index\":0,\"part\":{\"type\":\"summary_text\",\"text\":\"").append(item.text);
            out.append("\"}}\n\n");
        }
    }
    if (item.type == Type::Call) {
        if (item.text.empty()) {
            item.text = "{}";
            piece("response.function_call_arguments.delta", item, "", "delta", item.text, "", out);
        }
        piece("response.function_call_arguments.done", item, "", "arguments", item.text, "", out);
    }
    item_event("response.output_item.done", item, false, out);
}

// Texts and thinking end where something else begins: only the last item can be one that is not done.
void Writer::end_texts(std::string &out) {
    if (!items_.empty() && items_.back().type != Type::Call && !items_.back().done) end_item(items_.back(), out);
}

// Calls whose arguments are whole. This waits for what comes next: the answer may have been cut in the last of them.
void Writer::end_calls(std::string &out) {
    while (first_open_ < items_.size() && items_[first_open_].done) {
        ++first_open_;
    }
    for (size_t i = first_open_; i < items_.size(); ++i) {
        if (items_[i].ended && !items_[i].done) end_item(items_[i], out);
    }
}

// --- events

void Writer::event(std::string_view type, const Item &item, std::string &out) {
    open_event(type, sequence_++, out);
    out.append(",\"item_id\":\"").append(item.id).append("\",\"output_index\":").append(std::to_string(index_of(item)));
}

// `place` names the index of the last part: content_index, summary_index, or nothing.
void Writer::piece(std::string_view type, const Item &item, std::string_view place, std::string_view member,
                   std::string_view text, std::string_view more, std::string &out) {
    if (!options_.stream) return;
    event(type, item, out);
    if (!place.empty()) {
        size_t part = item.parts.empty() ? 0 : item.parts.size() - 1;
        out.append(",\"").append(place).append("\":").append(std::to_string(part));
    }
    out.append(",\"").append(member).append("\":\"").append(text).append(1, '"').append(more).append("}\n\n");
}

void Writer::item_event(std::string_view type, const Item &item, bool empty, std::string &out) {
    if (!options_.stream) return;
    open_event(type, sequence_++, out);
    out.append(",\"output_index\":").append(std::to_string(index_of(item))).append(",\"item\":");
    JsonWriter json(out);
    write_item(item, empty, json);
    out.append("}\n\n");
}

void Writer::response_event(std::string_view type, std::string_view status, std::string &out) {
    if (!options_.stream) return;
    open_event(type, sequence_++, out);
    out.append(",\"response\":");
    response(status, out);
    out.append("}\n\n");
}

void Writer::response(std::string_view status, std::string &out) const {
    bool filtered = finish_ == FinishReason::ContentFilter;
    std::string_view reason = status != "incomplete" ? "" : filtered ? "content_filter" : "max_output_tokens";
    begin_response({id_, model_, options_.created, status, reason, nullptr}, echo_, out);
    out.append(",\"output\":");
    JsonWriter json(out);
    json.begin_array();
    for (const Item &item : items_) {
        write_item(item, false, json);
    }
    json.end_array();
    end_response(usage_, echo_, out);
}

void Writer::end(std::string &out) {
    if (!begun_) begin(Delta{.kind = Kind::Start}, out);
    ended_ = true;
    bool cut = finish_ == FinishReason::Length || finish_ == FinishReason::ContentFilter;
    for (Item &item : items_) {
        if (item.done) continue;
        item.incomplete = cut && &item == &items_.back();
        end_item(item, out);
    }
    std::string_view status = cut ? "incomplete" : "completed";
    if (!options_.stream) return response(status, out);
    response_event(cut ? "response.incomplete" : "response.completed", status, out);
}

void Writer::fail(const chat::ApiError &error, std::string &out) {
    ended_ = true;
    if (!options_.stream) {
        out.append(openai_chat().write_error(error, {}));
        return;
    }
    if (!begun_) begin(Delta{.kind = Kind::Start}, out);
    write_failure(error, id_, model_, options_.created, sequence_, out);
}

}  // namespace

std::unique_ptr<ResponseWriter> response_writer(const AnswerOptions &options) { return std::make_unique<Writer>(options); }

}  // namespace aigw::dialects::responses
