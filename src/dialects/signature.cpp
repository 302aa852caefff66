#include "dialects/signature.h"

namespace aigw::dialects {

using chat::Signer;

std::string_view signature_prefix(Signer signer) {
    switch (signer) {
    case Signer::Google:
        return kGeminiPrefix;
    case Signer::OpenAi:
        return kOpenAiPrefix;
    case Signer::Anthropic:
        break;
    }
    return {};
}

CarriedSignature split_signature(JsonText carried) {
    if (carried.escaped.starts_with(kOpenAiPrefix)) {
        return {JsonText{carried.escaped.substr(kOpenAiPrefix.size())}, Signer::OpenAi, false};
    }
    for (bool of_call : {false, true}) {
        std::string_view prefix = of_call ? kGeminiCallPrefix : kGeminiPrefix;
        if (carried.escaped.starts_with(prefix)) {
            return {JsonText{carried.escaped.substr(prefix.size())}, Signer::Google, of_call};
        }
    }
    return {carried, Signer::Anthropic, false};
}

}  // namespace aigw::dialects
