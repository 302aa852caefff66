#include <cstdint>

#include "form_data_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    aigw::fuzz::check_form_data({reinterpret_cast<const char *>(data), size});
    return 0;
}
