// The directives: one setter each, shared by the command table (module.cpp) and the files that implement them. Errors
// are nginx's own phrases with file and line, and never hold a secret.
#pragma once

#include "nginx/conf.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

extern ngx_command_t commands[];  // directives.cpp

char *set_provider(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept;     // directive_provider.cpp
char *set_model(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept;        // directive_model.cpp
char *set_gateway(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept;      // directive_gateway.cpp
char *set_redis(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept;        // directive_redis.cpp
char *set_metrics(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept;      // directive_gateway.cpp
char *set_filter(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept;       // directive_gateway.cpp

void *create_main_conf(ngx_conf_t *cf) noexcept;                                 // merge.cpp
char *init_main_conf(ngx_conf_t *cf, void *conf) noexcept;
void *create_loc_conf(ngx_conf_t *cf) noexcept;
char *merge_loc_conf(ngx_conf_t *cf, void *parent, void *child) noexcept;

// `key` inside ai_provider: adds one credential, or logs [emerg].
char *add_credential(ngx_conf_t *cf, ProviderConf &provider, const ngx_str_t &value);  // directive_credential.cpp
// env:NAME, file:PATH or the text itself into `out`, or logs [emerg] and calls it `noun`. `out` stays empty where a
// mere test of the configuration has no such variable in its environment.
char *read_secret(ngx_conf_t *cf, const ngx_str_t &value, const char *noun, std::string &out);
// What an environment variable of the master says; null if it is not set or empty. [warn] if nothing keeps it for a binary
// upgrade.
const char *environment(ngx_conf_t *cf, const char *name);                             // directive_credential.cpp
// Fills server, upstream and drain of a provider whose url and timeouts are known.
void fill_upstream(ngx_conf_t *cf, ProviderConf &provider);                            // provider_upstream.cpp
// Gives each target its provider and dialect, or logs [emerg].
ngx_int_t resolve_targets(ngx_conf_t *cf, MainConf &main);                             // directive_model.cpp
// Reads /etc/hosts and /etc/resolv.conf for providers and a Redis whose hosts are names. Never asks a server.
ngx_int_t read_host_files(ngx_conf_t *cf, MainConf &main);                             // host_names.cpp

}  // namespace aigw::ngx
