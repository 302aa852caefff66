// What the models of Google's families take, told from their names. Unknown names of Gemini are taken for the newest.
#pragma once

#include <string_view>

#include "core/units.h"

namespace aigw::dialects::google {

struct ModelTraits {
    enum class Thinking { None, Budget, Level };
    Thinking thinking = Thinking::Level;
    Tokens min_budget = 0;        // Budget: 0 is off
    Tokens max_budget = 24'576;
    bool minimal = true;          // Level: minimal and medium are there, beside low and high
    bool medium = true;
    bool signs_calls = true;      // refuses a call of the current turn that nobody signed
    bool media_in_results = true; // functionResponse.parts
};

// `model` as the provider calls it: models/gemini-2.5-pro, gemini-3-flash-preview.
ModelTraits traits_of(std::string_view model);

}  // namespace aigw::dialects::google
