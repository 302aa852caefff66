#include "dialects/dialect.h"
#include "dialects/native.h"

namespace aigw::dialects {

const std::vector<const Dialect *> &all_dialects() {
    static const std::vector<const Dialect *> dialects{
        &openai_chat(),
        &anthropic_messages(),
        &gemini(),
        &openai_responses(),
    };
    return dialects;
}

const std::vector<const Dialect *> &caller_dialects() {
    static const std::vector<const Dialect *> dialects = [] {
        std::vector<const Dialect *> all = all_dialects();
        all.push_back(&openai_completions());
        return all;
    }();
    return dialects;
}

const std::vector<const ProviderDialect *> &provider_dialects() {
    static const std::vector<const ProviderDialect *> dialects = [] {
        std::vector<const ProviderDialect *> all(all_dialects().begin(), all_dialects().end());
        all.insert(all.end(), {&bedrock_converse(), &bedrock_anthropic(), &vertex_anthropic(), &ollama_chat(), &cohere_chat()});
        return all;
    }();
    return dialects;
}

const ProviderDialect *find_dialect(std::string_view name) {
    for (const ProviderDialect *dialect : provider_dialects()) {
        if (dialect->name() == name) return dialect;
    }
    return nullptr;
}

}  // namespace aigw::dialects
