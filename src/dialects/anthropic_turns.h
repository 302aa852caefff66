// The conversation in Anthropic's order: system texts apart, neighbours of one role in one turn, the results of tool
// calls first in the turn that answers them, signed thinking first in its own.
#pragma once

#include <string>
#include <vector>

#include "chat/error.h"
#include "chat/message.h"

namespace aigw::dialects::anthropic {

struct Turn {
    bool assistant = false;
    std::vector<const chat::Part *> parts;  // of the request, or our own; never empty
};

struct Conversation {
    std::vector<const chat::Part *> system;
    std::vector<Turn> turns;
};

// Blank texts are left out: Anthropic refuses them. Unsigned thinking and names of speakers are left out and listed in
// `dropped`, with `drop_unsupported` also parts that have no place at all. Anthropic wants a user's turn, and wants it first:
// a conversation of system messages alone becomes it, and before an assistant's it is a full stop.
chat::Result<Conversation> gather(const chat::ChatRequest &request, std::vector<std::string> &dropped,
                                 bool drop_unsupported);

// Whether thinking may be switched on for this conversation: Anthropic refuses a prefilled answer, and a tool call in
// progress whose turn does not begin with the thinking that led to it.
bool takes_thinking(const Conversation &conversation);

}  // namespace aigw::dialects::anthropic
