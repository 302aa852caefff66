#include "dialects/dialect.h"

namespace aigw::dialects {

const std::vector<const Dialect *> &all_dialects() {
    static const std::vector<const Dialect *> dialects{
        &openai_chat(),
        &anthropic_messages(),
    };
    return dialects;
}

const Dialect *find_dialect(std::string_view name) {
    for (const Dialect *dialect : all_dialects()) {
        if (dialect->name() == name) return dialect;
    }
    return nullptr;
}

}  // namespace aigw::dialects
