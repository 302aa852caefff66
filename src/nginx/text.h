// ngx_str_t and std::string_view, both ways.
#pragma once

#include <new>
#include <string_view>

#include "nginx/ngx.h"

namespace aigw::ngx {

inline std::string_view view(const ngx_str_t &s) {
    return {reinterpret_cast<const char *>(s.data), s.len};
}

// A view as ngx_str_t: for calls that read only, or for text that lives long enough.
inline ngx_str_t str(std::string_view s) {
    return {s.size(), reinterpret_cast<u_char *>(const_cast<char *>(s.data()))};
}

// A copy in the pool, with a NUL after it that is not counted. Throws bad_alloc.
inline ngx_str_t copy(ngx_pool_t *pool, std::string_view s) {
    auto *data = static_cast<u_char *>(ngx_pnalloc(pool, s.size() + 1));
    if (data == nullptr) {
        throw std::bad_alloc();
    }
    ngx_memcpy(data, s.data(), s.size());
    data[s.size()] = '\0';
    return {s.size(), data};
}

}  // namespace aigw::ngx
