// ai_guardrail.
#include "nginx/ngx.h"

#include "core/digest.h"
#include "nginx/directive_policy.h"
#include "nginx/directive_tools.h"
#include "nginx/guarded.h"

namespace aigw::ngx {

namespace {

constexpr size_t kMaxWordsFile = 16 << 20;  // bytes

// A file of words, relative to the configuration's folder; part of the configuration, so read now.
Result<std::string, std::string> read_words(ngx_conf_t *cf, std::string_view path) {
    ngx_str_t name = copy(cf->pool, path);
    if (ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK) {
        return Unexpected<std::string>{"no memory"};
    }
    auto text = read_small_file(reinterpret_cast<const char *>(name.data), kMaxWordsFile);
    if (text) {
        return std::move(*text);
    }
    std::string shown(view(name));
    if (text.error() == 0) {
        return Unexpected<std::string>{"\"" + shown + "\" is too large"};
    }
    return Unexpected<std::string>{"\"" + shown + "\" can't be read: " + strerror(text.error())};
}

}  // namespace

GuardSet::GuardSet(const std::vector<std::shared_ptr<const GuardLine>> &lines) {
    std::string versions;
    for (const auto &line : lines) {
        versions += line->version;
        rules.push_back(line->rule);
        conditions.push_back(line->condition);
        conditional = conditional || line->condition != nullptr;
    }
    version = hex_encode(sha256(versions));
    request = std::make_unique<const guards::Plan>(rules, guards::Direction::Request);
    response = std::make_unique<const guards::Plan>(rules, guards::Direction::Response);
}

void PolicySet::complete() {
    if (!guardrails.lines.empty()) {
        guard_set = std::make_shared<const GuardSet>(guardrails.lines);
    }
}

char *add_guardrail(ngx_conf_t *cf, PolicySet &policies) {
    PolicyList<GuardLine> &list = policies.guardrails;
    if (char *rv; takes_word(cf, list, rv)) {
        return rv;
    }
    auto line = std::make_shared<GuardLine>();
    std::vector<std::string_view> arguments;
    std::string text;  // all that makes the rule
    for (size_t i = 1; i < argument_count(cf); i++) {
        (text += view(argument(cf, i))) += '\0';
        auto condition = parameter(argument(cf, i), "if");
        if (!condition) {
            arguments.push_back(view(argument(cf, i)));
            continue;
        }
        line->condition = compile_value(cf, *condition);
        if (line->condition == nullptr) {
            return conf_error();
        }
    }
    auto rule = guards::parse_rule(arguments, [&](std::string_view path) {
        auto words = read_words(cf, path);
        text += words ? *words : std::string();
        return words;
    });
    if (!rule) {
        return emerg(cf, "\"ai_guardrail\" %s", rule.error().c_str());
    }
    line->rule = std::move(*rule);
    line->version = hex_encode(sha256(text));
    if (list.lines.size() == guards::kMaxRules) {
        return emerg(cf, "more than %uz lines of \"ai_guardrail\"", guards::kMaxRules);
    }
    list.lines.push_back(std::move(line));
    return NGX_CONF_OK;
}

}  // namespace aigw::ngx
