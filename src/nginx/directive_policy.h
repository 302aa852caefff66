// What the setters of policies share.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "nginx/directive_tools.h"
#include "nginx/guarded.h"
#include "nginx/policies.h"

namespace aigw::ngx {

// `off` and `inherit` as the only argument. True: this was one of them, and `rv` is the setter's answer.
template <class T>
bool takes_word(ngx_conf_t *cf, PolicyList<T> &list, char *&rv) {
    std::string_view word = view(argument(cf, 1));
    bool off = word == "off", inherit = word == "inherit";
    if (!list.written) {
        list.where = position(cf);
    }
    rv = static_cast<char *>(NGX_CONF_OK);
    if (list.off || (off && list.written)) {
        rv = emerg(cf, "\"%V off\" stands beside other lines of the same level", &argument(cf, 0));
        return true;
    }
    list.written = true;
    if ((!off && !inherit) || argument_count(cf) != 2) {
        return false;
    }
    (off ? list.off : list.inherit) = true;
    return true;
}

// Values with variables; null after [emerg]. The text is copied.
ngx_http_complex_value_t *compile_value(ngx_conf_t *cf, std::string_view text);
ngx_int_t compile_into(ngx_conf_t *cf, ngx_http_complex_value_t &value, std::string_view text);
// The indices of the variables in `text`; false after [emerg].
bool variables_of(ngx_conf_t *cf, std::string_view text, std::vector<ngx_uint_t> &indices);

// One line of a policy, into a location's set or a model's.
char *add_token_limit(ngx_conf_t *cf, PolicySet &policies);    // directive_limit.cpp
char *add_request_limit(ngx_conf_t *cf, PolicySet &policies);  // directive_limit.cpp
char *add_prompt(ngx_conf_t *cf, PolicySet &policies);         // prompt.cpp
char *add_guardrail(ngx_conf_t *cf, PolicySet &policies);      // directive_guard.cpp
char *add_cache(ngx_conf_t *cf, PolicySet &policies);          // directive_cache.cpp
char *add_trust(ngx_conf_t *cf, PolicySet &policies);          // directive_cache.cpp

// As a directive of http, server and location.
template <char *(*Add)(ngx_conf_t *, PolicySet &)>
char *set_policy(ngx_conf_t *cf, ngx_command_t *, void *conf) noexcept {
    return guarded(cf->log, conf_error(), [&] { return Add(cf, static_cast<LocConf *>(conf)->policies); });
}

// As a directive inside ai_model; the object is the MainConf.
template <char *(*Add)(ngx_conf_t *, PolicySet &)>
char *set_model_policy(ngx_conf_t *cf, void *object) {
    if (argument_count(cf) == 2 && view(argument(cf, 1)) == "inherit") {
        return emerg(cf, "\"inherit\" has no meaning in ai_model, its lines replace the location's");
    }
    return Add(cf, *static_cast<MainConf *>(object)->model_policies.back());
}

}  // namespace aigw::ngx
