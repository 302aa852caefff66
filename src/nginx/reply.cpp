#include "nginx/reply.h"

#include "core/safe_text.h"
#include "nginx/cache.h"
#include "nginx/text.h"

namespace aigw::ngx {
namespace {

bool same_name(const ngx_str_t &a, std::string_view b) {
    return a.len == b.size() &&
           ngx_strncasecmp(a.data, reinterpret_cast<u_char *>(const_cast<char *>(b.data())), a.len) == 0;
}

// The first header in a list whose name is `name`, in whatever case; removed ones (hash 0) don't count.
const ngx_table_elt_t *find_header(const ngx_list_t &list, std::string_view name) {
    for (const ngx_list_part_t *part = &list.part; part != nullptr; part = part->next) {
        auto *headers = static_cast<const ngx_table_elt_t *>(part->elts);
        for (ngx_uint_t i = 0; i < part->nelts; i++) {
            if (headers[i].hash != 0 && same_name(headers[i].key, name)) {
                return &headers[i];
            }
        }
    }
    return nullptr;
}

}  // namespace

void add_header(ngx_http_request_t *r, std::string_view name, std::string_view value) {
    if (find_header(r->headers_out.headers, name) != nullptr) {
        return;
    }
    ngx_str_t text = copy(r->pool, safe_text(value));
    auto *header = static_cast<ngx_table_elt_t *>(ngx_list_push(&r->headers_out.headers));
    if (header == nullptr) {
        throw std::bad_alloc();
    }
    *header = {};
    header->hash = 1;
    header->key = str(name);
    header->lowcase_key = header->key.data;
    header->value = text;
}

void set_content_length(ngx_http_request_t *r, off_t length) {
    ngx_http_clear_content_length(r);
    r->headers_out.content_length_n = length;
}

void set_content_type(ngx_http_request_t *r, std::string_view type) {
    r->headers_out.content_type = copy(r->pool, type);
    r->headers_out.content_type_len = type.size();
    r->headers_out.content_type_lowcase = nullptr;
    r->headers_out.charset.len = 0;
}

void add_exchange_headers(ngx_http_request_t *r, Context &context, bool anthropic) {
    std::string_view id = request_id(context);
    add_header(r, "x-request-id", id);
    if (anthropic) {
        add_header(r, "request-id", id);
    }
    if (std::string_view status = cache_status(context); !status.empty()) {
        add_header(r, "x-aigw-cache", status);
    }
    if (context.exchange) {
        for (const auto &[name, value] : context.exchange->client_headers()) {
            add_header(r, name, value);
        }
    }
}

std::string_view request_header(const ngx_http_request_t *r, std::string_view lower_name) {
    const ngx_table_elt_t *header = find_header(r->headers_in.headers, lower_name);
    return header != nullptr ? view(header->value) : std::string_view();
}

}  // namespace aigw::ngx
