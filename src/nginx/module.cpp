// The module as nginx sees it. Loaded but unused it has no effect: no phase, no filter, no memory, no timer.
#include "nginx/ngx.h"

#include <new>

#include "nginx/conf.h"
#include "nginx/directives.h"
#include "nginx/caller_key.h"
#include "nginx/log.h"
#include "nginx/phases.h"
#include "nginx/zone.h"

namespace aigw::ngx {

namespace {

ngx_int_t add_handler(ngx_conf_t *cf, ngx_http_phases phase, ngx_http_handler_pt handler) {
    auto *core =
        static_cast<ngx_http_core_main_conf_t *>(ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module));
    void *place = ngx_array_push(&core->phases[phase].handlers);
    if (place == nullptr) {
        return NGX_ERROR;
    }
    ::new (place) ngx_http_handler_pt(handler);
    return NGX_OK;
}

// ai_keys may stand after the location that needs it.
ngx_int_t check_keys(ngx_conf_t *cf, const MainConf &main) {
    if (main.keys_wanted.file == nullptr || main.keys_file.len != 0) {
        return NGX_OK;
    }
    ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "\"ai_auth keys\" needs \"ai_keys\" in http in %s:%ui",
                  main.keys_wanted.file, main.keys_wanted.line);
    return NGX_ERROR;
}

ngx_int_t post_configuration(ngx_conf_t *cf) noexcept {
    MainConf &main = *main_conf(cf);
    if (!main.used) {
        return NGX_OK;
    }
    if (check_keys(cf, main) != NGX_OK || complete_zones(cf, &main) != NGX_OK || install_filters(cf) != NGX_OK) {
        return NGX_ERROR;
    }
    main.hidden_headers = hidden_header_variables(cf);
    if (add_handler(cf, NGX_HTTP_ACCESS_PHASE, access_handler) != NGX_OK ||
        add_handler(cf, NGX_HTTP_PRECONTENT_PHASE, precontent_handler) != NGX_OK ||
        add_log_handler(cf) != NGX_OK) {
        return NGX_ERROR;
    }
    return NGX_OK;
}

bool in_use(ngx_cycle_t *cycle) {
    const MainConf *main = main_conf(cycle);
    return main != nullptr && main->used;
}

ngx_int_t init_process(ngx_cycle_t *cycle) noexcept {
    // Cache manager and loader come here too; they serve nobody.
    if (!in_use(cycle) || (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)) {
        return NGX_OK;
    }
    return start_connections(cycle) == NGX_OK ? start_timers(cycle) : NGX_ERROR;
}

void exit_process(ngx_cycle_t *cycle) noexcept {
    if (in_use(cycle)) {
        stop_connections(cycle);
        save_at_exit(cycle);
    }
}

ngx_http_module_t context = {
    add_variables,                 /* preconfiguration */
    post_configuration,            /* postconfiguration */

    create_main_conf,              /* create main configuration */
    init_main_conf,                /* init main configuration */

    nullptr,                       /* create server configuration */
    nullptr,                       /* merge server configuration */

    create_loc_conf,               /* create location configuration */
    merge_loc_conf                 /* merge location configuration */
};

}  // namespace

}  // namespace aigw::ngx

ngx_module_t ngx_http_aigw_module = {
    NGX_MODULE_V1,
    &aigw::ngx::context,           /* module context */
    aigw::ngx::commands,           /* module directives */
    NGX_HTTP_MODULE,               /* module type */
    nullptr,                       /* init master */
    nullptr,                       /* init module */
    aigw::ngx::init_process,       /* init process */
    nullptr,                       /* init thread */
    nullptr,                       /* exit thread */
    aigw::ngx::exit_process,       /* exit process */
    nullptr,                       /* exit master */
    NGX_MODULE_V1_PADDING
};
