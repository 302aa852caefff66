// What the two sides of a record agree on. Numbers are in groups of seven bits, the lowest first; texts have their length
// before them. Magic, creation time, usage (a byte whether it is known, five counts), entries.
#pragma once

#include <cstddef>
#include <string_view>

namespace aigw::cache {

inline constexpr std::string_view kRecordMagic = "aigwrec2";  // ends with the version
inline constexpr size_t kEntryOverhead = 12;                  // bytes of an entry beside its texts, about

}  // namespace aigw::cache
