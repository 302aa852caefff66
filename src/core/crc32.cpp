#include "core/crc32.h"

#include <array>

namespace aigw {

namespace {

constexpr uint32_t kPolynomial = 0xEDB88320;  // reflected
constexpr size_t kLanes = 8;                  // bytes taken in one step

using Table = std::array<std::array<uint32_t, 256>, kLanes>;

constexpr Table make_table() {
    Table table{};
    for (uint32_t byte = 0; byte < 256; ++byte) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
        }
        table[0][byte] = crc;
    }
    for (size_t lane = 1; lane < kLanes; ++lane) {
        for (size_t byte = 0; byte < 256; ++byte) {
            uint32_t crc = table[lane - 1][byte];
            table[lane][byte] = (crc >> 8) ^ table[0][crc & 0xFF];
        }
    }
    return table;
}

constexpr Table kTable = make_table();

uint32_t byte_at(std::string_view bytes, size_t i) { return static_cast<unsigned char>(bytes[i]); }

}  // namespace

uint32_t crc32(std::string_view bytes, uint32_t before) {
    uint32_t crc = ~before;
    for (; bytes.size() >= kLanes; bytes.remove_prefix(kLanes)) {
        crc ^= byte_at(bytes, 0) | byte_at(bytes, 1) << 8 | byte_at(bytes, 2) << 16 | byte_at(bytes, 3) << 24;
        crc = kTable[7][crc & 0xFF] ^ kTable[6][crc >> 8 & 0xFF] ^ kTable[5][crc >> 16 & 0xFF] ^ kTable[4][crc >> 24] ^
              kTable[3][byte_at(bytes, 4)] ^ kTable[2][byte_at(bytes, 5)] ^ kTable[1][byte_at(bytes, 6)] ^
              kTable[0][byte_at(bytes, 7)];
    }
    for (size_t i = 0; i < bytes.size(); ++i) {
        crc = (crc >> 8) ^ kTable[0][(crc ^ byte_at(bytes, i)) & 0xFF];
    }
    return ~crc;
}

}  // namespace aigw
