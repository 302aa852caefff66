// The conversation: contents and the system instruction. Streaming clients keep each piece of an answer as a content of its
// own: neighbours of the model are one message here, its texts and thoughts joined. Calls without an id get one, and
// results find theirs by name and order.
#include "dialects/gemini_reading.h"

namespace aigw::dialects::google {

namespace {

using chat::Message;
using chat::Origin;
using chat::Part;
using chat::Role;

bool read_role(JsonValue role, Message &to, Reading &reading) {
    if (!role || role.equals("") || role.equals("user") || role.equals("function")) {
        to.role = Role::User;
    } else if (role.equals("model")) {
        to.role = Role::Assistant;
    } else {
        return reading.wrong(to.origin.path("role"), "user or model");
    }
    return true;
}

bool read_content(JsonValue value, Message &to, Reading &reading) {
    if (!value.is_object()) return reading.wrong(to.origin.path(), "an object");
    Fields content(value, to.origin.path(), reading);
    JsonValue role = content.take("role");
    if (to.role != Role::System && !read_role(role, to, reading)) return false;
    bool ok = each(content.take("parts"), [&](JsonValue part, int32_t j) {
        Origin at = to.origin;
        at.inner = "parts";
        at.j = j;
        return read_part(part, at, to.role, to.parts, reading);
    });
    return ok && content.rest();
}

bool joins(const Part &last, const Part &next) {
    if (last.kind != next.kind || !last.signature.empty()) return false;
    return last.kind == Part::Kind::Text || last.kind == Part::Kind::Thinking;
}

// Pieces of one text become one text, of one thought one thought with the signature of its last.
void join_parts(std::vector<Part> &parts, Reading &reading) {
    std::vector<Part> out;
    for (size_t i = 0; i < parts.size();) {
        Part part = std::move(parts[i]);
        std::string text(part.text.escaped);
        size_t next = i + 1;
        for (; next < parts.size() && joins(part, parts[next]); ++next) {
            // A signature alone, of Google's, is a text's: it stays apart.
            if (parts[next].text.empty() && parts[next].signer == chat::Signer::Google) break;
            text.append(parts[next].text.escaped);
            part.signature = parts[next].signature;
            part.signer = parts[next].signer;
        }
        if (next > i + 1) part.text = reading.make(std::move(text));
        out.push_back(std::move(part));
        i = next;
    }
    parts = std::move(out);
}

void join_messages(std::vector<Message> &messages, Reading &reading) {
    std::vector<Message> out;
    for (Message &message : messages) {
        bool joined = message.role == Role::Assistant && !out.empty() && out.back().role == Role::Assistant;
        if (!joined) {
            out.push_back(std::move(message));
            continue;
        }
        for (Part &part : message.parts) out.back().parts.push_back(std::move(part));
    }
    for (Message &message : out) {
        if (message.role == Role::Assistant) join_parts(message.parts, reading);
    }
    messages = std::move(out);
}

// The calls of the model's last turn, in their order.
class Calls {
public:
    explicit Calls(Reading &reading) : reading_(reading) {}

    void of_turn(Message &message) {
        open_.clear();
        for (Part &part : message.parts) {
            if (part.kind != Part::Kind::ToolUse) continue;
            JsonText told = part.id;
            if (part.id.empty()) part.id = reading_.make("call_" + std::to_string(++made_));
            open_.push_back({told, part.id, part.name});
        }
    }

    // The first open call that fits: by id, else by name, else in order.
    void answer(Part &result) {
        size_t at = find([&](const Call &call) { return !result.id.empty() && call.told.escaped == result.id.escaped; });
        if (at == open_.size()) at = find([&](const Call &call) { return call.name.escaped == result.name.escaped; });
        if (at == open_.size() && result.id.empty()) at = find([](const Call &) { return true; });
        if (at < open_.size()) {
            result.id = open_[at].id;
            open_[at].answered = true;
        } else if (result.id.empty()) {
            result.id = reading_.make("call_" + std::to_string(++made_));
        }
    }

private:
    struct Call {
        JsonText told, id, name;
        bool answered = false;
    };

    template <class Fits>
    size_t find(Fits fits) const {
        size_t at = 0;
        while (at < open_.size() && (open_[at].answered || !fits(open_[at]))) ++at;
        return at;
    }

    Reading &reading_;
    std::vector<Call> open_;
    int made_ = 0;
};

void name_calls(std::vector<Message> &messages, Reading &reading) {
    Calls calls(reading);
    for (Message &message : messages) {
        if (message.role == Role::Assistant) {
            calls.of_turn(message);
            continue;
        }
        for (Part &part : message.parts) {
            if (part.kind == Part::Kind::ToolResult) calls.answer(part);
        }
    }
}

}  // namespace

bool read_system(JsonValue instruction, Reading &reading) {
    if (!instruction) return true;
    Message message;
    message.role = Role::System;
    message.origin.list = "systemInstruction";
    if (!read_content(instruction, message, reading)) return false;
    if (!message.parts.empty()) reading.out.messages.push_back(std::move(message));
    return true;
}

bool read_contents(JsonValue contents, Reading &reading) {
    if (!contents.is_object() && !(contents.is_array() && contents.size() > 0)) {
        return reading.wrong("contents", "a list that is not empty");
    }
    std::vector<Message> messages;
    bool ok = each(contents, [&](JsonValue content, int32_t i) {
        Message message;
        message.origin = Origin{"contents", i};
        if (!read_content(content, message, reading)) return false;
        messages.push_back(std::move(message));
        return true;
    });
    if (!ok) return false;
    join_messages(messages, reading);
    name_calls(messages, reading);
    for (Message &message : messages) reading.out.messages.push_back(std::move(message));
    return true;
}

}  // namespace aigw::dialects::google
