#include "providers/google_account.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "core/base64url.h"
#include "core/json.h"
#include "core/json_writer.h"
#include "providers/side_call.h"

namespace aigw::providers {

namespace {

constexpr std::string_view kTokenUri = "https://oauth2.googleapis.com/token";  // where the file names none
constexpr size_t kMaxType = 64;  // bytes of a type that is named in an error

using Failure = Unexpected<std::string>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Digest = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

std::string member(JsonValue account, std::string_view name) { return account[name].text().decode(); }

// Nobody is there to be asked for one.
int no_passphrase(char *, int, int, void *) { return -1; }

bool is_word(std::string_view text) {
    return !text.empty() && text.size() <= kMaxType && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || c == '_';
    });
}

Failure wrong_type(const std::string &type) {
    return {is_word(type) ? "is of the type \"" + type + "\" and not a service account" : "is not a service account"};
}

std::optional<std::string> sign(EVP_PKEY *key, std::string_view text) {
    Digest digest(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    size_t size = 0;
    auto *bytes = reinterpret_cast<const unsigned char *>(text.data());
    if (!digest || EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
        EVP_DigestSign(digest.get(), nullptr, &size, bytes, text.size()) != 1) {
        return std::nullopt;
    }
    std::string signature(size, '\0');
    if (EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char *>(signature.data()), &size, bytes, text.size()) != 1) {
        return std::nullopt;
    }
    signature.resize(size);
    return signature;
}

}  // namespace

GoogleAccount::~GoogleAccount() {
    OPENSSL_cleanse(private_key.data(), private_key.size());
}

Result<GoogleAccount, std::string> read_google_account(std::string_view text) {
    JsonParser parser;
    JsonDoc doc;
    if (text.size() > kMaxGoogleAccount) {
        return Failure{"is too long"};
    }
    if (!parser.parse(text, doc) || !doc.root().is_object()) {
        return Failure{"is no JSON object"};
    }
    JsonValue root = doc.root();
    if (!root["type"].equals("service_account")) {
        return wrong_type(member(root, "type"));
    }
    GoogleAccount account;
    account.email = member(root, "client_email");
    account.key_id = member(root, "private_key_id");
    account.private_key = member(root, "private_key");
    account.project = member(root, "project_id");
    account.token_uri = root["token_uri"] ? member(root, "token_uri") : std::string(kTokenUri);
    if (account.email.empty() || account.private_key.empty()) {
        return Failure{account.email.empty() ? "has no \"client_email\"" : "has no \"private_key\""};
    }
    auto url = parse_side_url(account.token_uri);
    if (!url) {
        return Failure{"has a \"token_uri\" that " + url.error()};
    }
    account.token_url = std::move(*url);
    return account;
}

std::string assertion_to_sign(const GoogleAccount &account, UnixSeconds now) {
    std::string header, claims, out;
    JsonWriter head(header);
    head.begin_object().key("alg").string("RS256").key("typ").string("JWT");
    if (!account.key_id.empty()) {
        head.key("kid").string(account.key_id);
    }
    head.end_object();
    JsonWriter body(claims);
    body.begin_object().key("iss").string(account.email).key("scope").string(kGoogleScope).key("aud").string(account.token_uri);
    body.key("iat").number(now).key("exp").number(now + kAssertionLife).end_object();
    append_base64url(out, header);
    out += '.';
    append_base64url(out, claims);
    return out;
}

Result<std::string, std::string> sign_rs256(std::string_view pem, std::string_view text) {
    Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
    Key key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr) : nullptr, EVP_PKEY_free);
    const bool rsa = key && EVP_PKEY_base_id(key.get()) == EVP_PKEY_RSA;
    std::optional<std::string> signature = rsa ? sign(key.get(), text) : std::nullopt;
    ERR_clear_error();  // the queue is the host's too
    if (!signature) {
        return Failure{rsa ? "has a \"private_key\" that cannot sign" : "has a \"private_key\" that is no RSA key in PEM"};
    }
    return std::move(*signature);
}

Result<std::string, std::string> google_assertion(const GoogleAccount &account, UnixSeconds now) {
    std::string assertion = assertion_to_sign(account, now);
    auto signature = sign_rs256(account.private_key, assertion);
    if (!signature) {
        return signature;
    }
    assertion += '.';
    append_base64url(assertion, *signature);
    return assertion;
}

}  // namespace aigw::providers
