// The errors that core made, in our words: a status is all that is known of them.
#pragma once

#include "chat/error.h"

namespace aigw::ngx {

chat::ApiError core_error(int status);

}  // namespace aigw::ngx
