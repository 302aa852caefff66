#include "dialects/bedrock_fields.h"

#include <cstdlib>

#include "dialects/common.h"

namespace aigw::dialects::bedrock {

using anthropic::ThinkingPlan;
using chat::Reasoning;
using chat::ToolChoice;

namespace {

// low, medium or high, which is all that Nova and gpt-oss know. Empty: none, or off.
std::string_view three_efforts(const Reasoning &reasoning) {
    switch (reasoning.mode) {
    case Reasoning::Mode::Unset:
    case Reasoning::Mode::Off:
        return {};
    case Reasoning::Mode::Budget:
        return effort_of_budget(reasoning.budget);
    case Reasoning::Mode::Adaptive:
    case Reasoning::Mode::Effort:
        break;
    }
    if (reasoning.effort == "none")
        return {};
    if (reasoning.effort == "minimal" || reasoning.effort == "low")
        return "low";
    return reasoning.effort == "medium" ? "medium" : "high";
}

void plan_other(const chat::ChatRequest &request, std::string_view model, ModelFields &fields,
                std::vector<std::string> &dropped) {
    const bool knows = fields.family == Family::GptOss || model.find("nova-2") != std::string_view::npos;
    const bool wanted = request.reasoning.mode != Reasoning::Mode::Unset;
    if (knows)
        fields.effort = three_efforts(request.reasoning);
    const bool off = three_efforts(request.reasoning).empty();
    if (wanted && ((!knows && !off) || (fields.family == Family::GptOss && off)))
        dropped.emplace_back(request.paths.reasoning);
    fields.sampling = {request.temperature, request.top_p, request.top_k};
    // Converse ends at 1 for everybody.
    if (!request.temperature.empty() && std::strtod(std::string(request.temperature).c_str(), nullptr) > 1) {
        fields.sampling.temperature = "1";
        dropped.emplace_back(request.paths.temperature);
    }
}

}  // namespace

bool ModelFields::any() const {
    return plan.mode != ThinkingPlan::Mode::Unset || !effort.empty() || !sampling.top_k.empty() || single_tool;
}

chat::Result<ModelFields> plan_fields(const chat::ChatRequest &request, const RequestOptions &options,
                                      const anthropic::Conversation &conversation, std::vector<std::string> &dropped) {
    ModelFields fields;
    fields.family = family_of(options.model);
    if (fields.family == Family::Claude) {
        auto plan = anthropic::plan_thinking(request, options, conversation, dropped);
        if (!plan)
            return chat::fail(std::move(plan.error()));
        fields.plan = *plan;
        fields.sampling = anthropic::plan_sampling(request, options.model, fields.plan, dropped);
    } else {
        plan_other(request, options.model, fields, dropped);
    }
    const bool takes_top_k = fields.family == Family::Claude || fields.family == Family::Nova;
    if (!fields.sampling.top_k.empty() && !takes_top_k) {
        if (!options.drop_unsupported)
            return chat::fail(chat::unsupported(std::string(request.paths.top_k), "the model has no such setting in Bedrock"));
        dropped.emplace_back(request.paths.top_k);
        fields.sampling.top_k = {};
    }
    const bool single = request.tool_choice.parallel == false && !request.tools.empty() &&
                        request.tool_choice.mode != ToolChoice::Mode::None;
    fields.single_tool = single && fields.family == Family::Claude;
    if (single && !fields.single_tool)
        dropped.emplace_back(request.paths.parallel);
    return fields;
}

namespace {

void write_thinking(JsonWriter &out, const ThinkingPlan &plan) {
    switch (plan.mode) {
    case ThinkingPlan::Mode::Unset:
        return;
    case ThinkingPlan::Mode::Disabled:
        out.key("thinking").begin_object().key("type").string("disabled").end_object();
        return;
    case ThinkingPlan::Mode::Budget:
        out.key("thinking").begin_object().key("type").string("enabled");
        out.key("budget_tokens").number(plan.budget).end_object();
        return;
    case ThinkingPlan::Mode::Adaptive:
        // Without `display` these models keep their thinking to themselves.
        out.key("thinking").begin_object().key("type").string("adaptive");
        out.key("display").string("summarized").end_object();
        if (!plan.effort.empty())
            out.key("output_config").begin_object().key("effort").string(plan.effort).end_object();
        return;
    }
}

// As Anthropic has it: Converse's own toolChoice has no place for it.
void write_single_tool(JsonWriter &out, const ToolChoice &choice, bool thinking) {
    out.key("tool_choice").begin_object().key("type");
    if (choice.mode == ToolChoice::Mode::Required && !thinking)
        out.string("any");
    else if (choice.mode == ToolChoice::Mode::Named && !thinking)
        out.string("tool").key("name").text(choice.name);
    else
        out.string("auto");
    out.key("disable_parallel_tool_use").boolean(true).end_object();
}

}  // namespace

void write_fields(JsonWriter &out, const chat::ChatRequest &request, const ModelFields &fields) {
    if (!fields.any())
        return;
    out.key("additionalModelRequestFields").begin_object();
    if (fields.family == Family::Claude) {
        write_thinking(out, fields.plan);
        if (!fields.sampling.top_k.empty())
            out.key("top_k").raw(fields.sampling.top_k);
        if (fields.single_tool)
            write_single_tool(out, request.tool_choice, fields.plan.on());
    } else {
        if (!fields.effort.empty() && fields.family == Family::Nova)
            out.key("reasoningConfig").begin_object().key("type").string("enabled")
                .key("maxReasoningEffort").string(fields.effort).end_object();
        else if (!fields.effort.empty())
            out.key("reasoning_effort").string(fields.effort);
        if (!fields.sampling.top_k.empty())
            out.key("inferenceConfig").begin_object().key("topK").raw(fields.sampling.top_k).end_object();
    }
    out.end_object();
}

}  // namespace aigw::dialects::bedrock
