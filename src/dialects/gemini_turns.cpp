#include "dialects/gemini_turns.h"

#include <algorithm>

namespace aigw::dialects::google {

namespace {

using chat::Message;
using chat::Part;
using chat::Role;

bool is_text(const Part &part) { return part.kind == Part::Kind::Text || part.kind == Part::Kind::Refusal; }

bool is_media(const Part &part) {
    return part.kind == Part::Kind::Image || part.kind == Part::Kind::Document || part.kind == Part::Kind::Audio;
}

// A signature of Google's without a thought: of the text beside it.
bool is_text_signature(const Part &part) { return part.kind == Part::Kind::Thinking && part.text.empty(); }

bool keeps(const Part &part, std::vector<std::string> &dropped) {
    if (!part.cache_control.empty()) dropped.push_back(part.origin.path("cache_control"));
    if (is_text(part)) return !part.text.empty();
    bool thinking = part.kind == Part::Kind::Thinking || part.kind == Part::Kind::RedactedThinking;
    if (!thinking || (part.signer == chat::Signer::Google && !part.signature.empty())) return true;
    dropped.push_back(part.origin.path());
    return false;
}

class Gatherer {
public:
    Gatherer(const ModelTraits &traits, std::vector<std::string> &dropped, bool drop_unsupported)
        : traits_(traits), dropped_(dropped), drop_unsupported_(drop_unsupported) {}

    chat::Result<Conversation> gather(const chat::ChatRequest &request) {
        for (const Message &message : request.messages) {
            if (!message.name.empty()) dropped_.push_back(message.origin.path("name"));
            bool ok = message.role == Role::System || message.role == Role::Developer ? system(message)
                      : message.role == Role::Assistant                               ? model(message)
                                                                                      : user(message);
            if (!ok) return chat::fail(std::move(*error_));
        }
        if (out_.turns.empty()) {
            if (out_.system.empty()) {
                return chat::fail(chat::invalid_request("invalid_value", "messages holds nothing to answer.", "messages"));
            }
            Turn turn;
            turn.parts = std::move(out_.system);
            out_.turns.push_back(std::move(turn));
            out_.system.clear();
        }
        return std::move(out_);
    }

private:
    bool system(const Message &message) {
        for (const Part &part : message.parts) {
            if (!is_text(part) && drop_unsupported_) {
                dropped_.push_back(part.origin.path("type"));
                continue;
            }
            if (!is_text(part)) {
                error_ = chat::unsupported(part.origin.path("type"), "a system message holds text only");
                return false;
            }
            if (keeps(part, dropped_)) out_.system.push_back(&part);
        }
        return true;
    }

    Turn &turn(bool model, bool results) {
        bool same = !out_.turns.empty() && out_.turns.back().model == model && out_.turns.back().results == results;
        if (!same) {
            Turn next;
            next.model = model;
            next.results = results;
            out_.turns.push_back(std::move(next));
        }
        return out_.turns.back();
    }

    // Some clients keep thinking apart from the text that it goes with: its signature follows the text.
    bool model(const Message &message) {
        std::vector<const Part *> parts;
        std::vector<const Part *> signatures;
        for (const Part &part : message.parts) {
            if (!keeps(part, dropped_)) continue;
            bool apart = is_text_signature(part) && part.origin.inner == "thinking_blocks";
            if (part.kind == Part::Kind::ToolUse) {
                calls_.push_back(&part);
                parts.insert(parts.end(), signatures.begin(), signatures.end());
                signatures.clear();
            }
            (apart ? signatures : parts).push_back(&part);
        }
        parts.insert(parts.end(), signatures.begin(), signatures.end());
        if (parts.empty()) return true;
        std::vector<const Part *> &to = turn(true, false).parts;
        to.insert(to.end(), parts.begin(), parts.end());
        return true;
    }

    bool user(const Message &message) {
        std::vector<const Part *> shown;
        for (const Part &part : message.parts) {
            if (part.kind == Part::Kind::ToolResult && !result(part, message, shown)) return false;
        }
        for (const Part &part : message.parts) {
            if (part.kind != Part::Kind::ToolResult && keeps(part, dropped_)) shown.push_back(&part);
        }
        if (shown.empty()) return true;
        std::vector<const Part *> &to = turn(false, false).parts;
        to.insert(to.end(), shown.begin(), shown.end());
        return true;
    }

    // What an older model can't be shown inside a result follows in the user's words.
    bool result(const Part &part, const Message &message, std::vector<const Part *> &shown) {
        auto call = std::find_if(calls_.rbegin(), calls_.rend(), [&](const Part *c) { return c->id.escaped == part.id.escaped; });
        JsonText name = !part.name.empty() ? part.name : call != calls_.rend() ? (*call)->name : message.name;
        if (name.empty()) {
            error_ = chat::invalid_request("invalid_value", "There is no call that this result belongs to.", part.origin.path());
            return false;
        }
        if (!part.cache_control.empty()) dropped_.push_back(part.origin.path("cache_control"));
        Turn &to = turn(false, true);
        to.parts.push_back(&part);
        to.names.push_back(name);
        for (const Part &inner : part.content) {
            if (is_media(inner) && !traits_.media_in_results) shown.push_back(&inner);
        }
        return true;
    }

    const ModelTraits &traits_;
    std::vector<std::string> &dropped_;
    const bool drop_unsupported_;
    Conversation out_;
    std::vector<const Part *> calls_;
    std::optional<chat::ApiError> error_;
};

// Results in the order of their calls; those of no call of the turn before stay behind.
void order_results(Conversation &conversation) {
    for (size_t i = 1; i < conversation.turns.size(); ++i) {
        Turn &turn = conversation.turns[i];
        if (!turn.results) continue;
        std::vector<JsonText> calls;
        for (const Part *part : conversation.turns[i - 1].parts) {
            if (part->kind == Part::Kind::ToolUse) calls.push_back(part->id);
        }
        auto place = [&](size_t k) {
            size_t at = 0;
            while (at < calls.size() && calls[at].escaped != turn.parts[k]->id.escaped) ++at;
            return at;
        };
        std::vector<size_t> order(turn.parts.size());
        for (size_t k = 0; k < order.size(); ++k) order[k] = k;
        std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return place(a) < place(b); });
        Turn sorted = turn;
        for (size_t k = 0; k < order.size(); ++k) {
            sorted.parts[k] = turn.parts[order[k]];
            sorted.names[k] = turn.names[order[k]];
        }
        turn = std::move(sorted);
    }
}

}  // namespace

chat::Result<Conversation> gather(const chat::ChatRequest &request, const ModelTraits &traits,
                                  std::vector<std::string> &dropped, bool drop_unsupported) {
    chat::Result<Conversation> out = Gatherer(traits, dropped, drop_unsupported).gather(request);
    if (out) order_results(*out);
    return out;
}

}  // namespace aigw::dialects::google
