// Token counts on Google's wire: usageMetadata, cumulative in every event of a stream. Thoughts are told beside the
// candidates, tokens of built-in tools beside the prompt.
#pragma once

#include <optional>

#include "chat/usage.h"
#include "core/json.h"
#include "core/json_writer.h"

namespace aigw::dialects::google {

struct ReadUsage {
    chat::Usage usage;
    bool with_completion = false;  // the candidates are counted in it
};
// Nothing if there are no counts, or none that make sense.
std::optional<ReadUsage> read_usage(JsonValue metadata);
void write_usage(JsonWriter &json, const chat::Usage &usage);

}  // namespace aigw::dialects::google
