// TLS towards a provider or Redis: verified by default, against the system's authorities.
#pragma once

#include "nginx/conf.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

struct TlsOptions {
    ngx_flag_t verify = 1;
    ngx_int_t verify_depth = 3;  // certificates between the provider's own and the authority's
    ngx_str_t trusted{};         // file; empty: the system's
    ngx_str_t certificate{}, certificate_key{};
};

// A file with the system's authorities; null if there is none that can be read.
const char *system_authorities();

// What verifies as `options` say; `owner` is for messages, as `ai_provider "x"`. Null: [emerg] was logged.
ngx_ssl_t *make_client_tls(ngx_conf_t *cf, const std::string &owner, TlsOptions &options);
// Makes provider.ssl and tells provider.upstream of it; or logs [emerg].
char *make_tls(ngx_conf_t *cf, ProviderConf &provider, TlsOptions &options);

}  // namespace aigw::ngx
