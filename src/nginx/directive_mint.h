// credentials, service_account and their kin inside ai_provider: who makes the provider's credentials.
#pragma once

#include "nginx/conf.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

enum class MintWish : uint8_t { Unset, Auto, Environment, Container, Instance, Off };

struct MintOptions {
    MintWish wish = MintWish::Unset;
    ngx_str_t account{};     // path of a service account's file; empty: none
    const char *own = nullptr;  // the directive that brings credentials of the operator's own
};

// credentials WORD; service_account file:PATH. Null, or [emerg] was logged.
char *set_mint_wish(ngx_conf_t *cf, MintOptions &options);
char *set_service_account(ngx_conf_t *cf, MintOptions &options);

// At the end of the block: the provider gets a mint, or constant credentials from the environment, or neither. May fill in the
// project. Or logs [emerg].
char *choose_mint(ngx_conf_t *cf, ProviderConf &provider, const MintOptions &options);

}  // namespace aigw::ngx
