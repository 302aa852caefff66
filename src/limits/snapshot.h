// What of the limits is worth a file: counters of long windows that have something in them. What requests held at that
// moment is charged: after a crash nobody can tell any more what they used, and the file errs on the side of the limit.
//
// Taken in slices, so that the mutex is never held for long; each counter is whole, the file is not one moment. The
// machine that reads it is like the one that wrote it (byte order).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"
#include "limits/store.h"

namespace aigw::limits {

inline constexpr Millis kLongWindow = 86'400'000;  // ms: a day

class Snapshot {
public:
    explicit Snapshot(Millis shortest = kLongWindow) : shortest_(shortest) {}

    // Under the mutex: looks at so many cells more; true: that was the last.
    bool add(Store store, uint32_t cells, Now now);
    // The file.
    std::string finish(Now now) const { return seal(body_, now); }
    // A file of such entries; for finish(), and for tests.
    static std::string seal(std::string_view entries, Now now);

    // Into a store, under its mutex. Counters that are there already stay as they are. How many were read; an error if it is
    // no such file, or a damaged one: then nothing was changed.
    static Result<size_t, std::string> restore(Store store, std::string_view file, Now now);

private:
    Millis shortest_;
    uint32_t next_ = 0;  // cell
    std::string body_;
};

}  // namespace aigw::limits
