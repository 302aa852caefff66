// Deltas for a caller of generateContent or streamGenerateContent.
#pragma once

#include <memory>

#include "dialects/dialect.h"

namespace aigw::dialects::google {

std::unique_ptr<ResponseWriter> stream_writer(const AnswerOptions &options);
std::unique_ptr<ResponseWriter> answer_writer(const AnswerOptions &options);

}  // namespace aigw::dialects::google
