// What the operator configured, as the gateway sees it: constant for a configuration cycle.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/dialect.h"
#include "providers/provider.h"

namespace aigw::gateway {

struct Target {
    const providers::Provider *provider = nullptr;
    const dialects::ProviderDialect *dialect = nullptr;
    std::string model;               // at the provider; `*` is what the pattern's `*` matched
    std::optional<Millis> timeout;   // until the first content, each attempt; instead of the provider's `first`
    std::optional<Millis> first;     // the same for streams only
    std::optional<Millis> idle;
    int retries = 0;                 // repeats of a failed call before the next target

    Millis first_timeout(bool stream) const;
    Millis idle_timeout() const { return idle.value_or(provider->timeouts.idle); }
    std::string upstream_model(std::string_view rest) const;
};

struct Model {
    std::string name;  // logical, or a pattern with `*` at its end
    std::vector<Target> targets;

    bool is_pattern() const { return !name.empty() && name.back() == '*'; }
};

struct ModelMatch {
    const Model *model = nullptr;
    std::string_view rest;  // what `*` matched
};

class ModelTable {
public:
    std::vector<Model> models;

    // The exact name, else the longest pattern that fits; model is null if nothing does.
    ModelMatch find(std::string_view name) const;
};

// Of one location.
struct Policy {
    const ModelTable *models = nullptr;
    bool drop_unsupported = false;  // ai_unsupported drop
};

}  // namespace aigw::gateway
