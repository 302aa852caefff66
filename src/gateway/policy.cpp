#include "gateway/policy.h"

namespace aigw::gateway {

Millis Target::first_timeout(bool stream) const {
    if (stream && first) {
        return *first;
    }
    return timeout.value_or(provider->timeouts.first);
}

std::string Target::upstream_model(std::string_view rest) const {
    size_t star = model.find('*');
    if (star == std::string::npos) {
        return model;
    }
    std::string name = model.substr(0, star);
    name += rest;
    name += std::string_view(model).substr(star + 1);
    return name;
}

ModelMatch ModelTable::find(std::string_view name) const {
    ModelMatch best;
    size_t best_length = 0;
    for (const Model &model : models) {
        if (!model.is_pattern()) {
            if (model.name == name) {
                return {&model, {}};
            }
            continue;
        }
        std::string_view stem = std::string_view(model.name).substr(0, model.name.size() - 1);
        if (name.starts_with(stem) && (best.model == nullptr || stem.size() > best_length)) {
            best = {&model, name.substr(stem.size())};
            best_length = stem.size();
        }
    }
    return best;
}

}  // namespace aigw::gateway
