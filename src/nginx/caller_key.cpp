#include "nginx/caller_key.h"

#include <algorithm>
#include <new>

#include "nginx/conf.h"
#include "nginx/text.h"

namespace aigw::ngx {
namespace {

constexpr size_t kMaxKey = 4096;  // bytes; nothing longer is hashed

std::string_view bearer(std::string_view value) {
    constexpr std::string_view kScheme = "bearer ";
    bool scheme = value.size() >= kScheme.size()
                  && ngx_strncasecmp(reinterpret_cast<u_char *>(const_cast<char *>(value.data())),
                                     reinterpret_cast<u_char *>(const_cast<char *>(kScheme.data())), kScheme.size()) == 0;
    if (!scheme) {
        return {};
    }
    size_t begin = value.find_first_not_of(' ', kScheme.size());
    return begin == std::string_view::npos ? std::string_view() : value.substr(begin);
}

std::string_view lower_name(const ngx_table_elt_t &header) {
    return {reinterpret_cast<const char *>(header.lowcase_key), header.key.len};
}

// What a header offers; empty: nothing. Another scheme than Bearer is somebody else's (auth_basic).
std::string_view offered(const ngx_table_elt_t &header) {
    std::string_view name = lower_name(header);
    if (name == "authorization") {
        return bearer(view(header.value));
    }
    return name == "x-api-key" || name == "api-key" || name == "x-goog-api-key" ? view(header.value) : std::string_view();
}

template <class F>
void for_each_header(const ngx_list_t &list, F &&each) {
    for (const ngx_list_part_t *part = &list.part; part != nullptr; part = part->next) {
        auto *headers = static_cast<ngx_table_elt_t *>(part->elts);
        for (ngx_uint_t i = 0; i < part->nelts; i++) {
            each(headers[i]);
        }
    }
}

// $http_... in proxy_set_header, maps and logs keeps what it had: a variable once computed is cached.
void keep_variables(ngx_http_request_t *r) {
    for (ngx_uint_t index : main_conf(r)->hidden_headers) {
        if (ngx_http_get_indexed_variable(r, index) == nullptr) {
            throw std::bad_alloc();
        }
    }
}

}  // namespace

// Every header counts, repeated ones too: the same key may stand in several, another one nowhere.
CallerKey caller_key(ngx_http_request_t *r) {
    CallerKey found;
    for_each_header(r->headers_in.headers, [&](const ngx_table_elt_t &header) {
        std::string_view value = offered(header);
        if (value.empty() || found.fault == CallerKey::Fault::Two) {
            return;
        }
        bool other = found.fault == CallerKey::Fault::None && value != found.value;
        found = other ? CallerKey{{}, CallerKey::Fault::Two} : CallerKey{value, CallerKey::Fault::None};
    });
    Context *context = found.fault == CallerKey::Fault::Missing ? find_context(r) : nullptr;
    if (context != nullptr && !context->hidden_key.empty()) {
        found = {context->hidden_key, CallerKey::Fault::None};
    }
    if (found.value.size() > kMaxKey) {
        return {{}, CallerKey::Fault::TooLong};
    }
    return found;
}

// The list is made anew without them; what points to an element of the old one stays valid.
void hide_headers(Context &context, bool key, bool accept_encoding) {
    ngx_http_request_t *r = context.r;
    auto hidden = [&](const ngx_table_elt_t &header) {
        return (key && !offered(header).empty()) || (accept_encoding && lower_name(header) == "accept-encoding");
    };
    ngx_uint_t all = 0, kept = 0;
    for_each_header(r->headers_in.headers, [&](const ngx_table_elt_t &header) {
        all++;
        kept += hidden(header) ? 0 : 1;
    });
    if (kept == all) {
        return;
    }
    keep_variables(r);
    if (key) {
        context.hidden_key = caller_key(r).value;
    }
    ngx_list_t old = r->headers_in.headers;
    if (ngx_list_init(&r->headers_in.headers, r->pool, std::max<ngx_uint_t>(kept, 1), sizeof(ngx_table_elt_t)) != NGX_OK) {
        throw std::bad_alloc();
    }
    for_each_header(old, [&](const ngx_table_elt_t &header) {
        if (!hidden(header)) {
            *static_cast<ngx_table_elt_t *>(ngx_list_push(&r->headers_in.headers)) = header;  // there is room
        }
    });
}

std::vector<ngx_uint_t> hidden_header_variables(ngx_conf_t *cf) {
    auto *core = static_cast<ngx_http_core_main_conf_t *>(ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module));
    auto *variables = static_cast<ngx_http_variable_t *>(core->variables.elts);
    std::vector<ngx_uint_t> indices;
    for (ngx_uint_t i = 0; i < core->variables.nelts; i++) {
        std::string_view name = view(variables[i].name);
        if (name == "http_authorization" || name == "http_x_api_key" || name == "http_api_key" ||
            name == "http_x_goog_api_key" || name == "http_accept_encoding") {
            indices.push_back(i);
        }
    }
    return indices;
}

}  // namespace aigw::ngx
