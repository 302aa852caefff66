#include "dialects/bedrock_request_write.h"

#include <algorithm>

#include "core/json_writer.h"
#include "dialects/anthropic_request_write.h"
#include "dialects/anthropic_schema.h"
#include "dialects/anthropic_text.h"
#include "dialects/anthropic_turns.h"
#include "dialects/bedrock_block_writer.h"
#include "dialects/bedrock_fields.h"
#include "dialects/bedrock_tools.h"
#include "dialects/common.h"

namespace aigw::dialects::bedrock {

using anthropic::Turn;
using chat::ChatRequest;
using chat::Part;
using chat::ResponseFormat;

namespace {

class RequestWriter {
public:
    RequestWriter(const ChatRequest &request, const RequestOptions &options)
        : request_(request), options_(options), traits_(traits_of(options.model)), out_(written_.body),
          blocks_(out_, written_.dropped, options.drop_unsupported, traits_) {}

    chat::Result<WrittenRequest> write();

private:
    using Written = chat::Result<void>;
    Written refuse(std::string path, std::string_view why = {});
    Written extras();
    bool own_extra(const chat::Extra &extra);
    void forget_thinking();
    void system();
    Written messages();
    Written turn(const Turn &turn, bool last);
    Written plan_stop();
    void plan_user();
    void inference();
    void format();
    void rest();

    const ChatRequest &request_;
    const RequestOptions &options_;
    const ModelTraits traits_;
    WrittenRequest written_;
    JsonWriter out_;
    BlockWriter blocks_;
    anthropic::Conversation conversation_;
    ModelFields fields_;
    std::vector<JsonText> stop_;
    std::string user_;  // plain
    std::string_view cache_control_;  // raw, at the top
    std::string_view guardrail_, performance_, service_tier_;  // raw
};

RequestWriter::Written RequestWriter::refuse(std::string path, std::string_view why) {
    if (!options_.drop_unsupported)
        return chat::fail(chat::unsupported(std::move(path), why));
    written_.dropped.push_back(std::move(path));
    return {};
}

chat::Result<WrittenRequest> RequestWriter::write() {
    if (auto done = extras(); !done)
        return chat::fail(std::move(done.error()));
    auto gathered = anthropic::gather(request_, written_.dropped, options_.drop_unsupported);
    if (!gathered)
        return chat::fail(std::move(gathered.error()));
    conversation_ = std::move(*gathered);
    if (!traits_.signed_thinking)
        forget_thinking();
    auto fields = plan_fields(request_, options_, conversation_, written_.dropped);
    if (!fields)
        return chat::fail(std::move(fields.error()));
    fields_ = *fields;
    if (auto done = plan_stop(); !done)
        return chat::fail(std::move(done.error()));
    plan_user();

    out_.begin_object();
    system();
    if (auto done = messages(); !done)
        return chat::fail(std::move(done.error()));
    inference();
    write_tools(out_, request_, conversation_, fields_, blocks_, traits_, written_.dropped);
    format();
    write_fields(out_, request_, fields_);
    rest();
    out_.end_object();
    return std::move(written_);
}

// Members that callers of any dialect mean Anthropic's or Bedrock's by.
bool RequestWriter::own_extra(const chat::Extra &extra) {
    if (extra.path == "cache_control")
        cache_control_ = extra.raw;
    else if (extra.path == "guardrailConfig")
        guardrail_ = extra.raw;
    else if (extra.path == "performanceConfig")
        performance_ = extra.raw;
    else if (extra.path == "service_tier" &&
             (extra.raw == "\"priority\"" || extra.raw == "\"default\"" || extra.raw == "\"flex\""))
        service_tier_ = extra.raw;
    else
        return false;
    return true;
}

RequestWriter::Written RequestWriter::extras() {
    if (auto elsewhere = refuse_elsewhere(request_))
        return chat::fail(std::move(*elsewhere));
    for (const chat::Extra &extra : request_.extras) {
        if (own_extra(extra))
            continue;
        if (extra.hint)
            written_.dropped.push_back(extra.path);
        else if (auto refused = refuse(extra.path); !refused)
            return refused;
    }
    return {};
}

// Another model's, which this one does not take. Turns that held nothing else go with it.
void RequestWriter::forget_thinking() {
    std::vector<Turn> turns;
    for (Turn &turn : conversation_.turns) {
        std::erase_if(turn.parts, [&](const Part *part) {
            const bool thinking = part->kind == Part::Kind::Thinking || part->kind == Part::Kind::RedactedThinking;
            if (thinking)
                written_.dropped.push_back(part->origin.path());
            return thinking;
        });
        if (turn.parts.empty())
            continue;
        if (turns.empty() || turns.back().assistant != turn.assistant)
            turns.push_back(std::move(turn));
        else
            turns.back().parts.insert(turns.back().parts.end(), turn.parts.begin(), turn.parts.end());
    }
    conversation_.turns = std::move(turns);
}

void RequestWriter::system() {
    const bool instruct = request_.format.kind == ResponseFormat::Kind::JsonObject;
    if (conversation_.system.empty() && !instruct)
        return;
    out_.key("system").begin_array();
    for (const Part *part : conversation_.system) {
        blocks_.write_text(part->text);
        blocks_.cache_point(part->cache_control, traits_.cache_points, part->origin.path("cache_control"));
    }
    if (instruct)
        out_.begin_object().key("text").string(anthropic::kJsonInstruction).end_object();
    out_.end_array();
}

RequestWriter::Written RequestWriter::messages() {
    out_.key("messages").begin_array();
    for (const Turn &each : conversation_.turns) {
        if (auto done = turn(each, &each == &conversation_.turns.back()); !done)
            return done;
    }
    out_.end_array();
    return {};
}

RequestWriter::Written RequestWriter::turn(const Turn &turn, bool last) {
    const auto has = [&](Part::Kind kind) {
        return std::any_of(turn.parts.begin(), turn.parts.end(), [&](const Part *part) { return part->kind == kind; });
    };
    out_.begin_object().key("role").string(turn.assistant ? "assistant" : "user").key("content").begin_array();
    for (const Part *part : turn.parts) {
        const bool prompt = turn.assistant && last && part == turn.parts.back();
        if (auto done = blocks_.write(*part, prompt); !done)
            return done;
    }
    // A document wants a text beside it.
    if (has(Part::Kind::Document) && !has(Part::Kind::Text))
        out_.begin_object().key("text").string(".").end_object();
    if (last)
        blocks_.cache_point(cache_control_, traits_.cache_points, "cache_control");
    out_.end_array().end_object();
    return {};
}

RequestWriter::Written RequestWriter::plan_stop() {
    for (size_t i = 0; i < request_.stop.size(); ++i) {
        if (traits_.family != Family::Claude || !anthropic::is_blank(request_.stop[i]))
            stop_.push_back(request_.stop[i]);
        else if (auto refused = refuse(std::string(request_.paths.stop) + "[" + std::to_string(i) + "]", "a stop sequence can't be white space"); !refused)
            return refused;
    }
    return {};
}

// Goes where AWS keeps such things, if it has the form for it.
void RequestWriter::plan_user() {
    constexpr size_t kMost = 256;  // bytes
    user_ = request_.user.decode();
    const bool fits = user_.size() <= kMost && std::all_of(user_.begin(), user_.end(), [](char c) {
        const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        return alphanumeric || std::string_view(" \t\n\r:_@$#=/+,-.").find(c) != std::string_view::npos;
    });
    if (fits)
        return;
    user_.clear();
    written_.dropped.emplace_back(request_.paths.user);
}

void RequestWriter::inference() {
    const anthropic::Sampling &sampling = fields_.sampling;
    if (!request_.max_tokens && sampling.temperature.empty() && sampling.top_p.empty() && stop_.empty())
        return;
    out_.key("inferenceConfig").begin_object();
    if (request_.max_tokens)
        out_.key("maxTokens").number(*request_.max_tokens);
    if (!sampling.temperature.empty())
        out_.key("temperature").raw(sampling.temperature);
    if (!sampling.top_p.empty())
        out_.key("topP").raw(sampling.top_p);
    if (!stop_.empty()) {
        out_.key("stopSequences").begin_array();
        for (const JsonText word : stop_)
            out_.text(word);
        out_.end_array();
    }
    out_.end_object();
}

// The schema is a text here.
void RequestWriter::format() {
    if (request_.format.kind != ResponseFormat::Kind::JsonSchema)
        return;
    anthropic::SchemaWriter schemas;
    out_.key("outputConfig").begin_object().key("textFormat").begin_object().key("type").string("json_schema");
    out_.key("structure").begin_object().key("jsonSchema").begin_object();
    if (!request_.format.name.empty())
        out_.key("name").text(request_.format.name);
    out_.key("schema").string(schemas.closed_schema(request_.format.schema));
    out_.end_object().end_object().end_object().end_object();
}

void RequestWriter::rest() {
    // Which one was hit is told only if asked for; one of the two paths is there, whole or streamed.
    if (traits_.family == Family::Claude && !stop_.empty()) {
        out_.key("additionalModelResponseFieldPaths").begin_array();
        out_.string("/stop_sequence").string("/delta/stop_sequence").end_array();
    }
    if (!guardrail_.empty())
        out_.key("guardrailConfig").raw(guardrail_);
    if (!performance_.empty())
        out_.key("performanceConfig").raw(performance_);
    if (!service_tier_.empty())
        out_.key("serviceTier").begin_object().key("type").raw(service_tier_).end_object();
    if (!user_.empty())
        out_.key("requestMetadata").begin_object().key("user_id").string(user_).end_object();
}

}  // namespace

chat::Result<WrittenRequest> write_request(const ChatRequest &request, const RequestOptions &options) {
    return RequestWriter(request, options).write();
}

}  // namespace aigw::dialects::bedrock
