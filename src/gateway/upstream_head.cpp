#include "gateway/upstream_head.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "core/safe_text.h"
#include "dialects/anthropic_request_write.h"
#include "gateway/exchange.h"
#include "providers/sigv4.h"

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

size_t length_of(std::span<const std::string_view> pieces) {
    size_t length = 0;
    for (std::string_view piece : pieces) {
        length += piece.size();
    }
    return length;
}

void append_credential(std::string &out, providers::Credential style, std::string_view credential) {
    if (credential.empty()) {
        return;
    }
    switch (style) {
    case providers::Credential::None:
        break;
    case providers::Credential::SigV4:  // a key of Bedrock's own; signing is append_signature
    case providers::Credential::Google:
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

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// AWS's headers that the operator adds (a guardrail's) have to be signed too. `names` keeps them in lower case.
std::vector<providers::SignedHeader> headers_to_sign(const providers::Provider &provider, std::string_view host,
                                                     std::string_view content_type, std::vector<std::string> &names) {
    std::vector<providers::SignedHeader> headers{{"content-type", content_type}, {"host", host}};
    names.reserve(provider.headers.size());
    for (const providers::Header &header : provider.headers) {
        std::string name = header.name;
        std::transform(name.begin(), name.end(), name.begin(), lower);
        if (name.starts_with("x-amz")) {
            names.push_back(std::move(name));
            headers.push_back({names.back(), header.value});
        }
    }
    return headers;
}

void append_signature(std::string &out, const UpstreamCall &call, const providers::AwsCredentials &credentials,
                      std::string_view path, std::string_view host) {
    const providers::Provider &provider = *call.target.provider;
    std::vector<std::string> names;
    const std::vector<providers::SignedHeader> headers = headers_to_sign(provider, host, call.content_type, names);
    providers::SigV4Request request;
    request.region = provider.region;
    request.service = "bedrock";
    request.method = "POST";
    request.path = path;
    request.headers = headers;
    request.payload = sha256(call.body);
    request.time = call.now;
    const providers::SigV4 signature = providers::sign_v4(credentials, request);
    append_line(out, "X-Amz-Date", signature.date);
    append_line(out, "X-Amz-Security-Token", credentials.session_token);
    append_line(out, "Authorization", signature.authorization);
}

void append_dialect_headers(std::string &out, const dialects::ProviderDialect &dialect, const Caller &caller) {
    if (&dialect == &dialects::anthropic_messages()) {
        append_line(out, "anthropic-version",
                    caller.anthropic_version.empty() ? kAnthropicVersion : caller.anthropic_version);
        append_line(out, "anthropic-beta", caller.anthropic_beta);
    } else if (&dialect == &dialects::vertex_anthropic()) {
        bool left_out = false;
        append_line(out, "anthropic-beta", dialects::anthropic::hosted_betas(caller.anthropic_beta, left_out));
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
    const std::string path = request_path(provider, call.model, call.path);
    const std::string host = provider.url.authority();
    head.append("POST ").append(path).append(" HTTP/1.1\r\n");
    append_line(head, "Host", host);
    append_line(head, "Content-Type", call.content_type);
    append_line(head, "Content-Length", length_of(call.body));
    append_line(head, "Accept-Encoding", "identity");
    append_line(head, "User-Agent", "ngx_http_aigw");
    const providers::AwsCredentials &aws = call.credential.aws != nullptr ? *call.credential.aws : provider.aws;
    if (provider.row->credential == providers::Credential::SigV4 && !aws.access_key.empty()) {
        append_signature(head, call, aws, path, host);
    } else {
        append_credential(head, provider.row->credential, call.credential.key);
    }
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
