// The command table, and the directives that are one value each.
#include "nginx/ngx.h"

#include "nginx/directives.h"

#include "nginx/directive_policy.h"
#include "nginx/directive_tools.h"
#include "nginx/guarded.h"
#include "nginx/keys.h"
#include "nginx/worker_user.h"
#include "nginx/zone.h"

namespace aigw::ngx {

namespace {

constexpr Millis kMinCheck = 100;  // ms between two looks at the key file

char *set_keys(ngx_conf_t *cf, ngx_command_t *, void *conf) noexcept {
    return guarded(cf->log, conf_error(), [&]() -> char * {
        auto &main = *static_cast<MainConf *>(conf);
        if (main.keys_file.len != 0) {
            return phrase("is duplicate");
        }
        for (size_t i = 2; i < argument_count(cf); i++) {
            auto text = parameter(argument(cf, i), "check");
            auto time = text ? parse_time(*text) : std::nullopt;
            if (!time || *time < kMinCheck) {
                return invalid_parameter(cf, argument(cf, i));
            }
            main.keys_check = static_cast<ngx_msec_t>(*time);
        }
        main.keys_file = copy(cf->pool, view(argument(cf, 1)));
        if (main.keys_file.len == 0) {
            return invalid_parameter(cf, main.keys_file);
        }
        if (ngx_conf_full_name(cf->cycle, &main.keys_file, 1) != NGX_OK) {
            return conf_error();
        }
        if (std::string wrong = check_keys_file(main.keys_file); !wrong.empty()) {
            return emerg(cf, "\"%V\": %s", &main.keys_file, wrong.c_str());
        }
        warn_unreadable(cf, main.keys_file);
        return NGX_CONF_OK;
    });
}

char *set_auth(ngx_conf_t *cf, ngx_command_t *, void *conf) noexcept {
    auto &loc = *static_cast<LocConf *>(conf);
    if (!loc.auth_is(Auth::Unset)) {
        return phrase("is duplicate");
    }
    for (size_t i = 1; i < argument_count(cf); i++) {
        ngx_str_t &value = argument(cf, i);
        bool keys = view(value) == "keys";
        if (i > 1 || (!keys && view(value) != "off")) {
            return invalid_parameter(cf, value);
        }
        loc.auth = static_cast<ngx_uint_t>(keys ? Auth::Keys : Auth::Off);
        if (keys) {
            main_conf(cf)->used = 1;
            main_conf(cf)->keys_wanted = position(cf);
            loc.keys_where = position(cf);
        }
    }
    return NGX_CONF_OK;
}

ngx_conf_enum_t kUnsupported[] = {
    { ngx_string("reject"), 0 },
    { ngx_string("drop"), 1 },
    { ngx_null_string, 0 }
};

}  // namespace

// clang-format off
ngx_command_t commands[] = {

    { ngx_string("ai_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_2MORE,
      set_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      nullptr },

    { ngx_string("ai_redis"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      set_redis,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      nullptr },

    { ngx_string("ai_keys"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE12,
      set_keys,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      nullptr },

    { ngx_string("ai_provider"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      set_provider,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      nullptr },

    { ngx_string("ai_model"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      set_model,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      nullptr },

    { ngx_string("ai_gateway"),
      NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF|NGX_CONF_ANY,
      set_gateway,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      nullptr },

    { ngx_string("ai_filter"),
      NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF|NGX_CONF_TAKE1,
      set_filter,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      nullptr },

    { ngx_string("ai_auth"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_CONF_1MORE,
      set_auth,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      nullptr },

    { ngx_string("ai_token_limit"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_CONF_1MORE,
      set_policy<add_token_limit>,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      nullptr },

    { ngx_string("ai_prompt"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_CONF_1MORE,
      set_policy<add_prompt>,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      nullptr },

    { ngx_string("ai_guardrail"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_CONF_1MORE,
      set_policy<add_guardrail>,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      nullptr },

    { ngx_string("ai_cache"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_CONF_1MORE,
      set_policy<add_cache>,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      nullptr },

    { ngx_string("ai_trust_controls"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_CONF_TAKE1,
      set_policy<add_trust>,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      nullptr },

    { ngx_string("ai_request_limit"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_CONF_1MORE,
      set_policy<add_request_limit>,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      nullptr },

    { ngx_string("ai_unsupported"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(LocConf, unsupported),
      &kUnsupported },

    { ngx_string("ai_metrics"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      set_metrics,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      nullptr },

      ngx_null_command
};
// clang-format on

}  // namespace aigw::ngx
