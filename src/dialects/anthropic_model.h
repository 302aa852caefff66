// What a Claude model of a given name takes, as far as its version tells. Names that carry no version (aliases of an
// operator's own, other vendors' models behind the same API) count as older models, which take the common form.
#pragma once

#include <string_view>

namespace aigw::dialects::anthropic {

struct ModelTraits {
    // From 4.7 on: thinking {"type":"enabled"} and the sampling parameters are refused, effort takes their place.
    bool adaptive_only = false;
};

ModelTraits traits_of(std::string_view model);

}  // namespace aigw::dialects::anthropic
