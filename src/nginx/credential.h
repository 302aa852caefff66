// The provider's secret for one call.
#pragma once

#include <optional>
#include <string>

#include "nginx/conf.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

// The next of the provider's pool, in turn; empty for a provider that wants none. Nothing: a variable that holds the
// secret is empty for this request. Throws bad_alloc.
std::optional<std::string> take_credential(ngx_http_request_t *r, ProviderConf &provider);

// With what is the worker's own.
inline ProviderConf &worker_conf(const gateway::Target &target) {
    return const_cast<ProviderConf &>(provider_conf(target));
}

}  // namespace aigw::ngx
