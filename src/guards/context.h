// The words before a number say what it is: "call 555 0123 456", "order 555 0123 456". Only those of the last kContext
// bytes, the nearest that says anything. Text ("text me at") is told as Phone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace aigw::guards {

inline constexpr size_t kContext = 48;  // bytes

enum class Hint : uint8_t { None, Phone, Ssn, Address, Version, Money, Other, Text };  // Other: an order, an article, a code

Hint hint_before(std::string_view text, size_t at);

}  // namespace aigw::guards
