// One stream of a Delta's texts (one for each choice and kind of text, one for each tool call): escaped pieces in, escaped
// pieces out. A piece that passes untouched is to be passed on as it was written: see same().
#pragma once

#include "core/json.h"
#include "guards/json_guard.h"

namespace aigw::guards {

class DeltaGuard {
public:
    enum class Content : uint8_t { Text, Json };  // Json: a tool's arguments

    DeltaGuard(const Plan &plan, Guarding &guarding, Content content, TextGuard::Way way = TextGuard::Way::Incoming);

    // Appends what is safe, escaped as inside a JSON string.
    TextGuard::State feed(JsonText piece, std::string &escaped);
    // No piece follows in this stream.
    TextGuard::State finish(std::string &escaped);
    // Where in what the last call appended a piece of text ended: what stands between two cuts is a delta of its own.
    const std::vector<size_t> &cuts() const { return cuts_; }
    // The last feed's output says what its piece said, no more and no less.
    bool same() const { return same_; }
    // Bytes kept back, as plain text.
    size_t held() const { return content_ == Content::Text ? text_.held() : json_.held(); }
    bool changed() const { return content_ == Content::Text ? text_.changed() : json_.changed(); }

private:
    TextGuard::State pass(std::string_view plain, std::string &escaped);
    void escape(size_t start, std::string &escaped);

    Content content_;
    TextGuard text_;
    JsonGuard json_;
    Unescape unescape_;
    std::vector<size_t> cuts_;
    std::string plain_, safe_;  // scratch
    bool same_ = true;
};

}  // namespace aigw::guards
