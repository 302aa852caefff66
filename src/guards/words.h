// A list of words and phrases, one a line (# begins a comment), found as whole words whatever their case. Case is folded for
// ASCII and the two-byte letters of Latin, Greek and Cyrillic; a space stands for any one white space.
#pragma once

#include <memory>
#include <string>

#include "core/result.h"
#include "guards/finder.h"

namespace aigw::guards {

class Words : public Finder {
public:
    static constexpr size_t kMaxWord = 256;            // bytes of a line
    static constexpr size_t kMaxText = 16 << 20;       // bytes of a list

    static Result<std::shared_ptr<const Words>, std::string> parse(std::string_view list);
    Progress scan(const Window &window, std::vector<Find> &finds) const override;
    size_t size() const { return words_.size(); }

private:
    struct Entry {
        uint32_t begin;
        uint32_t size;
    };
    struct Match {
        size_t end = 0;     // 0: none
        bool open = false;  // more text can make it one, or a longer one
    };

    std::string_view word(size_t i) const { return std::string_view(text_).substr(words_[i].begin, words_[i].size); }
    Match match(const Window &window, size_t begin) const;

    std::string text_;          // folded
    std::vector<Entry> words_;  // sorted, no two equal
    std::vector<uint32_t> first_;  // of a first byte, where its words begin; 257 entries
};

}  // namespace aigw::guards
