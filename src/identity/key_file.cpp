#include "identity/key_file.h"

#include <jansson.h>

#include <algorithm>
#include <memory>

namespace aigw::identity {

namespace {

using Check = Result<void, std::string>;

struct Release {
    void operator()(json_t *value) const { json_decref(value); }
};
using Json = std::unique_ptr<json_t, Release>;

// Our own words: jansson's quote the text.
std::string_view words_for(const json_error_t &error, bool cut) {
    switch (json_error_code(&error)) {
    case json_error_duplicate_key:
        return "the same member stands twice";
    case json_error_invalid_utf8:
        return "not valid UTF-8";
    case json_error_premature_end_of_input:
        return cut ? "larger than 256 KiB" : "the file ends in the middle of it";
    default:
        return "not valid JSON";
    }
}

}  // namespace

Unexpected<std::string> KeyFile::fault_of_key(std::string_view what, size_t at) const {
    auto line = std::count(text_.begin(), text_.begin() + static_cast<ptrdiff_t>(std::min(at, text_.size())), '\n') + 1;
    return {"keys[" + std::to_string(table_.keys()) + "], line " + std::to_string(line) + ": " + std::string(what)};
}

Unexpected<std::string> KeyFile::fault(std::string_view what) const {
    auto line = std::count(text_.begin(), text_.begin() + static_cast<ptrdiff_t>(at_), '\n') + 1;
    return {"line " + std::to_string(line) + ": " + std::string(what)};
}

void KeyFile::skip_space() {
    at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
}

bool KeyFile::take(std::string_view token) {
    skip_space();
    if (!std::string_view(text_).substr(at_).starts_with(token)) {
        return false;
    }
    at_ += token.size();
    return true;
}

Check KeyFile::begin() {
    if (!take("{") || !take("\"keys\"") || !take(":") || !take("[")) {
        return fault("the file must be {\"keys\":[ ... ]}");
    }
    if (take("]")) {
        return end();
    }
    stage_ = Stage::Keys;
    return {};
}

Check KeyFile::one_key() {
    skip_space();
    size_t rest = text_.size() - at_, bytes = std::min(rest, kMaxKeyBytes);
    json_error_t error;
    Json object(json_loadb(text_.data() + at_, bytes, JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, &error));
    if (!object) {
        return fault_of_key(words_for(error, bytes < rest), at_ + static_cast<size_t>(std::max(error.position, 0)));
    }
    auto key = read_key(object.get());
    if (!key) {
        const json_t *id = json_object_get(object.get(), "id");
        bool shown = json_is_string(id) && json_string_length(id) <= kMaxValueBytes;
        return fault_of_key((shown ? "id \"" + encode_value(json_string_value(id)) + "\": " : "") + key.error(), at_);
    }
    if (Check added = table_.add(*key); !added) {
        return fault_of_key(added.error(), at_);
    }
    at_ += static_cast<size_t>(error.position);
    return after_key();
}

Check KeyFile::after_key() {
    if (take(",")) {
        return {};
    }
    return take("]") ? end() : Check(fault("a key must be followed by , or ]"));
}

Check KeyFile::end() {
    if (!take("}")) {
        return fault("only \"keys\" may stand in the file");
    }
    skip_space();
    if (at_ != text_.size()) {
        return fault("something follows the end");
    }
    stage_ = Stage::Index;
    return {};
}

Result<bool, std::string> KeyFile::step(size_t keys) {
    if (stage_ == Stage::Index) {
        auto ready = table_.index(keys);
        stage_ = ready && *ready ? Stage::Done : Stage::Index;
        return ready;
    }
    if (stage_ == Stage::Begin) {
        if (Check begun = begin(); !begun) {
            return Unexpected<std::string>{std::move(begun.error())};
        }
    }
    for (; keys > 0 && stage_ == Stage::Keys; keys--) {
        if (Check read = one_key(); !read) {
            return Unexpected<std::string>{std::move(read.error())};
        }
    }
    return stage_ == Stage::Done;
}

}  // namespace aigw::identity
