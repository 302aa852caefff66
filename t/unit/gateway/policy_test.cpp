#include "gateway/policy.h"

#include <gtest/gtest.h>

namespace aigw::gateway {
namespace {

ModelTable table(std::vector<std::string> names) {
    ModelTable models;
    for (std::string &name : names) {
        Model model;
        model.name = std::move(name);
        models.models.push_back(std::move(model));
    }
    return models;
}

TEST(ModelTable, TheExactNameComesBeforeAPattern) {
    ModelTable models = table({"openai/*", "openai/gpt-4o"});
    EXPECT_EQ(models.find("openai/gpt-4o").model->name, "openai/gpt-4o");
}

TEST(ModelTable, TheLongestPatternWins) {
    ModelTable models = table({"*", "openai/*", "openai/gpt-*"});
    ModelMatch match = models.find("openai/gpt-4o");
    EXPECT_EQ(match.model->name, "openai/gpt-*");
    EXPECT_EQ(match.rest, "4o");
    EXPECT_EQ(models.find("x").model->name, "*");
}

TEST(ModelTable, NothingFits) {
    ModelTable models = table({"a", "b/*"});
    EXPECT_EQ(models.find("A").model, nullptr);
    EXPECT_EQ(models.find("b").model, nullptr);
    EXPECT_EQ(models.find("").model, nullptr);
}

TEST(Target, TheStarIsWhatThePatternMatched) {
    Target target;
    target.model = "*";
    EXPECT_EQ(target.upstream_model("gpt-4o"), "gpt-4o");
    target.model = "models/*-latest";
    EXPECT_EQ(target.upstream_model("x"), "models/x-latest");
    target.model = "fixed";
    EXPECT_EQ(target.upstream_model("x"), "fixed");
}

TEST(Target, TimeoutsOfATargetComeBeforeTheProviders) {
    providers::Provider provider;
    Target target;
    target.provider = &provider;
    EXPECT_EQ(target.first_timeout(true), provider.timeouts.first);
    target.timeout = 30'000;
    EXPECT_EQ(target.first_timeout(true), 30'000);
    target.first = 5'000;
    EXPECT_EQ(target.first_timeout(true), 5'000);
    EXPECT_EQ(target.first_timeout(false), 30'000);
}

}  // namespace
}  // namespace aigw::gateway
