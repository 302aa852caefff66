// What a call is authorised with, and what becomes of an attempt for which there is nothing.
#include "gateway/scripted_exchange.h"

namespace aigw::gateway {
namespace {

const std::string kHello = R"({"model":"m","messages":[{"role":"user","content":"hi"}]})";

struct Cloud {
    providers::Provider provider;
    Target target;

    explicit Cloud(std::string_view format) {
        provider.name = "cloud";
        provider.row = providers::find_row(format);
        provider.url = *providers::parse_base_url("http://127.0.0.1:1");
        provider.region = "us-east-1";
        target.provider = &provider;
        target.dialect = dialects::find_dialect(provider.row->dialect);
        target.model = "anthropic.claude";
    }

    std::string head(const providers::CallCredential &credential) {
        ScriptedExchange talk;
        talk.model("m", {target});
        Exchange &exchange = talk.open();
        EXPECT_TRUE(std::holds_alternative<Continue>(exchange.begin(kHello, 1)));
        Step step = exchange.next_attempt(2);
        UpstreamRequest request;
        EXPECT_TRUE(exchange.request_for(*std::get<Launch>(step).target, credential, request));
        return request.head;
    }
};

TEST(Credentials, OfTheCallAreInThePlaceOfTheProvidersOwn) {
    Cloud cloud("bedrock");
    cloud.provider.aws = {"OWN", "secret", ""};
    EXPECT_NE(cloud.head("").find("Credential=OWN/"), std::string::npos);
    const providers::AwsCredentials made{"ASIA", "other", "tok"};
    providers::CallCredential credential("");
    credential.aws = &made;
    std::string head = cloud.head(credential);
    EXPECT_NE(head.find("Credential=ASIA/"), std::string::npos);
    EXPECT_NE(head.find("X-Amz-Security-Token: tok\r\n"), std::string::npos);
    EXPECT_EQ(head.find("OWN"), std::string::npos);
    EXPECT_EQ(head.find("other"), std::string::npos);
}

TEST(Credentials, OfVertexAreABearer) {
    EXPECT_NE(Cloud("vertex").head("ya29.x").find("Authorization: Bearer ya29.x\r\n"), std::string::npos);
    EXPECT_EQ(Cloud("vertex-anthropic").head("").find("Authorization"), std::string::npos);
}

TEST(Credentials, WithoutThemTheNextTargetIsAsked) {
    ScriptedExchange talk;
    Target repeated = talk.openai("a", 5);
    talk.model("m", {repeated, talk.openai("b")});
    Exchange &exchange = talk.open();
    ASSERT_TRUE(std::holds_alternative<Continue>(exchange.begin(kHello, 1)));
    ASSERT_EQ(std::get<Launch>(exchange.next_attempt(2)).target->model, "a");
    EXPECT_EQ(exchange.fail(Cause::Credentials, 3), Verdict::Failed);
    EXPECT_EQ(std::get<Launch>(exchange.next_attempt(4)).target->model, "b") << "repeating it helps nobody";
    EXPECT_EQ(exchange.fail(Cause::Credentials, 5), Verdict::Failed);
    auto error = std::get<chat::ApiError>(exchange.next_attempt(6));
    EXPECT_EQ(error.status, 503);
    EXPECT_EQ(error.kind, chat::ErrorKind::Overloaded);
    EXPECT_EQ(error.message, "No credentials for the provider \"openai\".");
    EXPECT_EQ(exchange.record().attempts, 0);
    EXPECT_TRUE(exchange.record().calls.empty());
}

}  // namespace
}  // namespace aigw::gateway
