// What each variable says. Times in seconds with three decimals; flags are 1 and 0.
#include <algorithm>
#include <cstdio>

#include "nginx/text.h"
#include "nginx/variables.h"

namespace aigw::ngx {
namespace {

using gateway::Conversation;
using gateway::Record;
using gateway::UsageSource;

Value text(std::string_view value) {
    return value.empty() ? Value() : Value(value);
}

Value number(int64_t value) {
    return std::to_string(value);
}

Value flag(bool value) {
    return value ? "1" : "0";
}

Value seconds(Millis ms) {
    char out[32];
    ms = ms < 0 ? 0 : ms;
    std::snprintf(out, sizeof(out), "%lld.%03d", static_cast<long long>(ms / 1000), static_cast<int>(ms % 1000));
    return out;
}

// What the body says, once it was read and understood.
template <auto Get>
Value of_body(const Conversation &conversation) {
    return conversation.record().has_body ? Get(conversation) : Value();
}

Value model(const Conversation &e) { return text(e.record().model); }
Value stream(const Conversation &e) { return flag(e.record().stream); }
Value input_tokens(const Conversation &e) { return number(e.input_tokens()); }
Value message_count(const Conversation &e) { return number(static_cast<int64_t>(e.record().message_count)); }
Value has_tools(const Conversation &e) { return flag(e.record().has_tools); }
Value has_images(const Conversation &e) { return flag(e.record().has_images); }
Value max_tokens(const Conversation &e) { return e.record().max_tokens ? number(*e.record().max_tokens) : Value(); }

Value provider(const Conversation &e) { return text(e.record().provider); }
Value upstream_model(const Conversation &e) { return text(e.record().upstream_model); }

bool counted(const Record &record) {
    return record.usage_source != UsageSource::None;
}
// An estimate knows nothing of caches and hidden reasoning.
bool reported(const Record &record) {
    return record.usage_source == UsageSource::Provider;
}
template <auto Member>
Value tokens(const Conversation &e) {
    return counted(e.record()) ? number(e.record().usage.*Member) : Value();
}
template <auto Member>
Value reported_tokens(const Conversation &e) {
    return reported(e.record()) ? number(e.record().usage.*Member) : Value();
}
Value total_tokens(const Conversation &e) { return counted(e.record()) ? number(e.record().usage.total()) : Value(); }
Value usage_source(const Conversation &e) { return text(gateway::usage_source_name(e.record().usage_source)); }

// A chat counts in tokens.
std::optional<dialects::Units> units_of(const Record &record) {
    return record.units || !counted(record) ? record.units
                                            : std::optional(dialects::Units{dialects::Unit::Tokens, record.usage.total()});
}
Value units(const Conversation &e) {
    auto units = units_of(e.record());
    return units ? number(units->count) : Value();
}
Value unit(const Conversation &e) {
    auto units = units_of(e.record());
    return units ? text(dialects::unit_name(units->unit)) : Value();
}

Value ttft(const Conversation &e) {
    const Record &record = e.record();
    return record.first_content != 0 ? seconds(record.first_content - record.began) : Value();
}

// Between tokens of a stream, once it is over.
Value tpot(const Conversation &e) {
    const Record &record = e.record();
    if (!record.stream || record.first_content == 0 || record.ended == 0 || record.usage.completion < 2) {
        return {};
    }
    Tokens gaps = record.usage.completion - 1;
    return seconds((record.ended - record.first_content + gaps / 2) / gaps);
}

Value overhead_time(const Conversation &e) {
    const Record &record = e.record();
    return record.ended != 0 && record.began != 0 ? seconds(record.ended - record.began - record.upstream_time)
                                                  : Value();
}

Value finish_reason(const Conversation &e) { return text(gateway::finish_name(e.record().finish)); }
Value stream_end(const Conversation &e) { return e.record().stream ? text(gateway::end_name(e.record().end)) : Value(); }

Value dropped(const Conversation &e) {
    std::string all;
    for (const std::string &path : e.record().dropped) {
        all += all.empty() ? "" : ",";
        all += path;
    }
    return text(all);
}

char folded(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c == '-' ? '_' : c;
}

Value scalar(JsonValue value) {
    if (value.is_string()) {
        return value.text().decode();
    }
    if (value.is_number() || value.is_bool()) {
        return std::string(value.raw());
    }
    return {};
}

Value metadata_header(const ngx_http_request_t *r, std::string_view name) {
    constexpr std::string_view kPrefix = "x_aigw_meta_";
    for (const ngx_list_part_t *part = &r->headers_in.headers.part; part != nullptr; part = part->next) {
        auto *headers = static_cast<const ngx_table_elt_t *>(part->elts);
        for (ngx_uint_t i = 0; i < part->nelts; i++) {
            std::string_view key = view(headers[i].key);
            if (headers[i].hash != 0 && is_named(key.substr(0, kPrefix.size()), kPrefix) &&
                is_named(key.substr(kPrefix.size()), name)) {
                return std::string(view(headers[i].value));
            }
        }
    }
    return {};
}

}  // namespace

bool is_named(std::string_view name, std::string_view variable) {
    return std::equal(name.begin(), name.end(), variable.begin(), variable.end(),
                      [](char a, char b) { return folded(a) == b; });
}

Value metadata(const ngx_http_request_t *r, const Conversation &conversation, std::string_view name) {
    JsonValue members = conversation.request_body()["metadata"];
    if (Value exact = scalar(members[name])) {
        return exact;
    }
    for (JsonValue::Member member : members.members()) {
        if (is_named(member.key.decode(), name)) {
            if (Value value = scalar(member.value)) {
                return value;
            }
        }
    }
    return metadata_header(r, name);
}

const CallerVariable kCallerVariables[] = {
    {"ai_key_id", &identity::Identity::key_id}, {"ai_team", &identity::Identity::team},
    {"ai_user", &identity::Identity::user},     {"ai_project", &identity::Identity::project},
    {"ai_env", &identity::Identity::env},
};

const ConversationVariable kConversationVariables[] = {
    {"ai_model", model},
    {"ai_stream", of_body<stream>},
    {"ai_input_tokens", of_body<input_tokens>},
    {"ai_message_count", of_body<message_count>},
    {"ai_has_tools", of_body<has_tools>},
    {"ai_has_images", of_body<has_images>},
    {"ai_max_tokens", of_body<max_tokens>},
    {"ai_provider", provider},
    {"ai_upstream_model", upstream_model},
    {"ai_prompt_tokens", tokens<&chat::Usage::prompt>},
    {"ai_completion_tokens", tokens<&chat::Usage::completion>},
    {"ai_cached_tokens", reported_tokens<&chat::Usage::cached>},
    {"ai_reasoning_tokens", reported_tokens<&chat::Usage::reasoning>},
    {"ai_total_tokens", total_tokens},
    {"ai_usage_source", usage_source},
    {"ai_units", units},
    {"ai_unit", unit},
    {"ai_ttft", ttft},
    {"ai_tpot", tpot},
    {"ai_overhead_time", overhead_time},
    {"ai_finish_reason", finish_reason},
    {"ai_stream_end", stream_end},
    {"ai_dropped", dropped},
};

}  // namespace aigw::ngx
