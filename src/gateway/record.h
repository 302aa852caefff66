// What is known of one exchange: the source of variables, headers, metrics and the log.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/delta.h"
#include "chat/usage.h"
#include "core/units.h"
#include "dialects/operation.h"

namespace aigw::gateway {

enum class UsageSource : uint8_t { None, Provider, Estimated };

// How the exchange ended. Unset until it did.
enum class End : uint8_t { Unset, Done, Error, Client, Timeout, Limit, Shutdown };

// One call to a provider.
struct CallRecord {
    std::string provider;
    std::string_view result;  // a constant of call_result.h; empty while it runs
};

struct Record {
    std::string model;             // the name asked for
    std::string configured_model;  // the ai_model that it matched; for labels
    bool stream = false;
    bool has_body = false;  // the body was read and understood: the members below it mean something
    size_t message_count = 0;
    bool has_tools = false;
    bool has_images = false;
    std::optional<Tokens> max_tokens;
    int64_t answers = 1;  // n

    std::string provider;        // that answered or was tried last
    std::string upstream_model;
    int attempts = 0;            // calls made
    bool from_cache = false;     // the answer was kept: nobody was called, and its tokens were used before
    std::vector<CallRecord> calls;  // each of them
    std::vector<std::string> dropped;

    chat::Usage usage;
    UsageSource usage_source = UsageSource::None;
    std::optional<dialects::Units> units;  // of a call that is no chat
    chat::FinishReason finish = chat::FinishReason::None;
    std::string error_code;  // of the error that the caller saw
    End end = End::Unset;

    Millis began = 0;            // monotonic: the body was complete
    Millis first_content = 0;    // 0: none came
    Millis ended = 0;
    Millis upstream_time = 0;    // waiting for providers and between attempts
};

const char *finish_name(chat::FinishReason reason);  // OpenAI's words; "" for None
const char *usage_source_name(UsageSource source);
const char *end_name(End end);

}  // namespace aigw::gateway
