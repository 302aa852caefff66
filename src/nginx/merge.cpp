// The configuration objects of a cycle: made, merged, checked as a whole.
#include "nginx/ngx.h"

#include "nginx/directive_tools.h"
#include "nginx/directives.h"
#include "nginx/guarded.h"
#include "nginx/phases.h"
#include "nginx/pool.h"

namespace aigw::ngx {

namespace {

constexpr off_t kCoreMaxBody = 1024 * 1024;           // bytes, core's defaults
constexpr size_t kGatewayBodyBuffer = 256 * 1024;     // bytes

// `if` and limit_except are locations of their own to nginx; the gateway around them goes on.
void inherit_location(const LocConf &prev, LocConf &conf, ngx_http_core_loc_conf_t &core) {
    bool inner = core.noname || core.lmt_excpt;
    // Also where they proxy elsewhere: the key is asked for there too.
    if (inner && prev.filter && !conf.filter && !conf.gateway && !conf.metrics) {
        conf.filter = prev.filter;
        conf.filter_dialect = prev.filter_dialect;
        conf.where = prev.where;
    }
    if (!inner || core.handler != nullptr || !(prev.gateway || prev.metrics)) {
        return;
    }
    conf.gateway = prev.gateway;
    conf.metrics = prev.metrics;
    conf.where = prev.where;
    conf.prefix = prev.prefix;
    conf.model = prev.model;
    core.handler = prev.gateway ? content_handler : metrics_handler;
}

char *check_handler(ngx_conf_t *cf, const LocConf &conf, const ngx_http_core_loc_conf_t &core) {
    ngx_http_handler_pt own = conf.gateway ? content_handler : metrics_handler;
    if (core.handler == own && !(conf.gateway && conf.metrics)) {
        return NGX_CONF_OK;
    }
    log_at(cf, NGX_LOG_EMERG, conf.where, "\"%s\" conflicts with another content handler of this location",
           conf.gateway ? "ai_gateway" : "ai_metrics");
    return conf_error();
}

template <class T>
void merge_list(ngx_conf_t *cf, const PolicyList<T> &prev, PolicyList<T> &conf, const char *name) {
    if (conf.merge(prev)) {
        log_at(cf, NGX_LOG_WARN, conf.where, "\"%s\" replaces the lines of the outer level, write \"%s inherit;\" to keep "
               "them or \"%s off;\" to say so", name, name, name);
    }
}

void merge_policies(ngx_conf_t *cf, const PolicySet &prev, PolicySet &conf) {
    merge_list(cf, prev.token_limits, conf.token_limits, "ai_token_limit");
    merge_list(cf, prev.request_limits, conf.request_limits, "ai_request_limit");
    merge_list(cf, prev.prompts, conf.prompts, "ai_prompt");
    merge_list(cf, prev.guardrails, conf.guardrails, "ai_guardrail");
    conf.cache.merge(prev.cache);
    conf.trust.merge(prev.trust);
    if (conf.guardrails.written) {
        conf.complete();
    } else {
        conf.guard_set = prev.guard_set;
    }
}

char *check_filter(ngx_conf_t *cf, const LocConf &conf, const ngx_http_core_loc_conf_t &core) {
    if (conf.gateway || conf.metrics) {
        log_at(cf, NGX_LOG_EMERG, conf.where, "\"ai_filter\" conflicts with \"%s\" in the same location",
               conf.gateway ? "ai_gateway" : "ai_metrics");
        return conf_error();
    }
    // In "if" and limit_except a `return` may answer.
    if (core.handler == nullptr && !core.noname && !core.lmt_excpt) {
        log_at(cf, NGX_LOG_EMERG, conf.where, "\"ai_filter\" needs \"proxy_pass\" in the same location");
        return conf_error();
    }
    return NGX_CONF_OK;
}

char *check_gateway(ngx_conf_t *cf, const MainConf &main, const LocConf &conf) {
    if (main.models.models.empty()) {
        log_at(cf, NGX_LOG_EMERG, conf.where, "\"ai_gateway\" needs at least one \"ai_model\" in http");
        return conf_error();
    }
    if (conf.auth_is(Auth::Unset)) {
        log_at(cf, NGX_LOG_EMERG, conf.where, "no \"ai_auth\" in force for \"ai_gateway\", write \"ai_auth keys;\", "
               "or \"ai_auth off;\" to serve anybody");
        return conf_error();
    }
    return NGX_CONF_OK;
}

void set_body_buffer(ngx_http_core_loc_conf_t &core) {
    if (core.client_body_buffer_size == 2 * ngx_pagesize) {
        core.client_body_buffer_size = kGatewayBodyBuffer;
    }
}

void set_body_limits(ngx_conf_t *cf, const LocConf &prev, const LocConf &conf, ngx_http_core_loc_conf_t &core) {
    bool inherited = conf.where.line == prev.where.line && conf.where.file == prev.where.file;
    if (core.client_max_body_size == kCoreMaxBody && !inherited) {
        log_at(cf, NGX_LOG_WARN, conf.where, "\"client_max_body_size\" is 1m where \"ai_gateway\" is, "
               "agents and images need more, like 32m");
    }
    set_body_buffer(core);
}

// Somebody who writes this for a plain proxy_pass would believe it protected.
void warn_useless_auth(ngx_conf_t *cf, const LocConf &conf, const ngx_http_core_loc_conf_t &core) {
    bool leaf = core.name.len > 0 && core.locations == nullptr;
    if (leaf && conf.keys_where.file != nullptr && !conf.serves()) {
        log_at(cf, NGX_LOG_WARN, conf.keys_where, "\"ai_auth keys\" has no effect in a location without \"ai_gateway\" or "
               "\"ai_filter\"");
    }
}

// For Redis and those who make credentials: the resolver of http{}, else resolv.conf's.
void choose_resolver(ngx_conf_t *cf, MainConf &main) {
    auto &core = *static_cast<ngx_http_core_loc_conf_t *>(ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
    bool named = core.resolver != nullptr && core.resolver->connections.nelts != 0;
    ngx_resolver_t *resolver = named ? core.resolver : main.resolver;
    if (main.redis) {
        main.redis->resolver = resolver;
    }
    for (auto &mint : main.mints) {
        mint->resolver = resolver;
    }
}

}  // namespace

void *create_main_conf(ngx_conf_t *cf) noexcept {
    return guarded(cf->log, static_cast<void *>(nullptr), [&]() -> void * { return make_in_pool<MainConf>(cf->pool); });
}

char *init_main_conf(ngx_conf_t *cf, void *conf) noexcept {
    return guarded(cf->log, conf_error(), [&]() -> char * {
        auto &main = *static_cast<MainConf *>(conf);
        if (resolve_targets(cf, main) != NGX_OK || read_host_files(cf, main) != NGX_OK) {
            return conf_error();
        }
        choose_resolver(cf, main);
        return NGX_CONF_OK;
    });
}

void *create_loc_conf(ngx_conf_t *cf) noexcept {
    return guarded(cf->log, static_cast<void *>(nullptr), [&]() -> void * { return make_in_pool<LocConf>(cf->pool); });
}

char *merge_loc_conf(ngx_conf_t *cf, void *parent, void *child) noexcept {
    return guarded(cf->log, conf_error(), [&]() -> char * {
        const auto &prev = *static_cast<LocConf *>(parent);
        auto &conf = *static_cast<LocConf *>(child);
        auto &core =
            *static_cast<ngx_http_core_loc_conf_t *>(ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
        MainConf &main = *main_conf(cf);

        inherit_location(prev, conf, core);
        if (conf.auth == NGX_CONF_UNSET_UINT) {
            conf.auth = prev.auth;
        }
        ngx_conf_merge_uint_value(conf.unsupported, prev.unsupported, 0);
        merge_policies(cf, prev.policies, conf.policies);
        conf.policy.models = &main.models;
        conf.policy.drop_unsupported = conf.unsupported == 1;

        if (conf.gateway || conf.metrics) {
            if (char *rv = check_handler(cf, conf, core); rv != NGX_CONF_OK) {
                return rv;
            }
        }
        if (conf.gateway) {
            if (char *rv = check_gateway(cf, main, conf); rv != NGX_CONF_OK) {
                return rv;
            }
            set_body_limits(cf, prev, conf, core);
        }
        if (conf.filter) {
            if (char *rv = check_filter(cf, conf, core); rv != NGX_CONF_OK) {
                return rv;
            }
            set_body_buffer(core);
        }
        warn_useless_auth(cf, conf, core);
        return NGX_CONF_OK;
    });
}

}  // namespace aigw::ngx
