#include <gtest/gtest.h>

#include "providers/provider.h"

namespace aigw::providers {
namespace {

constexpr Place kPlace{"us-east-1", "p", "l"};

TEST(Catalog, NamesItsRows) {
    EXPECT_TRUE(row_names().starts_with("openai, anthropic, "));
    EXPECT_EQ(find_row(""), nullptr);
    EXPECT_EQ(find_row("OpenAI"), nullptr);
    for (const CatalogRow &row : rows()) {
        EXPECT_EQ(find_row(row.format), &row) << "a name stands once";
    }
}

TEST(Catalog, EveryRowHasWhatItsUrlNeeds) {
    for (const CatalogRow &row : rows()) {
        SCOPED_TRACE(row.format);
        EXPECT_FALSE(row.dialect.empty());
        auto bare = provider_url(row, "http://h:1");
        ASSERT_TRUE(bare);
        EXPECT_EQ(bare->path.size() + std::string("{project}{location}").size() * needs_project(row, ""), row.default_path.size());
        auto own = provider_url(row, "", kPlace);
        EXPECT_EQ(own.has_value(), !row.base_url.empty());
        if (!own) continue;
        EXPECT_EQ(own->path, provider_url(row, "http://h:1", kPlace)->path) << "a url without a path has the row's own";
        EXPECT_EQ(own->tls, own->host != "127.0.0.1");
    }
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

TEST(Catalog, BedrockIsWhereItsRegionIs) {
    EXPECT_EQ(provider_url(*find_row("bedrock"), "", {"us-east-1", "", ""})->authority(), "bedrock-runtime.us-east-1.amazonaws.com");
    EXPECT_EQ(provider_url(*find_row("bedrock"), "", {"cn-north-1", "", ""})->authority(), "bedrock-runtime.cn-north-1.amazonaws.com.cn");
    EXPECT_EQ(provider_url(*find_row("bedrock-anthropic"), "http://h:1", {"us-east-1", "", ""})->authority(), "h:1");
    EXPECT_EQ(provider_url(*find_row("bedrock"), "", {"us-east-1", "", ""})->path, "");
}

TEST(Catalog, VertexIsWhereItsLocationIs) {
    const CatalogRow &gemini = *find_row("vertex"), &claude = *find_row("vertex-anthropic");
    auto url = provider_url(gemini, "", {"", "my-project", "us-central1"});
    EXPECT_EQ(url->authority(), "us-central1-aiplatform.googleapis.com");
    EXPECT_EQ(url->path, "/v1/projects/my-project/locations/us-central1/publishers/google");
    EXPECT_EQ(provider_url(claude, "", {"", "p", "global"})->authority(), "aiplatform.googleapis.com");
    EXPECT_EQ(provider_url(claude, "", {"", "p", "eu"})->authority(), "aiplatform.eu.rep.googleapis.com");
    EXPECT_EQ(provider_url(claude, "", {"", "p", "eu"})->path, "/v1/projects/p/locations/eu/publishers/anthropic/models");
    EXPECT_EQ(provider_url(claude, "http://h:1", {"", "p", "eu"})->path, "/v1/projects/p/locations/eu/publishers/anthropic/models");
    EXPECT_EQ(provider_url(claude, "http://h:1/own", {"", "p", "eu"})->path, "/own");
}

TEST(Catalog, AProjectIsNeededWhereThePathIsTheRowsOwn) {
    EXPECT_TRUE(needs_project(*find_row("vertex"), ""));
    EXPECT_TRUE(needs_project(*find_row("vertex"), "http://h:1/"));
    EXPECT_FALSE(needs_project(*find_row("vertex"), "http://h:1/v1/projects/p"));
    EXPECT_FALSE(needs_project(*find_row("gemini"), ""));
}

TEST(Catalog, RegionsAreWords) {
    EXPECT_TRUE(is_region("us-gov-west-1"));
    EXPECT_TRUE(is_region(std::string(64, 'a')));
    EXPECT_FALSE(is_region(std::string(65, 'a')));
    for (const char *bad : {"", "US-EAST-1", "us_east", "a.b", "a/b", "a b"}) {
        EXPECT_FALSE(is_region(bad)) << bad;
    }
}

TEST(Catalog, CredentialAndQuirksOfEachRow) {
    EXPECT_EQ(find_row("openai")->credential, Credential::Bearer);
    EXPECT_TRUE(find_row("openai")->quirks.max_completion_tokens);
    EXPECT_TRUE(find_row("openai")->quirks.developer_role);
    EXPECT_EQ(find_row("anthropic")->credential, Credential::XApiKey);
    EXPECT_EQ(find_row("anthropic")->dialect, "anthropic_messages");
    EXPECT_EQ(find_row("vllm")->dialect, "openai_chat");
    EXPECT_FALSE(find_row("vllm")->quirks.max_completion_tokens);
    EXPECT_FALSE(find_row("vllm")->quirks.developer_role);
}

Provider azure(std::string_view url, std::string version, std::string deployment) {
    Provider provider;
    provider.row = find_row("azure");
    provider.url = *provider_url(*provider.row, url);
    provider.api_version = std::move(version);
    provider.deployment = std::move(deployment);
    return provider;
}

TEST(RequestPath, IsTheBaseAndTheDialectsOwn) {
    Provider provider;
    provider.row = find_row("groq");
    provider.url = *provider_url(*provider.row, "");
    EXPECT_EQ(request_path(provider, "m", "/chat/completions"), "/openai/v1/chat/completions");
}

TEST(RequestPath, AzuresResourcesHaveTwoApis) {
    constexpr std::string_view kChat = "/chat/completions";
    for (const char *url : {"https://r.openai.azure.com", "https://r.openai.azure.com/openai/"}) {
        EXPECT_EQ(request_path(azure(url, "", ""), "gpt-4o", kChat), "/openai/v1/chat/completions");
        EXPECT_EQ(request_path(azure(url, "2024-10-21", ""), "gpt-4o", kChat),
                  "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21");
        EXPECT_EQ(request_path(azure(url, "2024-10-21", "mine"), "gpt-4o", kChat),
                  "/openai/deployments/mine/chat/completions?api-version=2024-10-21");
    }
    EXPECT_EQ(request_path(azure("https://r.openai.azure.com", "v", ""), "a/b c?", kChat),
              "/openai/deployments/a%2Fb%20c%3F/chat/completions?api-version=v");
}

TEST(RequestPath, AzuresOtherBasesKeepTheirPath) {
    EXPECT_EQ(request_path(azure("https://r.services.ai.azure.com/models", "2024-05-01-preview", ""), "m", "/chat/completions"),
              "/models/chat/completions?api-version=2024-05-01-preview");
    EXPECT_EQ(request_path(azure("https://r.openai.azure.com/openai/v1", "", ""), "m", "/chat/completions"),
              "/openai/v1/chat/completions");
    EXPECT_EQ(request_path(azure("https://r.openai.azure.com/openai/v1", "preview", ""), "m", "/chat/completions"),
              "/openai/v1/chat/completions?api-version=preview");
}

}  // namespace
}  // namespace aigw::providers
