// AWS Signature Version 4 of one request, in its headers. A pure function: the time is an argument, nothing is fetched.
// Only requests without a query; the path is signed as it is sent, encoded once more, as all services but S3 want it
// (a model's id with a colon is %3A on the wire and %253A in what is signed).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/digest.h"
#include "core/units.h"

namespace aigw::providers {

struct AwsCredentials {
    std::string access_key, secret_key;
    std::string session_token;  // empty: none
};

struct SignedHeader {
    std::string_view name;  // lower case
    std::string_view value;
};

struct SigV4Request {
    std::string_view region, service;
    std::string_view method;
    std::string_view path;  // as on the wire; empty counts as /
    std::span<const SignedHeader> headers;  // that are signed beside those that the signature brings; host among them
    Sha256 payload;         // of the body
    UnixSeconds time = 0;
};

struct SigV4 {
    std::string date;           // x-amz-date: 20150830T123600Z
    std::string authorization;  // Authorization
};

// The request must be sent with these two headers, and with x-amz-security-token if there is one.
SigV4 sign_v4(const AwsCredentials &credentials, const SigV4Request &request);

// What is signed, for tests and for the word-by-word comparison with what AWS says it expected.
std::string canonical_request(const AwsCredentials &credentials, const SigV4Request &request);

}  // namespace aigw::providers
