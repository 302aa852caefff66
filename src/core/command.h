// The words of a Redis command, binary safe, in one piece of memory: a command of forty words costs two allocations.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace aigw {

class Command {
public:
    Command() = default;
    Command(std::initializer_list<std::string_view> words);

    Command &add(std::string_view word);
    // Decimal digits.
    Command &add(int64_t number);
    // Lower case, two digits for each byte.
    Command &add_hex(std::span<const uint8_t> bytes);

    size_t size() const { return ends_.size(); }
    bool empty() const { return ends_.empty(); }
    // Valid until the next add.
    std::string_view operator[](size_t i) const {
        size_t begin = i == 0 ? 0 : ends_[i - 1];
        return std::string_view(text_).substr(begin, ends_[i] - begin);
    }
    std::string_view back() const { return (*this)[size() - 1]; }
    // From the word at `first` on.
    Command tail(size_t first) const;
    // Of all words together.
    size_t bytes() const { return text_.size(); }

    bool operator==(const Command &) const = default;

private:
    std::string text_;
    std::vector<size_t> ends_;  // of each word in the text
};

}  // namespace aigw
