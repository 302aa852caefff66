#include "gateway/upstream_head.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "core/safe_text.h"
#include "gateway/exchange.h"

namespace aigw::gateway {
namespace {

constexpr std::string_view kAnthropicVersion = "2023-06-01";  // where the caller names none

constexpr size_t kUsualHead = 512;  // bytes; a longer one grows

// Nothing that came from outside can begin a line of its own, nor write to somebody's terminal.
void append_value(std::string &out, std::string_view value) {
    if (!has_control(value)) {
        out.append(value);
        return;
    }
    std::copy_if(value.begin(), value.end(), std::back_inserter(out), [](char c) {
        bool control = (c >= 0 && c < ' ' && c != '\t') || c == '\x7f';
        return !control;
    });
}

void append_line(std::string &out, std::string_view name, std::string_view value, std::string_view prefix = {}) {
    if (value.empty()) {
        return;
    }
    out.append(name).append(": ").append(prefix);
    append_value(out, value);
    out.append("\r\n");
}

void append_line(std::string &out, std::string_view name, size_t number) {
    char digits[20];
    auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    append_line(out, name, {digits, static_cast<size_t>(end - digits)});
}

void append_credential(std::string &out, providers::Credential style, std::string_view credential) {
    if (credential.empty()) {
        return;
    }
    switch (style) {
    case providers::Credential::None:
        break;
    case providers::Credential::Bearer:
        append_line(out, "Authorization", credential, "Bearer ");
        break;
    case providers::Credential::XApiKey:
        append_line(out, "x-api-key", credential);
        break;
    case providers::Credential::ApiKey:
        append_line(out, "api-key", credential);
        break;
    case providers::Credential::GoogleApiKey:
        append_line(out, "x-goog-api-key", credential);
        break;
    }
}

void append_dialect_headers(std::string &out, const dialects::ProviderDialect &dialect, const Caller &caller) {
    if (&dialect == &dialects::anthropic_messages()) {
        append_line(out, "anthropic-version",
                    caller.anthropic_version.empty() ? kAnthropicVersion : caller.anthropic_version);
        append_line(out, "anthropic-beta", caller.anthropic_beta);
    } else if (&dialect == &dialects::openai_chat()) {
        append_line(out, "openai-beta", caller.openai_beta);
    }
}

}  // namespace

std::string write_upstream_head(const UpstreamCall &call, const Caller &caller) {
    const dialects::ProviderDialect &dialect = *call.target.dialect;
    const providers::Provider &provider = *call.target.provider;
    std::string head;
    head.reserve(kUsualHead);
    head.append("POST ").append(request_path(provider, call.model, call.path)).append(" HTTP/1.1\r\n");
    append_line(head, "Host", provider.url.authority());
    append_line(head, "Content-Type", "application/json");
    append_line(head, "Content-Length", call.body_length);
    append_line(head, "Accept-Encoding", "identity");
    append_line(head, "User-Agent", "ngx_http_aigw");
    append_credential(head, provider.row->credential, call.credential);
    append_dialect_headers(head, dialect, caller);
    append_line(head, "idempotency-key", caller.idempotency_key);
    append_line(head, "traceparent", caller.traceparent);
    append_line(head, "tracestate", caller.tracestate);
    for (const providers::Header &header : provider.headers) {
        append_line(head, header.name, header.value);
    }
    head += "\r\n";
    return head;
}

}  // namespace aigw::gateway
