// A model's name as one segment of a path.
#pragma once

#include <string>
#include <string_view>

namespace aigw::dialects {

// Appends `plain` with everything but unreserved characters percent-encoded: a slash stays inside the segment. Segments that
// would mean a folder (. and ..) are encoded too.
void append_path_segment(std::string &out, std::string_view plain);

}  // namespace aigw::dialects
