#include "dialects/bedrock_model.h"

#include <algorithm>
#include <iterator>

namespace aigw::dialects::bedrock {

Family family_of(std::string_view model) {
    static constexpr struct {
        std::string_view part;  // of a model's id or ARN
        Family family;
    } kParts[] = {
        {"claude", Family::Claude},
        {"anthropic.", Family::Claude},
        {"amazon.nova", Family::Nova},
        {"openai.gpt-oss", Family::GptOss},
        {"application-inference-profile/", Family::Claude},
        {"provisioned-model/", Family::Claude},
    };
    const auto known = std::find_if(std::begin(kParts), std::end(kParts), [&](const auto &row) {
        return model.find(row.part) != std::string_view::npos;
    });
    return known == std::end(kParts) ? Family::Other : known->family;
}

ModelTraits traits_of(std::string_view model) {
    ModelTraits traits;
    traits.family = family_of(model);
    traits.tool_cache_points = traits.family == Family::Claude;
    traits.cache_points = traits.tool_cache_points || traits.family == Family::Nova;
    traits.signed_thinking = traits.family == Family::Claude;
    return traits;
}

}  // namespace aigw::dialects::bedrock
