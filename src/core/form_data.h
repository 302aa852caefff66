// A body of multipart/form-data (RFC 7578), looked at where it lies: nothing of a file is copied or decoded. Stricter than
// most readers on purpose: what two readers could understand differently (a delimiter that is none, a part with two names, an
// escaped name, words before or after the parts) is refused, so that nobody behind us finds a part that we did not see.
// Limits: kMaxParts, kMaxHead bytes of a part's headers, kMaxBoundary; the body's size is the host's to limit.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace aigw {

class FormData {
public:
    static constexpr size_t kMaxParts = 128;
    static constexpr size_t kMaxHead = 8 << 10;    // bytes of one part's headers
    static constexpr size_t kMaxBoundary = 200;    // bytes; RFC 2046 allows 70

    struct Part {
        std::string_view name;
        bool is_file = false;    // it has a file's name
        std::string_view value;  // in the body
    };

    // `body` must outlive the form. The error is a phrase for the caller.
    static Result<FormData, std::string_view> parse(std::string_view content_type, std::string_view body);

    const std::vector<Part> &parts() const { return parts_; }
    // The first of that name; null: none.
    const Part *find(std::string_view name) const;
    size_t count(std::string_view name) const;
    // The whole body with another value in the part `name`, or with one part more at its head; in pieces, which point into the
    // body and into `made`. The value holds no line breaks.
    std::vector<std::string_view> with(std::string_view name, std::string_view value, std::string &made) const;

private:
    std::string_view body_;
    std::string delimiter_;  // two hyphens and the boundary
    std::vector<Part> parts_;
};

}  // namespace aigw
