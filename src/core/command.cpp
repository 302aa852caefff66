#include "core/command.h"

#include <charconv>

#include "core/digest.h"

namespace aigw {

namespace {

constexpr size_t kUsualBytes = 512;
constexpr size_t kUsualWords = 32;

}  // namespace

Command::Command(std::initializer_list<std::string_view> words) {
    for (std::string_view word : words) {
        add(word);
    }
}

Command &Command::add(std::string_view word) {
    if (ends_.empty()) {
        text_.reserve(word.size() + kUsualBytes);
        ends_.reserve(kUsualWords);
    }
    text_ += word;
    ends_.push_back(text_.size());
    return *this;
}

Command &Command::add(int64_t number) {
    char digits[24];
    char *end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    return add(std::string_view(digits, static_cast<size_t>(end - digits)));
}

Command &Command::add_hex(std::span<const uint8_t> bytes) {
    text_ += hex_encode(bytes);
    ends_.push_back(text_.size());
    return *this;
}

Command Command::tail(size_t first) const {
    Command out;
    for (size_t i = first; i < size(); i++) {
        out.add((*this)[i]);
    }
    return out;
}

}  // namespace aigw
