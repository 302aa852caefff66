// ai_prompt: messages that the operator adds to every call.
#pragma once

#include "dialects/prompts.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

struct Context;

// One line.
struct PromptLine {
    dialects::Prompt::Place place;
    dialects::Prompt::Role role;
    ngx_http_complex_value_t text{};
    ngx_http_complex_value_t *condition = nullptr;  // if=
};

// A step of admission, the first one: whatever follows sees these messages too.
ngx_int_t add_prompts(Context &context);

}  // namespace aigw::ngx
