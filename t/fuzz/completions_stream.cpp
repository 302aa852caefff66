#include "stream_check.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    aigw::fuzz::check_completions_stream({reinterpret_cast<const char *>(data), size});
    return 0;
}
