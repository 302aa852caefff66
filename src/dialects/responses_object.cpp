#include "dialects/responses_object.h"

#include "dialects/common.h"
#include "dialects/responses.h"

namespace aigw::dialects::responses {

void open_event(std::string_view type, int64_t sequence, std::string &out) {
    out.append("event: ").append(type).append("\ndata: {\"type\":\"").append(type).append("\",\"sequence_number\":");
    out.append(std::to_string(sequence));
}

void begin_response(const ResponseHead &head, JsonWriter &json) {
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
    json.key("instructions").null().key("max_output_tokens").null().key("max_tool_calls").null();
    json.key("model").text({head.model});
}

void end_response(const std::optional<chat::Usage> &usage, JsonWriter &json) {
    json.key("parallel_tool_calls").boolean(true).key("previous_response_id").null().key("prompt_cache_key").null();
    json.key("reasoning").begin_object().key("effort").null().key("summary").null().end_object();
    json.key("safety_identifier").null().key("service_tier").string("default").key("store").boolean(false);
    json.key("temperature").null().key("text").begin_object().key("format").begin_object();
    json.key("type").string("text").end_object().end_object();
    json.key("tool_choice").string("auto").key("tools").begin_array().end_array().key("top_logprobs").number(0);
    json.key("top_p").null().key("truncation").string("disabled").key("usage");
    if (usage) {
        write_usage(json, *usage);
    } else {
        json.null();
    }
    json.key("user").null().key("metadata").begin_object().end_object().end_object();
}

void write_part(const Item::Part &part, bool empty, JsonWriter &json) {
    JsonText text{empty ? std::string_view() : std::string_view(part.text)};
    json.begin_object().key("type");
    if (part.refusal) {
        json.string("refusal").key("refusal").text(text).end_object();
        return;
    }
    json.string("output_text").key("annotations").begin_array().end_array().key("logprobs").begin_array().end_array();
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
