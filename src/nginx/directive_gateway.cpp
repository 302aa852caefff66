// What a location is: ai_gateway, ai_filter, ai_metrics.
#include "nginx/ngx.h"

#include <optional>
#include <utility>

#include "nginx/directive_tools.h"
#include "nginx/directives.h"
#include "nginx/guarded.h"
#include "nginx/phases.h"

namespace aigw::ngx {

namespace {

ngx_http_core_loc_conf_t *core_conf(ngx_conf_t *cf) {
    return static_cast<ngx_http_core_loc_conf_t *>(ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
}

// One location, one content handler.
char *take_location(ngx_conf_t *cf, ngx_http_handler_pt handler) {
    ngx_http_core_loc_conf_t *core = core_conf(cf);
    if (core->handler != nullptr) {
        return emerg(cf, "\"%V\" conflicts with another content handler of this location", &argument(cf, 0));
    }
    core->handler = handler;
    return NGX_CONF_OK;
}

bool is_prefix_location(const ngx_http_core_loc_conf_t &core) {
#if (NGX_PCRE)
    if (core.regex != nullptr) {
        return false;
    }
#endif
    return !core.exact_match && !core.named && !core.noname && core.name.len > 0;
}

bool is_prefix(std::string_view path) {
    return path.size() >= 1 && path.front() == '/' && path.back() == '/' &&
           path.find_first_of("?# \t\r\n") == path.npos;
}

char *set_forced_model(ngx_conf_t *cf, LocConf &loc, std::string_view text) {
    loc.model = static_cast<ngx_http_complex_value_t *>(ngx_pcalloc(cf->pool, sizeof(ngx_http_complex_value_t)));
    if (loc.model == nullptr) {
        return conf_error();
    }
    ngx_str_t value = str(text);
    ngx_http_compile_complex_value_t compile{};
    compile.cf = cf;
    compile.value = &value;
    compile.complex_value = loc.model;
    return ngx_http_compile_complex_value(&compile) == NGX_OK ? NGX_CONF_OK : conf_error();
}

char *set_options(ngx_conf_t *cf, LocConf &loc) {
    for (size_t i = 1; i < argument_count(cf); i++) {
        ngx_str_t &token = argument(cf, i);
        auto prefix = parameter(token, "prefix");
        auto model = parameter(token, "model");
        if (prefix && loc.prefix.len == 0 && is_prefix(*prefix)) {
            loc.prefix = copy(cf->pool, *prefix);
        } else if (model && loc.model == nullptr && !model->empty()) {
            if (char *rv = set_forced_model(cf, loc, *model); rv != NGX_CONF_OK) {
                return rv;
            }
        } else {
            return invalid_parameter(cf, token);
        }
    }
    return NGX_CONF_OK;
}

// Where the API begins, if `prefix=` does not say it: the location's own path.
char *default_prefix(ngx_conf_t *cf, LocConf &loc) {
    const ngx_http_core_loc_conf_t &core = *core_conf(cf);
    if (loc.prefix.len != 0) {
        return NGX_CONF_OK;
    }
    if (!is_prefix_location(core)) {
        return phrase("must have \"prefix=\" in a location given by a regular expression, in a named or an exact "
                      "location and inside \"if\"");
    }
    std::string path(view(core.name));
    if (path.back() != '/') {
        path += '/';
    }
    loc.prefix = copy(cf->pool, path);
    return NGX_CONF_OK;
}

// Null: auto. Nothing: no such word.
std::optional<const dialects::Dialect *> filter_dialect(std::string_view word) {
    const std::pair<std::string_view, const dialects::Dialect *> words[] = {
        {"openai", &dialects::openai_chat()},
        {"anthropic", &dialects::anthropic_messages()},
        {"responses", &dialects::openai_responses()},
        {"gemini", &dialects::gemini()},
        {"auto", nullptr},
    };
    for (const auto &[name, dialect] : words) {
        if (name == word) {
            return dialect;
        }
    }
    return std::nullopt;
}

}  // namespace

char *set_gateway(ngx_conf_t *cf, ngx_command_t *, void *conf) noexcept {
    return guarded(cf->log, conf_error(), [&]() -> char * {
        auto &loc = *static_cast<LocConf *>(conf);
        if (loc.gateway) {
            return phrase("is duplicate");
        }
        if (char *rv = take_location(cf, content_handler); rv != NGX_CONF_OK) {
            return rv;
        }
        loc.gateway = 1;
        loc.where = position(cf);
        main_conf(cf)->used = 1;
        if (char *rv = set_options(cf, loc); rv != NGX_CONF_OK) {
            return rv;
        }
        return default_prefix(cf, loc);
    });
}

char *set_filter(ngx_conf_t *cf, ngx_command_t *, void *conf) noexcept {
    return guarded(cf->log, conf_error(), [&]() -> char * {
        auto &loc = *static_cast<LocConf *>(conf);
        if (loc.filter) {
            return phrase("is duplicate");
        }
        auto dialect = filter_dialect(view(argument(cf, 1)));
        if (!dialect) {
            return emerg(cf, "invalid value \"%V\" in \"ai_filter\", it must be \"openai\", \"anthropic\", \"responses\", "
                         "\"gemini\" or \"auto\"", &argument(cf, 1));
        }
        loc.filter_dialect = *dialect;
        loc.filter = 1;
        loc.where = position(cf);
        main_conf(cf)->used = 1;
        return NGX_CONF_OK;
    });
}

char *set_metrics(ngx_conf_t *cf, ngx_command_t *, void *conf) noexcept {
    return guarded(cf->log, conf_error(), [&]() -> char * {
        auto &loc = *static_cast<LocConf *>(conf);
        if (loc.metrics) {
            return phrase("is duplicate");
        }
        loc.metrics = 1;
        loc.where = position(cf);
        main_conf(cf)->used = 1;
        return take_location(cf, metrics_handler);
    });
}

}  // namespace aigw::ngx
