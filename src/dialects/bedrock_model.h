// What a model takes through Converse, by whose it is. Names that tell no vendor (an application's inference profile, a
// provisioned model) count as Claude, which most of them are.
#pragma once

#include <cstdint>
#include <string_view>

namespace aigw::dialects::bedrock {

enum class Family : uint8_t { Claude, Nova, GptOss, Other };

Family family_of(std::string_view model);

struct ModelTraits {
    Family family = Family::Other;
    bool cache_points = false;       // in messages and the system prompt
    bool tool_cache_points = false;  // and among the tools
    bool signed_thinking = false;    // takes its own thinking back
};

ModelTraits traits_of(std::string_view model);

}  // namespace aigw::dialects::bedrock
