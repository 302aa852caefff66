// keys.json, read key by key in slices and refused whole: {"keys":[{"id":…,"sha256":…, …}, …]} and nothing else.
// Messages name the key by its place and id, or the line; they never hold a digest or a piece of the text.
#pragma once

#include <string>

#include "core/result.h"
#include "identity/key_table.h"

namespace aigw::identity {

inline constexpr size_t kMaxKeyFileBytes = 256 << 20;
inline constexpr size_t kMaxKeyBytes = 256 << 10;  // of one key's JSON

class KeyFile {
public:
    explicit KeyFile(std::string text) : text_(std::move(text)) { table_.reserve(text_.size()); }

    // Reads or indexes about `keys` keys more; true: table() is ready. Not to be called again after an error.
    Result<bool, std::string> step(size_t keys);

    const KeyTableBuilder &table() const { return table_; }

private:
    enum class Stage : uint8_t { Begin, Keys, Index, Done };

    Result<void, std::string> begin();
    Result<void, std::string> one_key();
    Result<void, std::string> after_key();
    Result<void, std::string> end();
    void skip_space();
    bool take(std::string_view token);
    Unexpected<std::string> fault(std::string_view what) const;
    Unexpected<std::string> fault_of_key(std::string_view what, size_t at) const;

    std::string text_;
    size_t at_ = 0;
    Stage stage_ = Stage::Begin;
    KeyTableBuilder table_;
};

}  // namespace aigw::identity
