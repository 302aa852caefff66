// Google: a service account's assertion for a token, and the metadata of a machine or a cluster's node.
#include <algorithm>

#include "core/json.h"
#include "core/percent.h"
#include "providers/google_account.h"
#include "providers/mint.h"

namespace aigw::providers {

namespace {

constexpr std::string_view kGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr std::string_view kInstanceToken = "/computeMetadata/v1/instance/service-accounts/default/token";

using Failure = Unexpected<std::string>;

// {"access_token":"...","expires_in":3599,"token_type":"Bearer"}
Result<Mint::Step, std::string> read_token(const SideReply &reply, UnixSeconds now) {
    if (reply.status != 200) {
        return Failure{status_phrase(reply)};
    }
    JsonParser parser;
    JsonDoc doc;
    if (!parser.parse(reply.body, doc) || !doc.root().is_object()) {
        return Failure{"answered what is no JSON object"};
    }
    JsonValue life = doc.root()["expires_in"];
    Minted minted;
    minted.bearer = doc.root()["access_token"].text().decode();
    if (!is_header_word(minted.bearer)) {
        return Failure{"answered without a token"};
    }
    const UnixSeconds seconds = life ? life.as_int64().value_or(0) : kUnknownLife;
    if (seconds <= 0) {
        return Failure{"answered a token that has expired"};
    }
    minted.expires = now + std::min(seconds, kLongestLife);
    return Mint::Step(std::move(minted));
}

class AccountMint final : public Mint {
public:
    explicit AccountMint(std::string_view text) : account_(read_google_account(text)) {}

    Result<SideRequest, std::string> start(UnixSeconds now) override {
        if (!account_) {
            return Failure{"the file " + account_.error()};
        }
        auto assertion = google_assertion(*account_, now);
        if (!assertion) {
            return Failure{"the file " + assertion.error()};
        }
        SideRequest request;
        request.method = "POST";
        request.url = account_->token_url;
        request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
        request.body = "grant_type=";
        append_percent_encoded(request.body, kGrant);
        request.body += "&assertion=" + *assertion;
        return request;
    }
    Result<Step, std::string> next(const SideReply &reply, UnixSeconds now) override { return read_token(reply, now); }

private:
    const Result<GoogleAccount, std::string> account_;
};

class InstanceMint final : public Mint {
public:
    explicit InstanceMint(const MintSource &source) : url_(source.url) {}

    Result<SideRequest, std::string> start(UnixSeconds) override {
        SideRequest request;
        request.method = "GET";
        request.url = url_;
        request.url.path = kInstanceToken;
        request.headers.push_back({"Metadata-Flavor", "Google"});
        return request;
    }
    Result<Step, std::string> next(const SideReply &reply, UnixSeconds now) override {
        if (reply.status == 404) {
            return Failure{"answered 404: the machine has no service account"};
        }
        return read_token(reply, now);
    }

private:
    const Url url_;
};

}  // namespace

std::unique_ptr<Mint> google_account_mint(std::string_view account) {
    return std::make_unique<AccountMint>(account);
}

std::unique_ptr<Mint> google_instance_mint(const MintSource &source) {
    return std::make_unique<InstanceMint>(source);
}

}  // namespace aigw::providers
