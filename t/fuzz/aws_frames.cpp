#include "aws_frames_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    aigw::fuzz::check_aws_frames({reinterpret_cast<const char *>(data), size});
    return 0;
}
