// Names of detectors. A new kind of personal data is one file and one line in registry.cpp.
#pragma once

#include <optional>
#include <string>

#include "guards/recogniser.h"

namespace aigw::guards {

std::optional<Recogniser> find_recogniser(std::string_view name);
// "email, phone, ...", for messages.
std::string recogniser_names();

}  // namespace aigw::guards
