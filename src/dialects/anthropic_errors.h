// Errors and lists of models in Anthropic's shape.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chat/error.h"
#include "core/units.h"

namespace aigw::dialects::anthropic {

// The shape has no place for code and param: where the message does not name the field, it is put in front of it.
std::string write_error(const chat::ApiError &error, std::string_view request_id);
void write_error_event(const chat::ApiError &error, std::string_view request_id, std::string &out);

std::string write_models(const std::vector<std::string> &names, UnixSeconds created);
std::string write_model(std::string_view name, UnixSeconds created);

}  // namespace aigw::dialects::anthropic
