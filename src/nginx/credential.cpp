#include "nginx/ngx.h"

#include "nginx/credential.h"

#include <new>

#include "nginx/text.h"

namespace aigw::ngx {

std::optional<std::string> take_credential(ngx_http_request_t *r, ProviderConf &provider) {
    if (provider.credentials.empty()) {
        return std::string();
    }
    const CredentialSource &source = provider.credentials[provider.turn++ % provider.credentials.size()];
    if (source.variable == nullptr) {
        return source.value;
    }
    ngx_str_t value;
    if (ngx_http_complex_value(r, source.variable, &value) != NGX_OK) {
        throw std::bad_alloc();
    }
    std::string_view text = view(value);
    // It becomes a header's value: a line break would make another header.
    if (text.empty() || text.find_first_of(std::string_view("\r\n\0", 3)) != text.npos) {
        return std::nullopt;
    }
    return std::string(text);
}

}  // namespace aigw::ngx
