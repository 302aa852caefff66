// The caller's own values behind numbered placeholders, for one request: [EMAIL_1] goes out, the value comes back into the
// answer. Never written anywhere.
#pragma once

#include <map>
#include <string>

#include "guards/finder.h"

namespace aigw::guards {

class Vault : public Finder {
public:
    static constexpr size_t kMaxValues = 1000;
    static constexpr size_t kMaxPlaceholder = 48;  // bytes

    // The placeholder for a value; the same one for an equal value. Over kMaxValues an unnumbered one, which stays.
    std::string placeholder(std::string_view label, std::string_view value);
    bool empty() const { return values_.empty(); }
    // The value behind it, nullptr if there is none.
    const std::string *value_of(std::string_view placeholder) const;

    // Finds placeholders that stand for something, with tag 0.
    Progress scan(const Window &window, std::vector<Find> &finds) const override;

private:
    std::map<std::string, std::string, std::less<>> values_;        // by placeholder
    std::map<std::string, std::string, std::less<>> placeholders_;  // by label, a zero byte, value
    std::map<std::string, size_t, std::less<>> counts_;             // by label
};

}  // namespace aigw::guards
