#include "dialects/anthropic_turns.h"

#include <algorithm>

#include "dialects/anthropic_text.h"

namespace aigw::dialects::anthropic {

using chat::ChatRequest;
using chat::Message;
using chat::Part;
using chat::Role;

namespace {

bool is_text(const Part &part) {
    return part.kind == Part::Kind::Text || part.kind == Part::Kind::Refusal;
}

bool is_thinking(const Part &part) {
    return part.kind == Part::Kind::RedactedThinking || part.kind == Part::Kind::Thinking;
}

// What can't be sent: blank texts without a word, thinking that nobody or another vendor signed with one.
bool keeps(const Part &part, std::vector<std::string> &dropped, bool drop_unsupported) {
    if (is_text(part))
        return !is_blank(part.text);
    const bool own = part.signer == chat::Signer::Anthropic;
    if (is_thinking(part) && (!own || (part.kind == Part::Kind::Thinking && part.signature.empty()))) {
        dropped.push_back(part.origin.path());
        return false;
    }
    if (part.kind == Part::Kind::ToolUse && !part.signature.empty())
        dropped.push_back(part.origin.path("signature"));
    const bool foreign = part.kind == Part::Kind::Audio || part.kind == Part::Kind::Other;
    if (foreign && drop_unsupported)
        dropped.push_back(part.origin.path("type"));
    return !(foreign && drop_unsupported);
}

void add_message(const Message &message, std::vector<Turn> &turns, std::vector<std::string> &dropped,
                 bool drop_unsupported) {
    std::vector<const Part *> parts;
    for (const Part &part : message.parts) {
        if (keeps(part, dropped, drop_unsupported))
            parts.push_back(&part);
    }
    if (parts.empty())
        return;
    const bool assistant = message.role == Role::Assistant;
    if (assistant)
        std::stable_partition(parts.begin(), parts.end(), [](const Part *part) { return is_thinking(*part); });
    if (turns.empty() || turns.back().assistant != assistant)
        turns.push_back({assistant, {}});
    std::vector<const Part *> &to = turns.back().parts;
    to.insert(to.end(), parts.begin(), parts.end());
}

chat::Result<void> add_system(const Message &message, std::vector<const Part *> &system, std::vector<std::string> &dropped,
                              bool drop_unsupported) {
    for (const Part &part : message.parts) {
        if (!is_text(part) && !drop_unsupported)
            return chat::fail(chat::unsupported(part.origin.path("type"), "a system message holds text only"));
        if (!is_text(part))
            dropped.push_back(part.origin.path("type"));
        else if (!is_blank(part.text))
            system.push_back(&part);
    }
    return {};
}

// What stands before an assistant who speaks first (a greeting, a history cut short): Anthropic wants the user's turn first.
const Part &opening() {
    static const Part part = [] {
        Part made;
        made.text = {"."};
        return made;
    }();
    return part;
}

}  // namespace

chat::Result<Conversation> gather(const ChatRequest &request, std::vector<std::string> &dropped,
                                  bool drop_unsupported) {
    Conversation out;
    for (const Message &message : request.messages) {
        if (!message.name.empty())
            dropped.push_back(message.origin.path("name"));
        if (message.role != Role::System && message.role != Role::Developer)
            add_message(message, out.turns, dropped, drop_unsupported);
        else if (auto added = add_system(message, out.system, dropped, drop_unsupported); !added)
            return chat::fail(std::move(added.error()));
    }
    for (Turn &turn : out.turns) {
        if (!turn.assistant)
            std::stable_partition(turn.parts.begin(), turn.parts.end(),
                                  [](const Part *part) { return part->kind == Part::Kind::ToolResult; });
    }
    if (out.turns.empty()) {
        if (out.system.empty())
            return chat::fail(chat::invalid_request("invalid_value", "messages holds nothing to answer.", "messages"));
        out.turns.push_back({false, std::move(out.system)});
        out.system.clear();
    }
    if (out.turns.front().assistant)
        out.turns.insert(out.turns.begin(), {false, {&opening()}});
    return out;
}

bool takes_thinking(const Conversation &conversation) {
    const std::vector<Turn> &turns = conversation.turns;
    if (turns.back().assistant)
        return false;
    const bool answers_tools = turns.back().parts.front()->kind == Part::Kind::ToolResult;
    return !answers_tools || turns.size() < 2 || is_thinking(*turns[turns.size() - 2].parts.front());
}

}  // namespace aigw::dialects::anthropic
