// Errors and lists of models as Google's clients know them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chat/error.h"

namespace aigw::dialects::google {

std::string write_error(const chat::ApiError &error, std::string_view request_id);
std::string write_models(const std::vector<std::string> &names);
std::string write_model(std::string_view name);

}  // namespace aigw::dialects::google
