#include "guards_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    aigw::fuzz::check_guards({reinterpret_cast<const char *>(data), size});
    return 0;
}
