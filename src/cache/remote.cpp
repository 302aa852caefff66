#include "cache/remote.h"

#include <algorithm>

namespace aigw::cache {

std::string remote_name(std::string_view prefix, const Key &key) {
    return std::string(prefix) + ":cache:1:" + hex_encode(key);
}

Command get_command(std::string_view prefix, const Key &key) { return {"GET", remote_name(prefix, key)}; }

Command set_command(std::string_view prefix, const Key &key, std::string_view record, Millis ttl) {
    return Command{"SET", remote_name(prefix, key), record, "PX"}.add(std::max<Millis>(ttl, 1));
}

}  // namespace aigw::cache
