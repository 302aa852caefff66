#pragma once

#include <memory>

#include "dialects/dialect.h"

namespace aigw::dialects::google {

std::unique_ptr<ResponseReader> response_reader();

}  // namespace aigw::dialects::google
