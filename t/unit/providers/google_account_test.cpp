#include "providers/google_account.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>

#include "core/json_writer.h"
#include "providers/mint.h"

namespace aigw::providers {
namespace {

constexpr UnixSeconds kNow = 1'700'000'000;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Key make_key(int type = EVP_PKEY_RSA) {
    std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(EVP_PKEY_CTX_new_id(type, nullptr), EVP_PKEY_CTX_free);
    EVP_PKEY *key = nullptr;
    EXPECT_EQ(EVP_PKEY_keygen_init(context.get()), 1);
    if (type == EVP_PKEY_RSA) {
        EXPECT_EQ(EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), 2048), 1);
    }
    EXPECT_EQ(EVP_PKEY_keygen(context.get(), &key), 1);
    return Key(key, EVP_PKEY_free);
}

std::string pem_of(EVP_PKEY *key, const EVP_CIPHER *cipher = nullptr) {
    std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
    unsigned char word[] = "word";
    EXPECT_EQ(PEM_write_bio_PrivateKey(bio.get(), key, cipher, cipher ? word : nullptr, cipher ? 4 : 0, nullptr, nullptr), 1);
    char *text = nullptr;
    long size = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<size_t>(size)};
}

// One for all tests: making it takes a while.
EVP_PKEY *test_key() {
    static const Key key = make_key();
    return key.get();
}

std::string account(const std::string &pem, const std::string &token_uri = "https://token.example/token") {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("type").string("service_account").key("project_id").string("my-project");
    json.key("private_key_id").string("kid1").key("private_key").string(pem);
    json.key("client_email").string("me@my-project.iam.gserviceaccount.com");
    if (!token_uri.empty()) {
        json.key("token_uri").string(token_uri);
    }
    json.end_object();
    return out;
}

bool verifies(std::string_view text, std::string_view signature) {
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    return EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, test_key()) == 1 &&
           EVP_DigestVerify(digest.get(), reinterpret_cast<const unsigned char *>(signature.data()), signature.size(),
                            reinterpret_cast<const unsigned char *>(text.data()), text.size()) == 1;
}

TEST(GoogleAccount, IsRead) {
    auto read = read_google_account(account("PEM"));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->email, "me@my-project.iam.gserviceaccount.com");
    EXPECT_EQ(read->key_id, "kid1");
    EXPECT_EQ(read->private_key, "PEM");
    EXPECT_EQ(read->project, "my-project");
    EXPECT_EQ(read->token_url.authority(), "token.example");
    EXPECT_EQ(read_google_account(account("PEM", ""))->token_uri, "https://oauth2.googleapis.com/token");
    EXPECT_TRUE(read_google_account(account("PEM", "http://127.0.0.1:9/token")));
}

TEST(GoogleAccount, SaysWhatIsWrongWithoutAWordOfIt) {
    const std::pair<std::string, const char *> cases[] = {
        {"", "is no JSON object"},
        {"[]", "is no JSON object"},
        {account("PEM").substr(0, 80), "is no JSON object"},
        {"{}", "is not a service account"},
        {R"({"type":"authorized_user"})", "is of the type \"authorized_user\" and not a service account"},
        {R"({"type":"sEcr3t!"})", "is not a service account"},
        {R"({"type":"service_account","private_key":"x"})", "has no \"client_email\""},
        {R"({"type":"service_account","client_email":"x"})", "has no \"private_key\""},
        {account("PEM", "http://token.example/"), "has a \"token_uri\" that must be https, or http to a loopback or link-local address"},
        {account(std::string(kMaxGoogleAccount, 'x')), "is too long"},
    };
    for (const auto &[text, expected] : cases) {
        auto read = read_google_account(text);
        ASSERT_FALSE(read) << text.substr(0, 100);
        EXPECT_EQ(read.error(), expected);
    }
}

// {"alg":"RS256","typ":"JWT","kid":"kid1"} and
// {"iss":"me@my-project.iam.gserviceaccount.com","scope":"https://www.googleapis.com/auth/cloud-platform",
//  "aud":"https://token.example/token","iat":1700000000,"exp":1700003600}, encoded by another program.
TEST(Assertion, HasHeaderAndClaims) {
    EXPECT_EQ(assertion_to_sign(*read_google_account(account("PEM")), kNow),
              "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImtpZDEifQ."
              "eyJpc3MiOiJtZUBteS1wcm9qZWN0LmlhbS5nc2VydmljZWFjY291bnQuY29tIiwic2NvcGUiOiJodHRwczovL3d3dy5nb29nbGVh"
              "cGlzLmNvbS9hdXRoL2Nsb3VkLXBsYXRmb3JtIiwiYXVkIjoiaHR0cHM6Ly90b2tlbi5leGFtcGxlL3Rva2VuIiwiaWF0IjoxNzAw"
              "MDAwMDAwLCJleHAiOjE3MDAwMDM2MDB9");
}

TEST(Assertion, IsSignedByTheKey) {
    auto read = read_google_account(account(pem_of(test_key())));
    ASSERT_TRUE(read);
    auto assertion = google_assertion(*read, kNow);
    ASSERT_TRUE(assertion);
    std::string text = assertion_to_sign(*read, kNow);
    EXPECT_TRUE(assertion->starts_with(text + "."));
    EXPECT_EQ(assertion->size(), text.size() + 1 + 342);  // 256 bytes
    auto signature = sign_rs256(read->private_key, text);
    ASSERT_TRUE(signature);
    EXPECT_TRUE(verifies(text, *signature));
    EXPECT_FALSE(verifies(text + "x", *signature));
}

TEST(Assertion, NeedsAnRsaKeyWithoutAPassphrase) {
    Key curve(nullptr, EVP_PKEY_free);
    curve = make_key(EVP_PKEY_ED25519);
    const std::string keys[] = {"", "PEM", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", pem_of(curve.get()),
                                pem_of(test_key(), EVP_aes_128_cbc())};
    for (const std::string &pem : keys) {
        auto signature = sign_rs256(pem, "text");
        ASSERT_FALSE(signature);
        EXPECT_EQ(signature.error(), "has a \"private_key\" that is no RSA key in PEM");
    }
}

TEST(GoogleMint, AsksInItsName) {
    MintSource source;
    source.kind = MintKind::GoogleAccount;
    auto mint = make_mint(source, account(pem_of(test_key())));
    auto request = mint->start(kNow);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->method, "POST");
    EXPECT_EQ(request->url.authority() + request->url.path, "token.example/token");
    EXPECT_EQ(request->headers.at(0).value, "application/x-www-form-urlencoded");
    EXPECT_TRUE(request->body.starts_with("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=eyJ")) << request->body;
    auto step = mint->next({200, R"({"access_token":"ya29.x","expires_in":3599,"token_type":"Bearer"})"}, kNow);
    ASSERT_TRUE(step);
    EXPECT_EQ(std::get<Minted>(*step).bearer, "ya29.x");
    EXPECT_EQ(std::get<Minted>(*step).expires, kNow + 3599);
    EXPECT_EQ(make_mint(source, "{}")->start(kNow).error(), "the file is not a service account");
    EXPECT_EQ(make_mint(source, account("PEM"))->start(kNow).error(), "the file has a \"private_key\" that is no RSA key in PEM");
}

}  // namespace
}  // namespace aigw::providers
