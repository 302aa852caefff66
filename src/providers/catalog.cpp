// The catalogue: what `format NAME` stands for. A row is here only if a test runs against it: t/golden/providers/NAME, or
// golden cases of a dialect that only this row speaks. What each deviation is, and who says so: docs/providers.md.
#include <algorithm>
#include <array>

#include "core/percent.h"
#include "providers/provider.h"

namespace aigw::providers {

namespace {

using chat::Quirks;

constexpr std::string_view kOpenAi = "openai_chat";
constexpr auto kBearer = Credential::Bearer;
constexpr auto kAll = Completions::All;

constexpr Quirks kOldRoles{.developer_role = false, .refuses = ""};
constexpr Quirks kOpenRouter{.top_k = true, .refuses = ""};
constexpr Quirks kGithub{.max_completion_tokens = false, .refuses = ""};  // knows both names, documents the older
// The limit is called max_tokens, the role developer is unknown: most of those who answer like OpenAI.
constexpr Quirks kPlain{.max_completion_tokens = false, .developer_role = false, .refuses = "max_completion_tokens"};
// The same with top_k.
constexpr Quirks kOpenModels{.max_completion_tokens = false,
                             .developer_role = false,
                             .top_k = true,
                             .refuses = "max_completion_tokens"};
constexpr Quirks kAlibaba{.max_completion_tokens = false, .developer_role = false, .top_k = true, .refuses = "max_completion_tokens logit_bias"};
constexpr Quirks kCerebras{.developer_role = false,
                           .refuses = "frequency_penalty presence_penalty logit_bias parallel_tool_calls service_tier "
                                      "messages.reasoning_content"};
constexpr Quirks kDeepseek{.max_completion_tokens = false,
                           .developer_role = false,
                           .refuses = "max_completion_tokens n response_format.json_schema"};
constexpr Quirks kGroq{.developer_role = false, .refuses = "logprobs top_logprobs logit_bias n messages.name"};
constexpr Quirks kMistral{.max_completion_tokens = false,
                          .developer_role = false,
                          .asks_usage = false,
                          .mistral = true,
                          .refuses = "max_completion_tokens logprobs top_logprobs logit_bias user store service_tier "
                                     "modalities audio verbosity web_search_options safety_identifier "
                                     "prompt_cache_retention stream_options messages.name"};
constexpr Quirks kSambanova{.max_completion_tokens = false,
                            .developer_role = false,
                            .top_k = true,
                            .refuses = "max_completion_tokens logprobs top_logprobs n presence_penalty "
                                       "frequency_penalty logit_bias seed"};
constexpr Quirks kXai{.developer_role = false, .refuses = "logit_bias"};
constexpr Quirks kZai{.max_completion_tokens = false, .developer_role = false, .refuses = "max_completion_tokens tool_choice n logit_bias"};

constexpr std::string_view kBedrock = "https://bedrock-runtime.{region}.amazonaws.com";
constexpr std::string_view kVertexPath = "/v1/projects/{project}/locations/{location}/publishers/google";
constexpr std::string_view kVertex =
    "https://{location}-aiplatform.googleapis.com/v1/projects/{project}/locations/{location}/publishers/google";
constexpr std::string_view kVertexClaudePath = "/v1/projects/{project}/locations/{location}/publishers/anthropic/models";
constexpr std::string_view kVertexClaude =
    "https://{location}-aiplatform.googleapis.com/v1/projects/{project}/locations/{location}/publishers/anthropic/models";

// clang-format off
constexpr std::array kRows{
    //         format           dialect               base URL                                   credential           path
    CatalogRow{"openai",        kOpenAi,              "https://api.openai.com/v1",               kBearer,             "/v1", {}, false, Serves::Chats, Completions::Old},
    CatalogRow{"anthropic",     "anthropic_messages", "https://api.anthropic.com/v1",            Credential::XApiKey, "/v1"},
    CatalogRow{"openai-responses", "openai_responses", "https://api.openai.com/v1",              kBearer,             "/v1"},
    CatalogRow{"gemini",        "gemini",             "https://generativelanguage.googleapis.com/v1beta", Credential::GoogleApiKey, "/v1beta"},
    CatalogRow{"cohere",        "cohere_chat",        "https://api.cohere.com/v2",               kBearer,             "/v2"},
    CatalogRow{"azure",         kOpenAi,              "",                                        Credential::ApiKey,  "", kOldRoles, true},
    CatalogRow{"mistral",       kOpenAi,              "https://api.mistral.ai/v1",               kBearer,             "/v1", kMistral},
    CatalogRow{"groq",          kOpenAi,              "https://api.groq.com/openai/v1",          kBearer,             "/openai/v1", kGroq},
    CatalogRow{"deepseek",      kOpenAi,              "https://api.deepseek.com",                kBearer,             "", kDeepseek},
    CatalogRow{"xai",           kOpenAi,              "https://api.x.ai/v1",                     kBearer,             "/v1", kXai},
    CatalogRow{"openrouter",    kOpenAi,              "https://openrouter.ai/api/v1",            kBearer,             "/api/v1", kOpenRouter, false, Serves::Chats, kAll},
    CatalogRow{"together",      kOpenAi,              "https://api.together.xyz/v1",             kBearer,             "/v1", kOpenModels, false, Serves::Chats, kAll},
    CatalogRow{"fireworks",     kOpenAi,              "https://api.fireworks.ai/inference/v1",   kBearer,             "/inference/v1", kOpenModels, false, Serves::Chats, kAll},
    CatalogRow{"perplexity",    kOpenAi,              "https://api.perplexity.ai",               kBearer,             "", kOpenModels},
    CatalogRow{"cerebras",      kOpenAi,              "https://api.cerebras.ai/v1",              kBearer,             "/v1", kCerebras},
    CatalogRow{"moonshot",      kOpenAi,              "https://api.moonshot.ai/v1",              kBearer,             "/v1", kPlain},
    CatalogRow{"zai",           kOpenAi,              "https://api.z.ai/api/paas/v4",            kBearer,             "/api/paas/v4", kZai},
    CatalogRow{"alibaba",       kOpenAi,              "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", kBearer, "/compatible-mode/v1", kAlibaba},
    CatalogRow{"nvidia",        kOpenAi,              "https://integrate.api.nvidia.com/v1",     kBearer,             "/v1", kPlain},
    CatalogRow{"github",        kOpenAi,              "https://models.github.ai/inference",      kBearer,             "/inference", kGithub},
    CatalogRow{"huggingface",   kOpenAi,              "https://router.huggingface.co/v1",        kBearer,             "/v1", kOpenModels},
    CatalogRow{"sambanova",     kOpenAi,              "https://api.sambanova.ai/v1",             kBearer,             "/v1", kSambanova},
    CatalogRow{"snowflake",     kOpenAi,              "",                                        kBearer,             "/api/v2/cortex/v1", kOldRoles},
    CatalogRow{"databricks",    kOpenAi,              "",                                        kBearer,             "/serving-endpoints", kOpenModels},
    CatalogRow{"bedrock",       "bedrock_converse",   kBedrock,                                  Credential::SigV4,   ""},
    CatalogRow{"bedrock-anthropic", "bedrock_anthropic", kBedrock,                               Credential::SigV4,   ""},
    CatalogRow{"vertex",        "gemini",             kVertex,                                   Credential::Google,  kVertexPath},
    CatalogRow{"vertex-anthropic", "vertex_anthropic", kVertexClaude,                            Credential::Google,  kVertexClaudePath},
    CatalogRow{"bedrock-mantle", kOpenAi,             "",                                        kBearer,             "/v1"},
    CatalogRow{"vllm",          kOpenAi,              "",                                        kBearer,             "/v1", kOpenModels, false, Serves::Chats, kAll},
    CatalogRow{"llamacpp",      kOpenAi,              "",                                        kBearer,             "/v1", kOpenModels, false, Serves::Chats, kAll},
    CatalogRow{"gpustack",      kOpenAi,              "",                                        kBearer,             "/v1", kOpenModels, false, Serves::Chats, kAll},
    CatalogRow{"ollama",        "ollama_chat",        "http://127.0.0.1:11434/api",              kBearer,             "/api"},
    CatalogRow{"ollama-v1",     kOpenAi,              "http://127.0.0.1:11434/v1",               kBearer,             "/v1", kPlain, false, Serves::Chats, kAll},
    CatalogRow{"voyage",        kOpenAi,              "https://api.voyageai.com/v1",             kBearer,             "/v1", {}, false, Serves::Calls},
    CatalogRow{"jina",          kOpenAi,              "https://api.jina.ai/v1",                  kBearer,             "/v1", {}, false, Serves::Calls},
    CatalogRow{"raw",           kOpenAi,              "",                                        kBearer,             "", {}, false, Serves::Raw},
};
// clang-format on

constexpr std::string_view kResource = "/openai";  // of Azure's hosts: the path of a resource's own API

constexpr std::string_view kRegion = "{region}", kProject = "{project}", kLocation = "{location}";
constexpr std::string_view kRegional = "{location}-aiplatform.googleapis.com";

void replace_all(std::string &text, std::string_view word, std::string_view by) {
    for (size_t at = text.find(word); at != text.npos; at = text.find(word, at + by.size())) {
        text.replace(at, word.size(), by);
    }
}

std::string in_place(std::string_view words, const Place &place) {
    std::string text(words);
    replace_all(text, kRegion, place.region);
    replace_all(text, kProject, place.project);
    replace_all(text, kLocation, place.location);
    return text;
}

// Not all places are a part of their host's name in the same way.
std::string own_url(const CatalogRow &row, const Place &place) {
    std::string text(row.base_url);
    if (place.location == "global") {
        replace_all(text, kRegional, "aiplatform.googleapis.com");
    } else if (place.location == "us" || place.location == "eu") {
        replace_all(text, kRegional, "aiplatform.{location}.rep.googleapis.com");
    }
    bool china = place.region.starts_with("cn-") && text.find(kRegion) != text.npos;
    return in_place(text, place) + (china ? ".cn" : "");
}

}  // namespace

std::span<const CatalogRow> rows() { return kRows; }

const CatalogRow *find_row(std::string_view format) {
    auto row = std::find_if(kRows.begin(), kRows.end(), [&](const CatalogRow &r) { return r.format == format; });
    return row == kRows.end() ? nullptr : &*row;
}

std::string row_names() {
    std::string names;
    for (const CatalogRow &row : kRows) {
        names += names.empty() ? "" : ", ";
        names += row.format;
    }
    return names;
}

// OpenAI has three that are no chat models, and what was made of them: ft:davinci-002:...
bool takes_completions(const CatalogRow &row, std::string_view model) {
    constexpr std::array<std::string_view, 3> kOld{"gpt-3.5-turbo-instruct", "davinci-002", "babbage-002"};
    constexpr std::string_view kTuned = "ft:";
    if (row.completions != Completions::Old) {
        return row.completions == Completions::All;
    }
    if (model.starts_with(kTuned)) {
        model.remove_prefix(kTuned.size());
    }
    return std::any_of(kOld.begin(), kOld.end(), [&](std::string_view name) { return model.starts_with(name); });
}

bool is_region(std::string_view text) {
    constexpr size_t kMost = 64;  // bytes
    return !text.empty() && text.size() <= kMost && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

Result<Url, std::string> provider_url(const CatalogRow &row, std::string_view text, const Place &place) {
    if (text.empty() && row.base_url.empty()) {
        return Unexpected<std::string>{"is required with this \"format\""};
    }
    auto url = parse_base_url(text.empty() ? own_url(row, place) : std::string(text));
    if (url && url->path.empty()) {
        url->path = in_place(row.default_path, place);
    }
    return url;
}

bool needs_project(const CatalogRow &row, std::string_view text) {
    if (row.default_path.find(kProject) == row.default_path.npos) {
        return false;
    }
    auto url = text.empty() ? Result<Url, std::string>(Url{}) : parse_base_url(text);
    return url && url->path.empty();
}

std::string request_path(const Provider &provider, std::string_view model, std::string_view dialect_path) {
    std::string path = provider.url.path;
    bool resource = provider.row->deployments && (path.empty() || path == kResource);
    if (resource) {
        path = kResource;
        path += provider.api_version.empty() ? "/v1" : "/deployments/";
    }
    if (resource && !provider.api_version.empty()) {
        append_percent_encoded(path, provider.deployment.empty() ? model : provider.deployment);
    }
    path += dialect_path;
    if (!provider.api_version.empty()) {
        path += "?api-version=" + provider.api_version;
    }
    return path;
}

}  // namespace aigw::providers
