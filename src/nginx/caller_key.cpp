#include "nginx/caller_key.h"

#include <algorithm>
#include <new>

#include "gateway/endpoint.h"
#include "gateway/filter_path.h"
#include "nginx/conf.h"
#include "nginx/reply.h"
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

constexpr std::string_view kParameter = "key=";

// Google's callers may write it into the URL.
bool takes_parameter(ngx_http_request_t *r) {
    if (view(r->args).find(kParameter) == std::string_view::npos) {
        return false;
    }
    const LocConf &conf = *loc_conf(r);
    bool anthropic = !request_header(r, "anthropic-version").empty();
    const dialects::Dialect &dialect = conf.filter ? *gateway::read_filter_path(conf.filter_dialect, view(r->uri), {}, anthropic).dialect
                                                   : gateway::caller_dialect(api_path(r), anthropic);
    return &dialect == &dialects::gemini();
}

// With the value of each such parameter, as it is written.
template <class F>
void for_each_key(std::string_view args, F &&each) {
    while (!args.empty()) {
        size_t end = std::min(args.find('&'), args.size());
        if (args.substr(0, kParameter.size()) == kParameter) {
            each(args.substr(kParameter.size(), end - kParameter.size()));
        }
        args.remove_prefix(std::min(end + 1, args.size()));
    }
}

std::string_view unescaped(ngx_http_request_t *r, std::string_view raw) {
    if (raw.find('%') == raw.npos || raw.size() > kMaxKey) {
        return raw;
    }
    ngx_str_t plain = copy(r->pool, raw);
    u_char *to = plain.data, *from = plain.data;
    ngx_unescape_uri(&to, &from, plain.len, 0);
    return {reinterpret_cast<char *>(plain.data), static_cast<size_t>(to - plain.data)};
}

std::string without_key(std::string_view args) {
    std::string rest;
    while (!args.empty()) {
        size_t end = std::min(args.find('&'), args.size());
        std::string_view one = args.substr(0, end);
        if (one.substr(0, kParameter.size()) != kParameter) {
            rest += rest.empty() ? "" : "&";
            rest += one;
        }
        args.remove_prefix(std::min(end + 1, args.size()));
    }
    return rest;
}

// The bytes of the keys become stars. Where they stand in the request's head nothing but the log looks at them again.
void mask(ngx_str_t line, std::string_view args) {
    size_t at = view(line).find(args);
    if (at != std::string_view::npos) {
        for_each_key({reinterpret_cast<char *>(line.data) + at, args.size()},
                     [](std::string_view raw) { std::fill_n(const_cast<char *>(raw.data()), raw.size(), '*'); });
    }
}

}  // namespace

void hide_parameter(Context &context) {
    ngx_http_request_t *r = context.r;
    bool there = false;
    if (takes_parameter(r)) {
        for_each_key(view(r->args), [&](std::string_view) { there = true; });
    }
    if (!there) {
        return;
    }
    context.hidden_key = caller_key(r).value;
    std::string rest = without_key(view(r->args));
    std::string_view target = view(r->unparsed_uri);
    if (size_t mark = target.find('?'); mark != target.npos) {
        std::string_view args = target.substr(mark + 1);
        std::string own = without_key(args), path(target.substr(0, mark));
        std::string written(args);
        r->unparsed_uri = copy(r->pool, own.empty() ? path : path + "?" + own);
        mask(r->request_line, written);
    }
    r->args = copy(r->pool, rest);
}

// Every header counts, repeated ones too: the same key may stand in several, another one nowhere.
CallerKey caller_key(ngx_http_request_t *r) {
    CallerKey found;
    auto see = [&](std::string_view value) {
        if (value.empty() || found.fault == CallerKey::Fault::Two) {
            return;
        }
        bool other = found.fault == CallerKey::Fault::None && value != found.value;
        found = other ? CallerKey{{}, CallerKey::Fault::Two} : CallerKey{value, CallerKey::Fault::None};
    };
    for_each_header(r->headers_in.headers, [&](const ngx_table_elt_t &header) { see(offered(header)); });
    if (takes_parameter(r)) {
        for_each_key(view(r->args), [&](std::string_view raw) { see(unescaped(r, raw)); });
    }
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
        context.hidden_key = std::string(caller_key(r).value);
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
