#include "dialects/responses_object.h"

#include <array>

#include "dialects/common.h"
#include "dialects/responses.h"

namespace aigw::dialects::responses {

void open_event(std::string_view type, int64_t sequence, std::string &out) {
    out.append("event: ").append(type).append("\ndata: {\"type\":\"").append(type).append("\",\"sequence_number\":");
    out.append(std::to_string(sequence));
}

namespace {

struct Member {
    std::string_view name, absent;  // the default as JSON
    bool repeated = true;           // else it is ours to say
};

constexpr std::array kFirst{Member{"instructions", "null"}, Member{"max_output_tokens", "null"}, Member{"max_tool_calls", "null"}};
constexpr std::array kRest{Member{"parallel_tool_calls", "true"},
                           Member{"previous_response_id", "null", false},
                           Member{"prompt_cache_key", "null"},
                           Member{"reasoning", R"({"effort":null,"summary":null})"},
                           Member{"safety_identifier", "null"},
                           Member{"service_tier", "\"default\"", false},
                           Member{"store", "false", false},
                           Member{"temperature", "null"},
                           Member{"text", R"({"format":{"type":"text"}})"},
                           Member{"tool_choice", "\"auto\""},
                           Member{"tools", "[]"},
                           Member{"top_logprobs", "0"},
                           Member{"top_p", "null"},
                           Member{"truncation", "\"disabled\""}};
constexpr std::array kLast{Member{"user", "null"}, Member{"metadata", "{}"}};

template <size_t N>
std::string echoed(JsonValue request, const std::array<Member, N> &members) {
    std::string out;
    for (const Member &member : members) {
        JsonValue value = member.repeated ? request[member.name] : JsonValue();
        out.append(",\"").append(member.name).append("\":");
        if (given(value)) {
            append_compact(out, value.raw());
        } else {
            out.append(member.absent);
        }
    }
    return out;
}

}  // namespace

Echo echo_of(JsonValue request) { return {echoed(request, kFirst), echoed(request, kRest), echoed(request, kLast)}; }

void begin_response(const ResponseHead &head, const Echo &echo, std::string &out) {
    JsonWriter json(out);
    json.begin_object().key("id").text({head.id}).key("object").string("response");
    json.key("created_at").number(head.created).key("status").string(head.status);
    json.key("background").boolean(false).key("error");
    if (head.error) {
        write_response_error(*head.error, json);
    } else {
        json.null();
    }
    json.key("incomplete_details");
    if (head.incomplete_reason.empty()) {
        json.null();
    } else {
        json.begin_object().key("reason").string(head.incomplete_reason).end_object();
    }
    out.append(echo.first);
    json.key("model").text({head.model});
}

void end_response(const std::optional<chat::Usage> &usage, const Echo &echo, std::string &out) {
    out.append(echo.rest).append(",\"usage\":");
    if (usage) {
        JsonWriter json(out);
        write_usage(json, *usage);
    } else {
        out.append("null");
    }
    out.append(echo.last).append(1, '}');
}

void write_part(const Item::Part &part, bool empty, JsonWriter &json) {
    JsonText text{empty ? std::string_view() : std::string_view(part.text)};
    json.begin_object().key("type");
    if (part.refusal) {
        json.string("refusal").key("refusal").text(text).end_object();
        return;
    }
    json.string("output_text").key("annotations").raw(empty ? "[]" : "[" + part.annotations + "]").key("logprobs").begin_array().end_array();
    json.key("text").text(text).end_object();
}

namespace {

void write_thinking(const Item &item, bool empty, JsonWriter &json) {
    json.key("summary").begin_array();
    if (!empty && !item.text.empty()) {
        json.begin_object().key("type").string("summary_text").key("text").text({item.text}).end_object();
    }
    json.end_array();
    if (empty || item.signature.empty()) return;
    json.key("encrypted_content").text({item.signature});
}

void write_call(const Item &item, bool empty, JsonWriter &json) {
    json.key("arguments").text({empty ? std::string_view() : item.text.empty() ? "{}" : std::string_view(item.text)});
    json.key("call_id").text({item.call_id}).key("name").text({item.name});
}

}  // namespace

void write_item(const Item &item, bool empty, JsonWriter &json) {
    static constexpr const char *kTypes[] = {"message", "reasoning", "function_call"};
    json.begin_object().key("id").text({item.id}).key("type").string(kTypes[static_cast<size_t>(item.type)]);
    json.key("status").string(empty ? "in_progress" : item.incomplete ? "incomplete" : "completed");
    switch (item.type) {
    case Item::Type::Message:
        json.key("content").begin_array();
        for (size_t i = 0; i < item.parts.size() && !empty; ++i) {
            write_part(item.parts[i], false, json);
        }
        json.end_array().key("role").string("assistant");
        break;
    case Item::Type::Reasoning:
        write_thinking(item, empty, json);
        break;
    case Item::Type::Call:
        write_call(item, empty, json);
        break;
    }
    json.end_object();
}

}  // namespace aigw::dialects::responses
