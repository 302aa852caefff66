// A broken promise: a crash for the fuzzer, a failed test for the corpus.
#pragma once

#include <stdexcept>

namespace aigw::fuzz {

inline void require(bool kept, const char *promise) {
    if (!kept) {
        throw std::logic_error(promise);
    }
}

}  // namespace aigw::fuzz
