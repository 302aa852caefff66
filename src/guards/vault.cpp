#include "guards/vault.h"

#include <algorithm>

#include "guards/chars.h"

namespace aigw::guards {

std::string Vault::placeholder(std::string_view label, std::string_view value) {
    std::string key(label);
    key.append(1, '\0').append(value);
    if (auto known = placeholders_.find(key); known != placeholders_.end()) {
        return known->second;
    }
    std::string out = "[" + std::string(label);
    if (values_.size() < kMaxValues) {
        size_t number = ++counts_[std::string(label)];
        out.append("_").append(std::to_string(number)).append("]");
        values_.emplace(out, value);
        placeholders_.emplace(std::move(key), out);
        return out;
    }
    return out + "]";
}

const std::string *Vault::value_of(std::string_view placeholder) const {
    auto found = values_.find(placeholder);
    return found == values_.end() ? nullptr : &found->second;
}

Progress Vault::scan(const Window &window, std::vector<Find> &finds) const {
    std::string_view text = window.text;
    for (size_t at = text.find('[', window.from); at != std::string_view::npos; at = text.find('[', at + 1)) {
        size_t end = at + 1;
        while (end < text.size() && end - at < kMaxPlaceholder && (is_upper(text[end]) || is_digit(text[end]) || text[end] == '_')) {
            ++end;
        }
        std::string_view head = text.substr(at, end - at);
        if (end < text.size() && text[end] == ']' && value_of(text.substr(at, end + 1 - at))) {
            finds.push_back({at, end + 1, 0, at});
        } else if (end == text.size() && !window.final) {
            auto next = values_.lower_bound(head);
            if (next != values_.end() && std::string_view(next->first).substr(0, head.size()) == head) {
                return {at, false};
            }
        }
    }
    return {text.size(), false};
}

}  // namespace aigw::guards
