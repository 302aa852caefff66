// CRC-32 as zlib, PNG and AWS's event streams have it. Finds accidents, not intentions.
#pragma once

#include <cstdint>
#include <string_view>

namespace aigw {

// Of `bytes` after what `before` was the checksum of; 0 for a beginning.
uint32_t crc32(std::string_view bytes, uint32_t before = 0);

}  // namespace aigw
