// What the workers share of one minted credential, in memory of its own that a reload keeps: who needs one finds the one
// that another worker got, and a reload while the maker is away takes none away. It is never written to a file.
#pragma once

#include <optional>

#include "core/digest.h"
#include "nginx/mint_conf.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

// While the configuration is read; or logs [emerg].
ngx_int_t add_mint_zone(ngx_conf_t *cf, MintConf &conf);

// `origin`: the digest of what it was made of; what was made of something else is not found.
void publish(const MintConf &conf, const Sha256 &origin, const providers::Minted &minted);
std::optional<providers::Minted> find_published(const MintConf &conf, const Sha256 &origin);

}  // namespace aigw::ngx
