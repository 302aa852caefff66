// What one provider of a dialect does differently from the dialect's inventor; set by its row in providers/catalog.cpp,
// obeyed by the dialect. The defaults are the inventor's own ways. Only what a vendor documents, or what was recorded.
#pragma once

#include <cstdint>
#include <string_view>

namespace aigw::chat {

struct Quirks {
    // OpenAI family.
    bool max_completion_tokens = true;  // what the limit is called where we write it; else max_tokens
    bool developer_role = true;         // else developer becomes system
    bool asks_usage = true;             // a stream tells its usage if asked; else it tells it unasked, or refuses the question
    bool top_k = false;                 // it has the member; else asking for it is a 400
    bool mistral = false;               // random_seed, tool ids of nine letters and digits, required is called any
    // Members that it answers 400 to, or takes and ignores, with a space between. A hint is left out and listed, a default
    // left out, max_completion_tokens renamed, anything else is our 400. Those with dots: messages.name,
    // messages.reasoning_content, response_format.json_schema.
    std::string_view refuses;
};

}  // namespace aigw::chat
