#include "nginx/admission.h"

#include <iterator>

#include "nginx/filter.h"
#include "nginx/limit.h"

namespace aigw::ngx {
namespace {

// NGX_OK: the next one; else it was refused, or answered.
using Step = ngx_int_t (*)(Context &context);

constexpr Step kSteps[] = {
    reserve_limits,
};

}  // namespace

ngx_int_t admit(Context &context) {
    while (context.admitted < std::size(kSteps)) {
        if (ngx_int_t rc = kSteps[context.admitted](context); rc != NGX_OK) {
            return rc;
        }
        context.admitted++;
    }
    if (context.filter) {
        start_proxying(context);
    }
    return NGX_DECLINED;
}

}  // namespace aigw::ngx
