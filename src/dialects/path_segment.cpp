#include "dialects/path_segment.h"

#include "core/percent.h"

namespace aigw::dialects {

void append_path_segment(std::string &out, std::string_view plain) {
    if (plain != "." && plain != "..") {
        append_percent_encoded(out, plain);
        return;
    }
    for (size_t i = 0; i < plain.size(); ++i)
        out += "%2E";
}

}  // namespace aigw::dialects
