// C++ objects in nginx pools: built in place, destroyed by the pool's cleanup.
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include "nginx/ngx.h"

namespace aigw::ngx {

template <class T>
void destroy_in_pool(void *data) noexcept {
    static_cast<T *>(data)->~T();
}

// Throws bad_alloc when the pool is out of memory. Cleanups run in reverse order, after r->cleanup handlers.
template <class T, class... Args>
T *make_in_pool(ngx_pool_t *pool, Args &&...args) {
    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(pool, sizeof(T) + alignof(T));
    if (cleanup == nullptr) {
        throw std::bad_alloc();
    }
    auto at = (reinterpret_cast<uintptr_t>(cleanup->data) + alignof(T) - 1) & ~(uintptr_t(alignof(T)) - 1);
    T *object = ::new (reinterpret_cast<void *>(at)) T(std::forward<Args>(args)...);
    cleanup->data = object;
    cleanup->handler = destroy_in_pool<T>;
    return object;
}

// Owned like a unique_ptr's object, in the memory of a pool, which gets it back at its own end only.
struct DestroyInPlace {
    template <class T>
    void operator()(T *object) const noexcept {
        object->~T();
    }
};
template <class T>
using InPool = std::unique_ptr<T, DestroyInPlace>;

// Throws bad_alloc.
template <class T, class... Args>
InPool<T> make_owned_in_pool(ngx_pool_t *pool, Args &&...args) {
    static_assert(alignof(T) <= NGX_ALIGNMENT);
    void *memory = ngx_palloc(pool, sizeof(T));
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    return InPool<T>(::new (memory) T(std::forward<Args>(args)...));
}

}  // namespace aigw::ngx
