// Forms: what is read lies in the body, and a form with another value is the same form with that value. Input: the content
// type up to the first line feed, then the body.
#pragma once

#include <string>

#include "core/form_data.h"
#include "require.h"

namespace aigw::fuzz {

inline void check_form_data(std::string_view bytes) {
    size_t end = bytes.find('\n');
    if (end == std::string_view::npos) {
        return;
    }
    std::string_view type = bytes.substr(0, end), body = bytes.substr(end + 1);
    auto form = FormData::parse(type, body);
    if (!form) {
        return;
    }
    for (const FormData::Part &part : form->parts()) {
        bool inside = part.value.data() >= body.data() && part.value.data() + part.value.size() <= body.data() + body.size();
        require(inside && !part.name.empty(), "a part lies in the body and has a name");
    }
    std::string made, changed;
    for (std::string_view piece : form->with("model", "m", made)) {
        changed += piece;
    }
    auto again = FormData::parse(type, changed);
    bool had = form->find("model") != nullptr, full = form->parts().size() == FormData::kMaxParts;
    if (!had && full) {
        return;  // one more is too many
    }
    require(again.has_value(), "a changed form is a form");
    require(again->find("model") != nullptr && again->find("model")->value == "m", "it has the value");
    require(again->parts().size() == form->parts().size() + (had ? 0 : 1), "it has the same parts");
    for (size_t i = 0; i < form->parts().size(); i++) {
        const FormData::Part &before = form->parts()[i], &after = again->parts()[i + (had ? 0 : 1)];
        require(before.name == after.name, "names stay");
        require(before.value == after.value || (had && before.name == "model"), "other values stay");
    }
}

}  // namespace aigw::fuzz
