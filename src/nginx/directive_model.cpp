// ai_model NAME|PATTERN { target PROVIDER MODEL ...; }
#include "nginx/ngx.h"

#include <algorithm>

#include "dialects/dialect.h"
#include "nginx/directive_policy.h"
#include "nginx/directive_tools.h"
#include "nginx/directives.h"
#include "nginx/guarded.h"

namespace aigw::ngx {

namespace {

constexpr size_t kMaxName = 256;     // bytes, of a model
constexpr size_t kMaxTargets = 10;   // of one model: as many as a request makes attempts
constexpr ngx_uint_t kMaxRetries = 9;

bool is_model_name(std::string_view name) {
    return !name.empty() && name.size() <= kMaxName && std::all_of(name.begin(), name.end(), [](char c) {
               return static_cast<unsigned char>(c) > ' ' && c != 0x7f;
           });
}

bool set_option(gateway::Target &target, const ngx_str_t &token) {
    if (auto text = parameter(token, "retries")) {
        auto count = parse_number(*text, kMaxRetries);
        target.retries = static_cast<int>(count.value_or(0));
        return count.has_value();
    }
    const std::pair<std::string_view, std::optional<Millis> *> times[] = {
        {"timeout", &target.timeout}, {"first", &target.first}, {"idle", &target.idle}};
    for (const auto &[name, field] : times) {
        if (auto text = parameter(token, name)) {
            *field = parse_time(*text);
            return field->has_value();
        }
    }
    return false;
}

char *set_target(ngx_conf_t *cf, void *object) {
    auto &main = *static_cast<MainConf *>(object);
    gateway::Model &model = main.models.models.back();
    ngx_str_t &name = argument(cf, 2);
    auto stars = std::count(name.data, name.data + name.len, '*');
    if (!is_model_name(view(name)) || stars > 1) {
        return emerg(cf, "invalid model name \"%V\"", &name);
    }
    if (stars == 1 && !model.is_pattern()) {
        return emerg(cf, "\"*\" in the target \"%V\" needs an ai_model whose name ends with \"*\"", &name);
    }
    if (model.targets.size() >= kMaxTargets) {
        return emerg(cf, "more than %uz targets in ai_model \"%s\"", kMaxTargets, model.name.c_str());
    }
    gateway::Target target;
    target.model = view(name);
    for (size_t i = 3; i < argument_count(cf); i++) {
        if (!set_option(target, argument(cf, i))) {
            return invalid_parameter(cf, argument(cf, i));
        }
    }
    main.references.push_back({main.models.models.size() - 1, model.targets.size(),
                               std::string(view(argument(cf, 1))), position(cf)});
    model.targets.push_back(std::move(target));
    return NGX_CONF_OK;
}

constexpr BlockDirective kDirectives[] = {
    {"target", 2, kAnyCount, false, set_target},
    {"ai_token_limit", 1, kAnyCount, false, set_model_policy<add_token_limit>},
    {"ai_prompt", 1, kAnyCount, false, set_model_policy<add_prompt>},
    {"ai_guardrail", 1, kAnyCount, false, set_model_policy<add_guardrail>},
    {"ai_cache", 1, kAnyCount, true, set_model_policy<add_cache>},
    {"ai_trust_controls", 1, 1, true, set_model_policy<add_trust>},
    {"ai_request_limit", 1, kAnyCount, false, set_model_policy<add_request_limit>},
};

}  // namespace

char *set_model(ngx_conf_t *cf, ngx_command_t *, void *conf) noexcept {
    return guarded(cf->log, conf_error(), [&]() -> char * {
        auto &main = *static_cast<MainConf *>(conf);
        auto &models = main.models.models;
        ngx_str_t name = argument(cf, 1);
        if (!is_model_name(view(name)) || view(name).substr(0, name.len - 1).find('*') != std::string_view::npos) {
            return emerg(cf, "invalid model name \"%V\", \"*\" may only be its last character", &name);
        }
        if (std::any_of(models.begin(), models.end(), [&](const auto &m) { return m.name == view(name); })) {
            return emerg(cf, "duplicate model \"%V\"", &name);
        }
        models.push_back({std::string(view(name)), {}});
        main.model_policies.push_back(std::make_unique<PolicySet>());
        if (char *rv = parse_block(cf, kDirectives, &main); rv != NGX_CONF_OK) {
            return rv;
        }
        if (models.back().targets.empty()) {
            return emerg(cf, "no \"target\" in ai_model \"%V\"", &name);
        }
        main.model_policies.back()->complete();
        return NGX_CONF_OK;
    });
}

ngx_int_t resolve_targets(ngx_conf_t *cf, MainConf &main) {
    for (const TargetReference &reference : main.references) {
        gateway::Target &target = main.models.models[reference.model].targets[reference.target];
        const ProviderConf *provider = main.find_provider(reference.provider);
        if (provider == nullptr) {
            log_at(cf, NGX_LOG_EMERG, reference.where, "unknown provider \"%s\"", reference.provider.c_str());
            return NGX_ERROR;
        }
        target.provider = provider;
        target.dialect = dialects::find_dialect(provider->row->dialect);
    }
    main.references = {};
    return NGX_OK;
}

}  // namespace aigw::ngx
