#include "nginx/directive_policy.h"

namespace aigw::ngx {

ngx_int_t compile_into(ngx_conf_t *cf, ngx_http_complex_value_t &value, std::string_view text) {
    ngx_str_t copied = copy(cf->pool, text);
    ngx_http_compile_complex_value_t compile{};
    compile.cf = cf;
    compile.value = &copied;
    compile.complex_value = &value;
    return ngx_http_compile_complex_value(&compile);
}

ngx_http_complex_value_t *compile_value(ngx_conf_t *cf, std::string_view text) {
    auto *value = static_cast<ngx_http_complex_value_t *>(ngx_pcalloc(cf->pool, sizeof(ngx_http_complex_value_t)));
    return value != nullptr && compile_into(cf, *value, text) == NGX_OK ? value : nullptr;
}

bool variables_of(ngx_conf_t *cf, std::string_view text, std::vector<ngx_uint_t> &indices) {
    auto in_name = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    };
    for (size_t at = text.find('$'); at != text.npos; at = text.find('$', at)) {
        at += text.substr(at + 1, 1) == "{" ? 2 : 1;
        size_t end = at;
        while (end < text.size() && in_name(text[end])) {
            end++;
        }
        ngx_str_t name = copy(cf->pool, text.substr(at, end - at));
        ngx_strlow(name.data, name.data, name.len);
        // $1 is a group of the last regular expression, not a variable.
        if (name.len != 0 && !(name.data[0] >= '0' && name.data[0] <= '9')) {
            ngx_int_t index = ngx_http_get_variable_index(cf, &name);
            if (index == NGX_ERROR) {
                return false;
            }
            indices.push_back(static_cast<ngx_uint_t>(index));
        }
        at = end;
    }
    return true;
}

}  // namespace aigw::ngx
