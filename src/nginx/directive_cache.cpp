// ai_cache and ai_trust_controls.
#include "nginx/ngx.h"

#include "nginx/directive_policy.h"
#include "nginx/directive_tools.h"

namespace aigw::ngx {

namespace {

constexpr Millis kMinTtl = 1000;             // ms
constexpr Millis kMaxTtl = 365 * Millis(86'400'000);
constexpr ssize_t kMinRecord = 1 << 10;      // bytes
constexpr ssize_t kMaxRecord = 8 << 20;

bool is_variable(std::string_view text) { return text.find('$') != text.npos; }

bool read_size(CacheRule &rule, std::string_view text) {
    ngx_str_t value = str(text);
    ssize_t size = ngx_parse_size(&value);
    rule.max_bytes = static_cast<size_t>(size);
    return size >= kMinRecord && size <= kMaxRecord;
}

bool read_option(ngx_conf_t *cf, CacheRule &rule, const ngx_str_t &token) {
    if (auto text = parameter(token, "ttl")) {
        rule.ttl = parse_time(*text).value_or(0);
        return rule.ttl >= kMinTtl && rule.ttl <= kMaxTtl;
    }
    if (auto text = parameter(token, "max")) {
        return read_size(rule, *text);
    }
    auto scope = parameter(token, "scope");
    if (!scope || scope->empty()) {
        return false;
    }
    if (scope->find("ai_metadata_") != scope->npos) {
        warn(cf, "the scope of \"ai_cache\" is what callers write: they choose whose answers they get");
    }
    rule.scope = compile_value(cf, *scope);
    return rule.scope != nullptr;
}

}  // namespace

char *add_cache(ngx_conf_t *cf, PolicySet &policies) {
    if (policies.cache.written) {
        return phrase("is duplicate");
    }
    auto rule = std::make_shared<CacheRule>();
    std::string_view mode = view(argument(cf, 1));
    if (is_variable(mode)) {
        rule->mode = compile_value(cf, mode);
        if (rule->mode == nullptr) {
            return conf_error();
        }
    } else if (mode == "exact") {
        rule->exact = true;
    } else if (mode != "off" || argument_count(cf) > 2) {
        return mode == "off" ? phrase("takes nothing beside \"off\"") : invalid_parameter(cf, argument(cf, 1));
    }
    for (size_t i = 2; i < argument_count(cf); i++) {
        if (!read_option(cf, *rule, argument(cf, i))) {
            return invalid_parameter(cf, argument(cf, i));
        }
    }
    if (rule->may_be_on()) {
        main_conf(cf)->cache_wanted = position(cf);
    }
    policies.cache.rule = std::move(rule);
    policies.cache.written = true;
    return NGX_CONF_OK;
}

char *add_trust(ngx_conf_t *cf, PolicySet &policies) {
    if (policies.trust.written) {
        return phrase("is duplicate");
    }
    auto rule = std::make_shared<TrustRule>();
    std::string_view words = view(argument(cf, 1));
    if (is_variable(words)) {
        rule->words = compile_value(cf, words);
        if (rule->words == nullptr) {
            return conf_error();
        }
    } else if (words == "cache") {
        rule->cache = true;
    } else if (words != "off") {
        return invalid_parameter(cf, argument(cf, 1));
    }
    policies.trust.rule = std::move(rule);
    policies.trust.written = true;
    return NGX_CONF_OK;
}

}  // namespace aigw::ngx
