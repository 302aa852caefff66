#include "gateway/upstream_head.h"

#include "gateway/exchange.h"

namespace aigw::gateway {
namespace {

constexpr std::string_view kAnthropicVersion = "2023-06-01";  // where the caller names none

// Nothing that came from outside can begin a line of its own, nor write to somebody's terminal.
void append_line(std::string &out, std::string_view name, std::string_view value) {
    if (value.empty()) {
        return;
    }
    out.append(name).append(": ");
    for (char c : value) {
        bool control = (c >= 0 && c < ' ' && c != '\t') || c == '\x7f';
        if (!control) {
            out += c;
        }
    }
    out += "\r\n";
}

void append_credential(std::string &out, providers::Credential style, std::string_view credential) {
    if (credential.empty()) {
        return;
    }
    switch (style) {
    case providers::Credential::None:
        break;
    case providers::Credential::Bearer:
        append_line(out, "Authorization", "Bearer " + std::string(credential));
        break;
    case providers::Credential::XApiKey:
        append_line(out, "x-api-key", credential);
        break;
    }
}

void append_dialect_headers(std::string &out, const dialects::Dialect &dialect, const Caller &caller) {
    if (&dialect == &dialects::anthropic_messages()) {
        append_line(out, "anthropic-version",
                    caller.anthropic_version.empty() ? kAnthropicVersion : caller.anthropic_version);
        append_line(out, "anthropic-beta", caller.anthropic_beta);
    } else if (&dialect == &dialects::openai_chat()) {
        append_line(out, "openai-beta", caller.openai_beta);
    }
}

}  // namespace

std::string write_upstream_head(const Target &target, const Caller &caller, std::string_view credential,
                                size_t body_length) {
    const providers::Provider &provider = *target.provider;
    std::string head;
    head.reserve(512);
    head.append("POST ").append(provider.url.path).append(target.dialect->chat_path()).append(" HTTP/1.1\r\n");
    append_line(head, "Host", provider.url.authority());
    append_line(head, "Content-Type", "application/json");
    append_line(head, "Content-Length", std::to_string(body_length));
    append_line(head, "Accept-Encoding", "identity");
    append_line(head, "User-Agent", "ngx_http_aigw");
    append_credential(head, provider.row->credential, credential);
    append_dialect_headers(head, *target.dialect, caller);
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
