// The conversation in Google's order: system texts apart, neighbours of one role in one content, results of calls in a
// content of their own, in the order of the calls and with the names that only the calls tell.
#pragma once

#include <string>
#include <vector>

#include "chat/error.h"
#include "chat/message.h"
#include "dialects/gemini_model.h"

namespace aigw::dialects::google {

struct Turn {
    bool model = false;
    bool results = false;                    // holds nothing but results of calls
    std::vector<const chat::Part *> parts;   // never empty
    std::vector<JsonText> names;             // results: of the functions, one for each part
};

struct Conversation {
    std::vector<const chat::Part *> system;
    std::vector<Turn> turns;
};

// Empty texts are left out: Google refuses them. Thinking that nobody or another vendor signed and names of speakers are
// left out and listed in `dropped`. A conversation of system messages alone becomes the user's.
chat::Result<Conversation> gather(const chat::ChatRequest &request, const ModelTraits &traits,
                                  std::vector<std::string> &dropped, bool drop_unsupported);

}  // namespace aigw::dialects::google
