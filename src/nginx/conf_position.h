// Where a directive stands, for messages that come when the whole configuration is known.
#pragma once

#include "nginx/ngx.h"

namespace aigw::ngx {

struct Position {
    const u_char *file = nullptr;  // of the cycle
    ngx_uint_t line = 0;
};

}  // namespace aigw::ngx
