#include "nginx/mint_zone.h"

#include <algorithm>
#include <array>
#include <memory>

#include "nginx/directive_tools.h"
#include "nginx/zone.h"

namespace aigw::ngx {

namespace {

constexpr size_t kZoneSize = 128 << 10;  // bytes
constexpr size_t kParts = 4;             // access key, secret key, session token, bearer

// Its layout is in the zone's name.
struct Slot {
    UnixSeconds expires;
    Sha256 origin;
    uint32_t length[kParts];
    char text[kParts][providers::kMaxMintedText];
};

template <class T, class M>
std::array<T *, kParts> parts_of(M &minted) {
    return {&minted.aws.access_key, &minted.aws.secret_key, &minted.aws.session_token, &minted.bearer};
}

ngx_int_t init_zone(ngx_shm_zone_t *zone, void *old) noexcept {
    auto *pool = reinterpret_cast<ngx_slab_pool_t *>(zone->shm.addr);
    zone->data = old != nullptr ? old : zone->shm.exists ? pool->data : ngx_slab_calloc(pool, sizeof(Slot));
    pool->data = zone->data;
    return zone->data != nullptr ? NGX_OK : NGX_ERROR;
}

}  // namespace

ngx_int_t add_mint_zone(ngx_conf_t *cf, MintConf &conf) {
    const std::string name = "aigw.credentials.1." + hex_encode(sha256(providers::source_key(conf.source))).substr(0, 32);
    ngx_str_t kept = copy(cf->pool, name);
    conf.zone = ngx_shared_memory_add(cf, &kept, kZoneSize, &ngx_http_aigw_module);
    if (conf.zone == nullptr) {
        return NGX_ERROR;
    }
    conf.zone->init = init_zone;
    return NGX_OK;
}

void publish(const MintConf &conf, const Sha256 &origin, const providers::Minted &minted) {
    auto &slot = *static_cast<Slot *>(conf.zone->data);
    auto parts = parts_of<const std::string>(minted);
    ZoneLock lock(conf.zone);
    if (slot.origin == origin && slot.expires > minted.expires) {
        return;
    }
    slot.expires = 0;  // a worker that dies here leaves none
    slot.origin = origin;
    for (size_t i = 0; i < kParts; i++) {
        slot.length[i] = static_cast<uint32_t>(parts[i]->size());
        ngx_memcpy(slot.text[i], parts[i]->data(), parts[i]->size());
    }
    slot.expires = minted.expires;
}

std::optional<providers::Minted> find_published(const MintConf &conf, const Sha256 &origin) {
    auto slot = std::make_unique<Slot>();
    {
        ZoneLock lock(conf.zone);
        *slot = *static_cast<const Slot *>(conf.zone->data);
    }
    std::optional<providers::Minted> found;
    if (slot->expires != 0 && slot->origin == origin) {
        found.emplace();
        found->expires = slot->expires;
        auto parts = parts_of<std::string>(*found);
        for (size_t i = 0; i < kParts; i++) {
            parts[i]->assign(slot->text[i], std::min<size_t>(slot->length[i], providers::kMaxMintedText));
        }
    }
    ngx_explicit_memzero(slot.get(), sizeof(Slot));
    return found;
}

}  // namespace aigw::ngx
