// All recognisers that are wanted in one walk over the text: from anchor to anchor by a table of bytes, so that text
// without digits and signs costs next to nothing.
#pragma once

#include "guards/recogniser.h"

namespace aigw::guards {

class PiiFinder : public Finder {
public:
    static constexpr size_t kMost = kMaxRecognisers;

    // Find::tag is the recogniser's place in the list. At most kMost.
    explicit PiiFinder(std::vector<Recogniser> recognisers);
    Progress scan(const Window &window, std::vector<Find> &finds) const override;

private:
    size_t next_anchor(std::string_view text, size_t at) const;
    size_t skip_sixteens(std::string_view text, size_t at) const;

    std::vector<Recogniser> recognisers_;
    std::array<uint8_t, 256> anchors_{};  // of a byte, those that a recogniser asked for
    // The same by halves of a byte, for sixteen bytes at once: marked is what has a bit in common in both. ASCII only.
    std::array<uint8_t, 16> low_half_{}, high_half_{};
};

}  // namespace aigw::guards
