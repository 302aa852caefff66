#include "dialects/anthropic_request_write.h"

#include "core/json_writer.h"
#include "dialects/anthropic_block_writer.h"
#include "dialects/anthropic_sampling.h"
#include "dialects/anthropic_schema.h"
#include "dialects/anthropic_text.h"
#include "dialects/anthropic_thinking.h"
#include "dialects/anthropic_turns.h"
#include "dialects/common.h"
#include "dialects/request_writing.h"

namespace aigw::dialects::anthropic {

using chat::ChatRequest;
using chat::Part;
using chat::ResponseFormat;
using chat::ToolChoice;

namespace {

class RequestWriter {
public:
    RequestWriter(const ChatRequest &request, const RequestOptions &options, const Hosting &hosting)
        : request_(request), options_(options), hosting_(hosting), out_(written_.body),
          blocks_(out_, written_.dropped, options.drop_unsupported) {}

    chat::Result<WrittenRequest> write();

private:
    using Written = chat::Result<void>;
    Written refuse(std::string path, std::string_view why = {});
    Written extras();
    void betas();
    void system();
    Written messages();
    void tools();
    void tool_choice();
    void thinking();
    void sampling();
    Written stop();
    void output();

    const ChatRequest &request_;
    const RequestOptions &options_;
    const Hosting hosting_;
    WrittenRequest written_;
    JsonWriter out_;
    BlockWriter blocks_;
    Conversation conversation_;
    ThinkingPlan plan_;
    std::string_view cache_control_;  // raw, at the top
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
    auto gathered = gather(request_, written_.dropped, options_.drop_unsupported);
    if (!gathered)
        return chat::fail(std::move(gathered.error()));
    conversation_ = std::move(*gathered);
    auto plan = plan_thinking(request_, options_, conversation_, written_.dropped);
    if (!plan)
        return chat::fail(std::move(plan.error()));
    plan_ = *plan;

    out_.begin_object();
    if (hosting_.version.empty())
        out_.key("model").string(options_.model);
    else
        out_.key("anthropic_version").string(hosting_.version);
    betas();
    out_.key("max_tokens").number(plan_.max_tokens);
    system();
    if (auto done = messages(); !done)
        return chat::fail(std::move(done.error()));
    tools();
    tool_choice();
    thinking();
    output();
    sampling();
    if (auto done = stop(); !done)
        return chat::fail(std::move(done.error()));
    if (!request_.user.empty())
        out_.key("metadata").begin_object().key("user_id").text(request_.user).end_object();
    if (!cache_control_.empty())
        out_.key("cache_control").raw(cache_control_);
    if (options_.stream && hosting_.stream_member)
        out_.key("stream").boolean(true);
    out_.end_object();
    return std::move(written_);
}

void RequestWriter::betas() {
    if (!hosting_.betas)
        return;
    bool left_out = false;
    std::string known = hosted_betas(options_.anthropic_beta, left_out);
    if (left_out)
        written_.dropped.emplace_back("anthropic-beta");
    if (known.empty())
        return;
    out_.key("anthropic_beta").begin_array();
    for (std::string_view rest = known; !rest.empty();) {
        std::string_view one = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(rest.size(), one.size() + 1));
        out_.string(one);
    }
    out_.end_array();
}

RequestWriter::Written RequestWriter::extras() {
    if (auto elsewhere = refuse_elsewhere(request_))
        return chat::fail(std::move(*elsewhere));
    for (const chat::Extra &extra : request_.extras) {
        if (extra.path == "cache_control")
            cache_control_ = extra.raw;  // callers of any dialect mean Anthropic's by it
        else if (extra.hint)
            written_.dropped.push_back(extra.path);
        else if (auto refused = refuse(extra.path); !refused)
            return refused;
    }
    return {};
}

void RequestWriter::system() {
    const bool instruct = request_.format.kind == ResponseFormat::Kind::JsonObject;
    const std::vector<const Part *> &parts = conversation_.system;
    if (parts.empty() && !instruct)
        return;
    out_.key("system");
    if (parts.size() == 1 && parts[0]->cache_control.empty() && !instruct) {
        out_.text(parts[0]->text);
        return;
    }
    out_.begin_array();
    for (const Part *part : parts)
        blocks_.write_text(part->text, part->cache_control);
    if (instruct)
        out_.begin_object().key("type").string("text").key("text").string(kJsonInstruction).end_object();
    out_.end_array();
}

RequestWriter::Written RequestWriter::messages() {
    out_.key("messages").begin_array();
    for (const Turn &turn : conversation_.turns) {
        const bool prompt = turn.assistant && &turn == &conversation_.turns.back();
        out_.begin_object().key("role").string(turn.assistant ? "assistant" : "user").key("content");
        const Part &first = *turn.parts.front();
        if (turn.parts.size() == 1 && first.kind == Part::Kind::Text && first.cache_control.empty()) {
            out_.text(prompt ? trim_end(first.text) : first.text).end_object();
            continue;
        }
        out_.begin_array();
        for (const Part *part : turn.parts) {
            if (auto done = blocks_.write(*part, prompt && part == turn.parts.back()); !done)
                return done;
        }
        out_.end_array().end_object();
    }
    out_.end_array();
    return {};
}

void RequestWriter::tools() {
    if (request_.tools.empty())
        return;
    SchemaWriter schemas;
    out_.key("tools").begin_array();
    for (const chat::Tool &tool : request_.tools) {
        out_.begin_object().key("name").text(tool.name);
        if (tool.has_description)
            out_.key("description").text(tool.description);
        out_.key("input_schema").raw(schemas.input_schema(tool.parameters));
        if (tool.strict.value_or(false))
            out_.key("strict").boolean(true);
        if (!tool.cache_control.empty())
            out_.key("cache_control").raw(tool.cache_control);
        out_.end_object();
    }
    out_.end_array();
}

void RequestWriter::tool_choice() {
    ToolChoice::Mode mode = request_.tool_choice.mode;
    const bool single = request_.tool_choice.parallel == false;
    if (request_.tools.empty() || (mode == ToolChoice::Mode::Unset && !single))
        return;
    const bool forced = mode == ToolChoice::Mode::Required || mode == ToolChoice::Mode::Named;
    if (forced && plan_.on()) {
        written_.dropped.emplace_back(request_.paths.tool_choice);  // refused beside thinking
        mode = ToolChoice::Mode::Auto;
    }
    out_.key("tool_choice").begin_object().key("type");
    switch (mode) {
    case ToolChoice::Mode::Unset:
    case ToolChoice::Mode::Auto:
        out_.string("auto");
        break;
    case ToolChoice::Mode::None:
        out_.string("none");
        break;
    case ToolChoice::Mode::Required:
        out_.string("any");
        break;
    case ToolChoice::Mode::Named:
        out_.string("tool").key("name").text(request_.tool_choice.name);
        break;
    }
    if (single && mode != ToolChoice::Mode::None)
        out_.key("disable_parallel_tool_use").boolean(true);
    out_.end_object();
}

void RequestWriter::thinking() {
    switch (plan_.mode) {
    case ThinkingPlan::Mode::Unset:
        return;
    case ThinkingPlan::Mode::Disabled:
        out_.key("thinking").begin_object().key("type").string("disabled").end_object();
        return;
    case ThinkingPlan::Mode::Budget:
        out_.key("thinking").begin_object().key("type").string("enabled");
        out_.key("budget_tokens").number(plan_.budget).end_object();
        return;
    case ThinkingPlan::Mode::Adaptive:
        // Without `display` these models keep their thinking to themselves.
        out_.key("thinking").begin_object().key("type").string("adaptive");
        out_.key("display").string("summarized").end_object();
        return;
    }
}

void RequestWriter::output() {
    const bool schema = request_.format.kind == ResponseFormat::Kind::JsonSchema;
    const bool effort = plan_.mode == ThinkingPlan::Mode::Adaptive && !plan_.effort.empty();
    if (!schema && !effort)
        return;
    out_.key("output_config").begin_object();
    if (effort)
        out_.key("effort").string(plan_.effort);
    if (schema) {
        SchemaWriter schemas;
        out_.key("format").begin_object().key("type").string("json_schema");
        out_.key("schema").raw(schemas.closed_schema(request_.format.schema)).end_object();
        if (!request_.format.name.empty())
            written_.dropped.push_back(format_name_path(request_));
    }
    out_.end_object();
}

void RequestWriter::sampling() {
    const Sampling sampling = plan_sampling(request_, options_.model, plan_, written_.dropped);
    if (!sampling.temperature.empty())
        out_.key("temperature").raw(sampling.temperature);
    if (!sampling.top_p.empty())
        out_.key("top_p").raw(sampling.top_p);
    if (!sampling.top_k.empty())
        out_.key("top_k").raw(sampling.top_k);
}

RequestWriter::Written RequestWriter::stop() {
    std::vector<JsonText> words;
    for (size_t i = 0; i < request_.stop.size(); ++i) {
        if (!is_blank(request_.stop[i]))
            words.push_back(request_.stop[i]);
        else if (auto refused = refuse(std::string(request_.paths.stop) + "[" + std::to_string(i) + "]", "a stop sequence can't be white space");
                 !refused)
            return refused;
    }
    if (words.empty())
        return {};
    out_.key("stop_sequences").begin_array();
    for (const JsonText word : words)
        out_.text(word);
    out_.end_array();
    return {};
}

}  // namespace

chat::Result<WrittenRequest> write_request(const ChatRequest &request, const RequestOptions &options,
                                           const Hosting &hosting) {
    return RequestWriter(request, options, hosting).write();
}

}  // namespace aigw::dialects::anthropic
