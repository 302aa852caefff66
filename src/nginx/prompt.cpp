#include "nginx/prompt.h"

#include "core/json_repair.h"
#include "nginx/context.h"
#include "nginx/directive_policy.h"
#include "nginx/precontent.h"
#include "nginx/text.h"

namespace aigw::ngx {

namespace {

using dialects::Prompt;

bool read_place(PromptLine &line, std::string_view word) {
    line.place = word == "append" ? Prompt::Place::Append : Prompt::Place::Prepend;
    return word == "prepend" || word == "append";
}

bool read_role(PromptLine &line, std::string_view word) {
    line.role = word == "system" ? Prompt::Role::System : word == "user" ? Prompt::Role::User : Prompt::Role::Assistant;
    return word == "system" || word == "user" || word == "assistant";
}

// $1 ... $9 are groups of whatever regular expression matched last: nobody means that.
bool names_a_group(std::string_view text) {
    for (size_t at = text.find('$'); at != text.npos; at = text.find('$', at + 1)) {
        size_t name = at + (text.substr(at + 1, 1) == "{" ? 2 : 1);
        if (name < text.size() && text[name] >= '1' && text[name] <= '9') {
            return true;
        }
    }
    return false;
}

}  // namespace

char *add_prompt(ngx_conf_t *cf, PolicySet &policies) {
    PolicyList<PromptLine> &list = policies.prompts;
    if (char *rv; takes_word(cf, list, rv)) {
        return rv;
    }
    auto line = std::make_shared<PromptLine>();
    if (argument_count(cf) < 4 || !read_place(*line, view(argument(cf, 1))) || !read_role(*line, view(argument(cf, 2)))) {
        return phrase("takes \"prepend\" or \"append\", then \"system\", \"user\" or \"assistant\", then a text");
    }
    std::string_view text = view(argument(cf, 3));
    if (names_a_group(text)) {
        return emerg(cf, "a group of a regular expression in the text of \"ai_prompt\"");
    }
    if (compile_into(cf, line->text, text) != NGX_OK) {
        return conf_error();
    }
    for (size_t i = 4; i < argument_count(cf); i++) {
        auto condition = parameter(argument(cf, i), "if");
        line->condition = condition ? compile_value(cf, *condition) : nullptr;
        if (line->condition == nullptr) {
            return invalid_parameter(cf, argument(cf, i));
        }
    }
    list.lines.push_back(std::move(line));
    return NGX_CONF_OK;
}

ngx_int_t add_prompts(Context &context) {
    const auto &lines = policies_in_force(context, &PolicySet::prompts).prompts.lines;
    gateway::Conversation &conversation = *context.conversation();
    if (lines.empty() || conversation.caller_dialect().check(conversation.request_body())) {
        return NGX_OK;
    }
    if (context.exchange && !context.exchange->is_chat()) {
        return NGX_OK;
    }
    std::vector<std::string> texts;
    std::vector<Prompt> prompts;
    texts.reserve(lines.size());
    for (const auto &line : lines) {
        ngx_str_t text;
        if (line->condition != nullptr && !is_true(context.r, *line->condition)) {
            continue;
        }
        if (ngx_http_complex_value(context.r, const_cast<ngx_http_complex_value_t *>(&line->text), &text) != NGX_OK) {
            throw std::bad_alloc();
        }
        if (text.len != 0) {
            texts.push_back(repair_json_text(view(text)));
            prompts.push_back({line->place, line->role, texts.back()});
        }
    }
    if (!prompts.empty()) {
        JsonSplice splice(conversation.request().text());
        conversation.caller_dialect().add_prompts(conversation.request(), prompts, splice);
        conversation.edit(splice);
    }
    return NGX_OK;
}

}  // namespace aigw::ngx
