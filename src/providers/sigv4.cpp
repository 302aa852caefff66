#include "providers/sigv4.h"

#include <algorithm>
#include <ctime>
#include <vector>

namespace aigw::providers {

namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kTerminator = "aws4_request";

std::string date_of(UnixSeconds seconds) {
    const auto time = static_cast<time_t>(seconds);
    struct tm parts {};
    char text[32];
    if (gmtime_r(&time, &parts) == nullptr) {
        return "19700101T000000Z";
    }
    return {text, strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts)};
}

void append_encoded_path(std::string &out, std::string_view path) {
    constexpr char kDigits[] = "0123456789ABCDEF";
    for (unsigned char c : path) {
        bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                     c == '.' || c == '~' || c == '/';
        if (plain) {
            out += static_cast<char>(c);
        } else {
            out += '%';
            out += kDigits[c >> 4];
            out += kDigits[c & 0xF];
        }
    }
}

// Without spaces around it, and with one where there are several.
void append_trimmed(std::string &out, std::string_view value) {
    bool space = false, any = false;
    for (char c : value) {
        if (c == ' ' || c == '\t') {
            space = any;
            continue;
        }
        if (space) {
            out += ' ';
        }
        out += c;
        space = false;
        any = true;
    }
}

// All that are signed, in order; of one name in the order in which they were given.
std::vector<SignedHeader> all_headers(const AwsCredentials &credentials, const SigV4Request &request, std::string_view date) {
    std::vector<SignedHeader> headers(request.headers.begin(), request.headers.end());
    headers.push_back({"x-amz-date", date});
    if (!credentials.session_token.empty()) {
        headers.push_back({"x-amz-security-token", credentials.session_token});
    }
    std::stable_sort(headers.begin(), headers.end(),
                     [](const SignedHeader &a, const SignedHeader &b) { return a.name < b.name; });
    return headers;
}

// "host;x-amz-date"
std::string names_of(const std::vector<SignedHeader> &headers) {
    std::string names;
    std::string_view last;
    for (const SignedHeader &header : headers) {
        if (header.name != last) {
            names.append(names.empty() ? "" : ";").append(header.name);
        }
        last = header.name;
    }
    return names;
}

std::string canonical(const SigV4Request &request, const std::vector<SignedHeader> &headers) {
    std::string out(request.method);
    out += '\n';
    append_encoded_path(out, request.path.empty() ? "/" : request.path);
    out += "\n\n";  // no query
    for (size_t i = 0; i < headers.size(); ++i) {
        bool again = i > 0 && headers[i].name == headers[i - 1].name;
        if (again) {
            out.back() = ',';
        } else {
            out.append(headers[i].name).append(":");
        }
        append_trimmed(out, headers[i].value);
        out += '\n';
    }
    return out + '\n' + names_of(headers) + '\n' + hex_encode(request.payload);
}

}  // namespace

std::string canonical_request(const AwsCredentials &credentials, const SigV4Request &request) {
    std::string date = date_of(request.time);
    return canonical(request, all_headers(credentials, request, date));
}

SigV4 sign_v4(const AwsCredentials &credentials, const SigV4Request &request) {
    SigV4 signature;
    signature.date = date_of(request.time);
    const std::vector<SignedHeader> headers = all_headers(credentials, request, signature.date);
    const std::string day = signature.date.substr(0, 8);
    std::string scope = day + '/';
    scope.append(request.region).append("/").append(request.service).append("/").append(kTerminator);
    std::string to_sign(kAlgorithm);
    to_sign.append("\n").append(signature.date).append("\n").append(scope).append("\n");
    to_sign += hex_encode(sha256(canonical(request, headers)));

    Sha256 key = hmac_sha256("AWS4" + credentials.secret_key, day);
    for (std::string_view part : {request.region, request.service, kTerminator}) {
        key = hmac_sha256(bytes_of(key), part);
    }
    signature.authorization.append(kAlgorithm).append(" Credential=").append(credentials.access_key).append("/");
    signature.authorization.append(scope).append(", SignedHeaders=").append(names_of(headers)).append(", Signature=");
    signature.authorization += hex_encode(hmac_sha256(bytes_of(key), to_sign));
    return signature;
}

}  // namespace aigw::providers
