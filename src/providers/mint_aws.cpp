// AWS: container credentials (ECS, EKS pod identity, Greengrass), and the metadata of an EC2 instance in its version 2 (a
// token, then the role, then its credentials); version 1 is not fallen back to.
#include <algorithm>

#include "core/json.h"
#include "core/percent.h"
#include "providers/mint.h"

namespace aigw::providers {

namespace {

constexpr size_t kMaxRole = 64;  // characters, as IAM has it
constexpr std::string_view kTokenTtl = "300";  // seconds, for the two calls that follow
constexpr std::string_view kRoles = "/latest/meta-data/iam/security-credentials/";

using Failure = Unexpected<std::string>;

SideRequest call(const Url &url, std::string_view method, std::string path) {
    SideRequest request;
    request.method = method;
    request.url = url;
    request.url.path = std::move(path);
    return request;
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n";
    size_t begin = std::min(text.find_first_not_of(kBlank), text.size());
    return text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin);
}

// {"AccessKeyId":"...","SecretAccessKey":"...","Token":"...","Expiration":"..."}
Result<Minted, std::string> read_credentials(const SideReply &reply, UnixSeconds now) {
    if (reply.status != 200) {
        return Failure{status_phrase(reply)};
    }
    JsonParser parser;
    JsonDoc doc;
    if (!parser.parse(reply.body, doc) || !doc.root().is_object()) {
        return Failure{"answered what is no JSON object"};
    }
    JsonValue root = doc.root();
    if (root["Code"] && !root["Code"].equals("Success")) {
        return Failure{status_phrase(reply)};
    }
    Minted minted;
    minted.aws = {root["AccessKeyId"].text().decode(), root["SecretAccessKey"].text().decode(), root["Token"].text().decode()};
    const AwsCredentials &aws = minted.aws;
    bool sound = is_header_word(aws.access_key) && is_header_word(aws.secret_key) &&
                 (aws.session_token.empty() || is_header_word(aws.session_token));
    if (!sound) {
        return Failure{"answered without credentials"};
    }
    minted.expires = now + kUnknownLife;
    if (JsonValue end = root["Expiration"]; end && !end.is_null()) {
        auto expires = parse_utc(end.text().decode());
        if (!expires) {
            return Failure{"answered an expiration that is no time"};
        }
        minted.expires = std::min(*expires, now + kLongestLife);
    }
    if (minted.expires <= now) {
        return Failure{"answered credentials that have expired"};
    }
    return minted;
}

Result<Mint::Step, std::string> as_step(Result<Minted, std::string> minted) {
    if (!minted) {
        return Failure{minted.error()};
    }
    return Mint::Step(std::move(*minted));
}

class AwsContainer final : public Mint {
public:
    AwsContainer(const MintSource &source, std::string_view token) : source_(source), token_(trimmed(token)) {}

    Result<SideRequest, std::string> start(UnixSeconds) override {
        SideRequest request = call(source_.url, "GET", source_.url.path);
        request.headers.push_back({"Accept", "application/json"});
        bool wanted = !source_.file.empty() || !token_.empty();
        if (wanted && !is_header_word(token_)) {
            return Failure{"the authorization token is not one line of printable characters"};
        }
        if (wanted) {
            request.headers.push_back({"Authorization", token_});
        }
        return request;
    }
    Result<Step, std::string> next(const SideReply &reply, UnixSeconds now) override {
        return as_step(read_credentials(reply, now));
    }

private:
    const MintSource source_;
    const std::string token_;
};

class AwsInstance final : public Mint {
public:
    explicit AwsInstance(const MintSource &source) : url_(source.url) {
        base_ = url_.path;
        while (base_.ends_with('/')) {
            base_.pop_back();
        }
    }

    Result<SideRequest, std::string> start(UnixSeconds) override {
        phase_ = Phase::Token;
        SideRequest request = call(url_, "PUT", base_ + "/latest/api/token");
        request.headers.push_back({"X-aws-ec2-metadata-token-ttl-seconds", std::string(kTokenTtl)});
        return request;
    }

    Result<Step, std::string> next(const SideReply &reply, UnixSeconds now) override {
        switch (phase_) {
        case Phase::Token:
            return take_token(reply);
        case Phase::Role:
            return take_role(reply);
        case Phase::Credentials:
            break;
        }
        return as_step(read_credentials(reply, now));
    }

private:
    enum class Phase : uint8_t { Token, Role, Credentials };

    Result<Step, std::string> take_token(const SideReply &reply) {
        token_ = trimmed(reply.body);
        if (reply.status != 200 || !is_header_word(token_)) {
            return Failure{reply.status != 200 ? status_phrase(reply) : "answered no session token"};
        }
        phase_ = Phase::Role;
        return Step(ask(base_ + std::string(kRoles)));
    }

    // The first line: an instance has one role.
    Result<Step, std::string> take_role(const SideReply &reply) {
        if (reply.status == 404) {
            return Failure{"answered 404: the instance has no role"};
        }
        std::string_view role = trimmed(std::string_view(reply.body).substr(0, reply.body.find('\n')));
        if (reply.status != 200 || !is_header_word(role) || role.size() > kMaxRole) {
            return Failure{reply.status != 200 ? status_phrase(reply) : "answered no role"};
        }
        phase_ = Phase::Credentials;
        std::string path = base_ + std::string(kRoles);
        append_percent_encoded(path, role);
        return Step(ask(std::move(path)));
    }

    SideRequest ask(std::string path) const {
        SideRequest request = call(url_, "GET", std::move(path));
        request.headers.push_back({"X-aws-ec2-metadata-token", token_});
        return request;
    }

    const Url url_;
    std::string base_;
    Phase phase_ = Phase::Token;
    std::string token_;
};

}  // namespace

std::unique_ptr<Mint> aws_container_mint(const MintSource &source, std::string_view token) {
    return std::make_unique<AwsContainer>(source, token);
}

std::unique_ptr<Mint> aws_instance_mint(const MintSource &source) {
    return std::make_unique<AwsInstance>(source);
}

}  // namespace aigw::providers
