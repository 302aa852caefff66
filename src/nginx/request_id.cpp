#include "nginx/request_id.h"

#include <openssl/rand.h>

#include <array>
#include <span>

#include "core/digest.h"

namespace aigw::ngx {
namespace {

constexpr size_t kIdBytes = 16;  // as $request_id has
constexpr size_t kBatch = 64;    // ids drawn at once

// Of this worker: the master handles no requests, so none is inherited by two of them.
std::array<uint8_t, kIdBytes * kBatch> batch;
size_t used = sizeof batch;

std::string own_id() {
    if (used == batch.size()) {
        if (RAND_bytes(batch.data(), static_cast<int>(batch.size())) != 1) {
            return {};
        }
        used = 0;
    }
    std::span<const uint8_t> id(batch.data() + used, kIdBytes);
    used += kIdBytes;
    return hex_encode(id);
}

// Whether the configuration names the variable anywhere: then one value is kept for the whole request.
bool is_indexed(ngx_http_request_t *r, ngx_str_t &name, ngx_uint_t hash) {
    auto *core = static_cast<ngx_http_core_main_conf_t *>(ngx_http_get_module_main_conf(r, ngx_http_core_module));
    auto *known = static_cast<ngx_http_variable_t *>(ngx_hash_find(&core->variables_hash, hash, name.data, name.len));
    return known == nullptr || (known->flags & NGX_HTTP_VAR_INDEXED) != 0;
}

}  // namespace

std::string core_request_id(ngx_http_request_t *r) {
    ngx_str_t name = ngx_string("request_id");
    static const ngx_uint_t hash = ngx_hash_key(name.data, name.len);
    if (!is_indexed(r, name, hash)) {
        return own_id();
    }
    ngx_http_variable_value_t *value = ngx_http_get_variable(r, &name, hash);
    if (value == nullptr || value->not_found) {
        return {};
    }
    return {reinterpret_cast<const char *>(value->data), value->len};
}

}  // namespace aigw::ngx
