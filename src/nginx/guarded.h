// The one place where exceptions stop. Every function whose address goes to C is noexcept and enters through this.
#pragma once

#include <exception>
#include <utility>

#include "nginx/ngx.h"

namespace aigw::ngx {

// Runs `body`; an exception (a bug, or memory) is logged once and becomes `on_failure`.
template <class R, class F>
R guarded(ngx_log_t *log, R on_failure, F &&body) noexcept {
    try {
        return std::forward<F>(body)();
    } catch (const std::exception &e) {
        ngx_log_error(NGX_LOG_CRIT, log, 0, "aigw: exception: %s", e.what());
    } catch (...) {
        ngx_log_error(NGX_LOG_CRIT, log, 0, "aigw: unknown exception");
    }
    return on_failure;
}

template <class F>
void guarded(ngx_log_t *log, F &&body) noexcept {
    guarded(log, 0, [&] {
        std::forward<F>(body)();
        return 0;
    });
}

}  // namespace aigw::ngx
