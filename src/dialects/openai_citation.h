// Where a source is cited, as OpenAI writes it in both of its dialects.
#pragma once

#include <string>

#include "chat/delta.h"

namespace aigw::dialects::openai {

// Members of an object: the place in the text, the source. A place that was not told is 0.
void append_cited(const chat::Delta &citation, std::string &out);

}  // namespace aigw::dialects::openai
