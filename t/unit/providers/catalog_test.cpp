#include <gtest/gtest.h>

#include "providers/provider.h"

namespace aigw::providers {
namespace {

TEST(Catalog, NamesItsRows) {
    EXPECT_EQ(row_names(), "openai, anthropic, vllm");
    EXPECT_EQ(find_row("cohere"), nullptr);
    EXPECT_EQ(find_row(""), nullptr);
    EXPECT_EQ(find_row("OpenAI"), nullptr);
}

TEST(Catalog, OwnUrlsParse) {
    for (const char *name : {"openai", "anthropic"}) {
        auto url = provider_url(*find_row(name), "");
        ASSERT_TRUE(url) << name;
        EXPECT_TRUE(url->tls);
        EXPECT_TRUE(url->default_port);
        EXPECT_EQ(url->path, "/v1");
    }
    EXPECT_EQ(provider_url(*find_row("anthropic"), "")->host, "api.anthropic.com");
}

TEST(Catalog, VllmNeedsAUrl) {
    auto url = provider_url(*find_row("vllm"), "");
    ASSERT_FALSE(url);
    EXPECT_EQ(url.error(), "is required with this \"format\"");
    EXPECT_TRUE(provider_url(*find_row("vllm"), "http://127.0.0.1:8000/v1"));
}

TEST(Catalog, UrlWithoutPathGetsTheRowsOwn) {
    EXPECT_EQ(provider_url(*find_row("vllm"), "http://h:1")->path, "/v1");
    EXPECT_EQ(provider_url(*find_row("openai"), "http://h:1/")->path, "/v1");
    EXPECT_EQ(provider_url(*find_row("openai"), "http://h:1/api/v3/")->path, "/api/v3");
}

TEST(Catalog, CredentialAndQuirksOfEachRow) {
    EXPECT_EQ(find_row("openai")->credential, Credential::Bearer);
    EXPECT_TRUE(find_row("openai")->max_completion_tokens);
    EXPECT_TRUE(find_row("openai")->developer_role);
    EXPECT_EQ(find_row("anthropic")->credential, Credential::XApiKey);
    EXPECT_EQ(find_row("anthropic")->dialect, "anthropic_messages");
    EXPECT_EQ(find_row("vllm")->dialect, "openai_chat");
    EXPECT_FALSE(find_row("vllm")->max_completion_tokens);
    EXPECT_FALSE(find_row("vllm")->developer_role);
}

}  // namespace
}  // namespace aigw::providers
