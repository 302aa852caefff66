// What the workers may read that the master, as root, reads anyway.
#pragma once

#include "nginx/ngx.h"

namespace aigw::ngx {

// [warn] if the user that the workers run as cannot read the file, by its own mode. Folders above it are not looked at.
void warn_unreadable(ngx_conf_t *cf, const ngx_str_t &path);

}  // namespace aigw::ngx
