#include "nginx/ngx.h"

#include "nginx/conf.h"

namespace aigw::ngx {

ProviderConf::ProviderConf() = default;

// The secrets do not stay behind in freed memory.
ProviderConf::~ProviderConf() {
    for (CredentialSource &credential : credentials) {
        ngx_explicit_memzero(credential.value.data(), credential.value.size());
    }
}

ProviderConf *MainConf::find_provider(std::string_view name) const {
    for (const auto &provider : providers) {
        if (provider->name == name) {
            return provider.get();
        }
    }
    return nullptr;
}

}  // namespace aigw::ngx
