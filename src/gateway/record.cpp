#include "gateway/record.h"

namespace aigw::gateway {

const char *finish_name(chat::FinishReason reason) {
    switch (reason) {
    case chat::FinishReason::None:
        return "";
    case chat::FinishReason::Stop:
        return "stop";
    case chat::FinishReason::Length:
        return "length";
    case chat::FinishReason::ToolCalls:
        return "tool_calls";
    case chat::FinishReason::ContentFilter:
        return "content_filter";
    }
    return "";
}

const char *usage_source_name(UsageSource source) {
    switch (source) {
    case UsageSource::None:
        return "";
    case UsageSource::Provider:
        return "provider";
    case UsageSource::Estimated:
        return "estimated";
    }
    return "";
}

const char *end_name(End end) {
    switch (end) {
    case End::Unset:
        return "";
    case End::Done:
        return "done";
    case End::Error:
        return "error";
    case End::Client:
        return "client";
    case End::Timeout:
        return "timeout";
    case End::Limit:
        return "limit";
    case End::Shutdown:
        return "shutdown";
    }
    return "";
}

}  // namespace aigw::gateway
