// ai_token_limit and ai_request_limit.
#include "nginx/ngx.h"

#include "nginx/directive_policy.h"
#include "nginx/directive_tools.h"
#include "nginx/directives.h"
#include "nginx/guarded.h"

namespace aigw::ngx {

namespace {

constexpr size_t kMaxName = 128;              // bytes
constexpr ngx_uint_t kMaxKeys = 100'000'000;  // max_keys

std::string describe(const std::string &wrong, const ngx_str_t &value) {
    return "invalid rate \"" + std::string(view(value)) + "\": " + wrong;
}

// N/WINDOW; N may be a variable, WINDOW may not.
char *read_rate(ngx_conf_t *cf, LimitRule &rule, ngx_str_t &value) {
    std::string_view text = view(value);
    size_t slash = text.rfind('/');
    if (text.find('$') == text.npos || slash == text.npos) {
        auto rate = parse_rate(text);
        if (!rate) {
            return emerg(cf, "%s", describe(rate.error(), value).c_str());
        }
        rule.rate = *rate;
        return NGX_CONF_OK;
    }
    auto window = parse_window(text.substr(slash + 1));
    if (!window) {
        return emerg(cf, "%s", describe(window.error(), value).c_str());
    }
    rule.rate.window = *window;
    rule.limit = compile_value(cf, text.substr(0, slash));
    return rule.limit != nullptr ? NGX_CONF_OK : conf_error();
}

bool read_count(LimitRule &rule, std::string_view word) {
    if (word == "total") {
        rule.count = limits::Count::Total;
    } else if (word == "input") {
        rule.count = limits::Count::Input;
    } else if (word == "output") {
        rule.count = limits::Count::Output;
    } else {
        return false;
    }
    return true;
}

bool read_empty(LimitRule &rule, std::string_view word) {
    if (word != "skip" && word != "reject") {
        return false;
    }
    rule.empty = word == "skip" ? LimitRule::Empty::Skip : LimitRule::Empty::Reject;
    return true;
}

bool read_option(ngx_conf_t *cf, LimitRule &rule, const ngx_str_t &token, bool tokens) {
    if (auto name = parameter(token, "name")) {
        rule.name = *name;
        return !name->empty() && name->size() <= kMaxName && is_object_name(*name);
    }
    if (auto word = parameter(token, "empty")) {
        return read_empty(rule, *word);
    }
    if (auto text = parameter(token, "max_keys")) {
        auto count = parse_number(*text, kMaxKeys);
        rule.max_keys = count.value_or(0);
        return rule.max_keys != 0;
    }
    if (auto value = parameter(token, "if")) {
        rule.condition = compile_value(cf, *value);
        return rule.condition != nullptr;
    }
    if (view(token) == "per_model") {
        return rule.per_model = true;
    }
    if (view(token) == "dry_run") {
        return rule.dry_run = true;
    }
    if (auto word = parameter(token, "count"); word && tokens) {
        return read_count(rule, *word);
    }
    return view(token) == "clamp" && tokens && (rule.clamp = true);
}

// The same line anywhere is the same counter.
std::string default_name(const LimitRule &rule) {
    static constexpr const char *kCounts[] = {"", "input ", "output ", "requests "};
    return kCounts[static_cast<size_t>(rule.count)] + rule.key_text + "/" + window_text(rule.rate.window);
}

char *add_limit(ngx_conf_t *cf, PolicyList<LimitRule> &list, bool tokens) {
    if (char *rv; takes_word(cf, list, rv)) {
        return rv;
    }
    if (argument_count(cf) < 3) {
        return phrase("takes a key and a rate, or \"off\", or \"inherit\"");
    }
    auto rule = std::make_shared<LimitRule>();
    rule->count = tokens ? limits::Count::Total : limits::Count::Requests;
    rule->key_text = view(argument(cf, 1));
    if (rule->key_text.empty()) {
        return emerg(cf, "empty key");
    }
    if (rule->key_text.find("ai_metadata_") != std::string::npos) {
        warn(cf, "the key of \"%V\" is what callers write: they choose their own limit", &argument(cf, 0));
    }
    if (compile_into(cf, rule->key, rule->key_text) != NGX_OK || !variables_of(cf, rule->key_text, rule->key_variables)) {
        return conf_error();
    }
    if (char *rv = read_rate(cf, *rule, argument(cf, 2)); rv != NGX_CONF_OK) {
        return rv;
    }
    for (size_t i = 3; i < argument_count(cf); i++) {
        if (!read_option(cf, *rule, argument(cf, i), tokens)) {
            return invalid_parameter(cf, argument(cf, i));
        }
    }
    if (rule->name.empty()) {
        rule->name = default_name(*rule);
    }
    rule->group = limits::group_of(rule->name);
    if (tokens && list.lines.size() == limits::kMaxHeld) {
        return emerg(cf, "more than %uz lines of \"ai_token_limit\"", limits::kMaxHeld);
    }
    if (list.lines.size() == limits::kMaxDemands - limits::kMaxHeld) {
        return emerg(cf, "more than %uz lines of \"%V\"", list.lines.size(), &argument(cf, 0));
    }
    list.lines.push_back(std::move(rule));
    return NGX_CONF_OK;
}

}  // namespace

char *add_token_limit(ngx_conf_t *cf, PolicySet &policies) {
    return add_limit(cf, policies.token_limits, true);
}

char *add_request_limit(ngx_conf_t *cf, PolicySet &policies) {
    return add_limit(cf, policies.request_limits, false);
}

}  // namespace aigw::ngx
