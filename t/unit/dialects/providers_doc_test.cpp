// docs/providers.md says of each row what the catalogue says, and how many recordings were read where they are present.
#include <map>
#include <tuple>

#include "dialects/doc_table.h"
#include "dialects/operation.h"
#include "dialects/recordings.h"
#include "providers/provider.h"

namespace aigw::dialects {

namespace {

using providers::CatalogRow;
using providers::Credential;

std::string key_of(Credential style) {
    switch (style) {
    case Credential::None:
        return "none";
    case Credential::Bearer:
        return "`Authorization: Bearer`";
    case Credential::XApiKey:
        return "`x-api-key`";
    case Credential::ApiKey:
        return "`api-key`";
    case Credential::GoogleApiKey:
        return "`x-goog-api-key`";
    case Credential::Google:
        return "`Authorization: Bearer`, [made](#vertex) or given";
    case Credential::SigV4:
        return "signature of AWS, or `Authorization: Bearer`";
    }
    return {};
}

void add(std::string &list, const std::string &item) { list += (list.empty() ? "" : "; ") + item; }

std::string ways_of(const CatalogRow &row) {
    const chat::Quirks &quirks = row.quirks;
    std::string out, refused;
    if (row.dialect == "openai_chat") {
        if (!quirks.max_completion_tokens) add(out, "the limit is `max_tokens`");
        if (!quirks.developer_role) add(out, "`developer` becomes `system`");
        if (quirks.top_k) add(out, "takes `top_k`");
        if (!quirks.asks_usage) add(out, "usage comes unasked");
        if (quirks.mistral) add(out, "[its own ways](#mistral)");
    }
    std::istringstream words{std::string(quirks.refuses)};
    for (std::string word; words >> word;) {
        if (word != "max_completion_tokens") refused += (refused.empty() ? "does not take `" : ", `") + word + '`';
    }
    if (!refused.empty()) add(out, refused);
    return out;
}

TEST(ProvidersPage, HasEveryRow) {
    std::string table = "| format | speaks | base URL | key | differs |\n|---|---|---|---|---|\n";
    for (const CatalogRow &row : providers::rows()) {
        std::string base = row.base_url.empty() ? "`url` is required; without a path it has `" + std::string(row.default_path) + '`'
                                                : '`' + std::string(row.base_url) + '`';
        if (row.base_url.empty() && row.default_path.empty()) base = "`url` is required";
        std::string speaks = row.serves == providers::Serves::Raw     ? "[anything](endpoints.md#models-of-any-kind)"
                             : row.serves == providers::Serves::Calls ? "no chat"
                                                                      : std::string(row.dialect);
        table += "| `" + std::string(row.format) + "` | " + speaks + " | " + base + " | " +
                 key_of(row.credential) + " | " + ways_of(row) + " |\n";
    }
    expect_doc_table("providers.md", "rows", table);
}

// Which row answers which endpoint that is no chat.
TEST(ProvidersPage, HasTheEndpointsOfEveryRow) {
    const std::pair<Operation, const char *> columns[] = {
        {Operation::Embeddings, "embeddings"}, {Operation::Rerank, "rerank"},
        {Operation::Moderations, "moderations"}, {Operation::Images, "images/generations"},
        {Operation::Speech, "audio/speech"}, {Operation::Transcription, "audio/transcriptions"},
        {Operation::Translation, "audio/translations"}, {Operation::CountTokens, "count_tokens"}};
    std::string head = "| format | chat |", line = "|---|---|", table;
    for (const auto &[operation, name] : columns) {
        head += std::string(" ") + name + " |";
        line += "---|";
    }
    for (const CatalogRow &row : providers::rows()) {
        if (row.serves == providers::Serves::Raw) continue;
        bool chats = row.serves == providers::Serves::Chats;
        table += "| `" + std::string(row.format) + (chats ? "` | yes |" : "` | |");
        for (const auto &[operation, name] : columns) {
            table += find_operation(operation, row.format, chats ? row.dialect : std::string_view()) != nullptr ? " yes |" : " |";
        }
        table += "\n";
    }
    expect_doc_table("providers.md", "endpoints", head + "\n" + line + "\n" + table);
}

// Of the endpoints that are recorded and not spoken: why not.
struct Unread {
    std::string_view provider, endpoint;  // the endpoint's beginning
    const char *why;
};

constexpr Unread kUnread[] = {
    {"", "models", "the gateway answers it from its configuration"},
    {"", "countTokens", "counted at Anthropic only; elsewhere the gateway's estimate"},
    {"bedrock", "count-tokens", "the same"},
    {"bedrock", "guardrail.apply", "no chat: Bedrock's guardrails are asked for in a chat"},
    {"bedrock", "invoke", "models other than Claude speak formats of their own there, and Converse for all"},
    {"cohere", "v1.chat", "the predecessor of v2"},
    {"ollama", "api.generate", "a completion; chats go to api/chat"},
    {"", "completions", "the old completions"},
};

const char *why_unread(const Recording &recording) {
    for (const Unread &row : kUnread) {
        bool here = row.provider.empty() || row.provider == recording.provider();
        if (here && recording.endpoint.starts_with(row.endpoint)) return row.why;
    }
    return nullptr;
}

const ProviderDialect *speaker(const Recording &recording) {
    if (const Dialect *own = own_dialect(recording)) return own;
    if (const ProviderDialect *native = native_dialect(recording)) return native;
    return bedrock_dialect(recording);
}

TEST_F(Recordings, AreCountedInTheDocumentation) {
    struct Count {
        int whole = 0, streamed = 0, errors = 0;
    };
    std::map<std::pair<std::string, std::string>, Count> counts;
    std::map<std::pair<std::string, std::string>, std::pair<int, std::string>> unread;
    Count all;
    int left = 0;
    auto any = [](const Recording &recording) -> const ProviderDialect * {
        const ProviderDialect *speaks = speaker(recording);
        return speaks ? speaks : &openai_chat();  // read in no dialect
    };
    for (const Recording &recording : load(any)) {
        if (!speaker(recording)) {
            const bool counted = recording.endpoint == "count_tokens";  // operations_recordings_test.cpp
            const char *why = counted ? "read as an operation" : why_unread(recording);
            ASSERT_NE(why, nullptr) << recording.id << " is neither read nor said to be left out";
            auto &[count, reason] = unread[{recording.provider(), recording.endpoint}];
            ++count;
            ++left;
            reason = why;
            continue;
        }
        Count &count = counts[{recording.provider(), std::string(recording.speaks->name())}];
        for (Count *to : {&count, &all}) {
            ++(recording.status != 200 || recording.fails() ? to->errors : recording.stream ? to->streamed : to->whole);
        }
    }
    std::string table = "| provider | dialect | answers | streams | errors |\n|---|---|---|---|---|\n";
    auto line = [&](const std::string &provider, const std::string &dialect, const Count &count) {
        table += "| " + provider + " | " + dialect + " | " + std::to_string(count.whole) + " | " +
                 std::to_string(count.streamed) + " | " + std::to_string(count.errors) + " |\n";
    };
    for (const auto &[name, count] : counts) {
        line(name.first, name.second, count);
    }
    line("all", "", all);
    std::string rest = "| provider | endpoint | recordings | |\n|---|---|---|---|\n";
    for (const auto &[name, row] : unread) {
        rest += "| " + name.first + " | " + name.second + " | " + std::to_string(row.first) + " | " + row.second + " |\n";
    }
    rest += "| all | | " + std::to_string(left) + " | of " +
            std::to_string(left + all.whole + all.streamed + all.errors) + " |\n";
    std::cout << table << rest;
    expect_doc_table("providers.md", "recordings", table);
    expect_doc_table("providers.md", "other recordings", rest);
}

}  // namespace

}  // namespace aigw::dialects
