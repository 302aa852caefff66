#include "chat/message.h"

namespace aigw::chat {

namespace {

void append_index(std::string &out, int32_t index) {
    out += '[';
    out += std::to_string(index);
    out += ']';
}

}  // namespace

std::string Origin::path(std::string_view member) const {
    std::string out(list);
    if (i >= 0) append_index(out, i);
    if (j >= 0 || inner != Origin().inner) out.append(".").append(inner);
    if (j >= 0) append_index(out, j);
    if (k >= 0) {
        out += list == "contents" ? ".functionResponse.parts" : ".content";  // of a result, in Google's words
        append_index(out, k);
    }
    if (!member.empty()) out.append(".").append(member);
    return out;
}

}  // namespace aigw::chat
