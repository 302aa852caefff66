#include "guards/registry.h"

namespace aigw::guards {

namespace {

using Maker = Recogniser (*)();

constexpr Maker kRecognisers[] = {
    email_recogniser, phone_recogniser, ssn_recogniser, card_recogniser, iban_recogniser, ip_recogniser, secret_recogniser,
};

static_assert(std::size(kRecognisers) <= kMaxRecognisers);

}  // namespace

std::optional<Recogniser> find_recogniser(std::string_view name) {
    for (Maker make : kRecognisers) {
        if (Recogniser recogniser = make(); recogniser.name == name) {
            return recogniser;
        }
    }
    return std::nullopt;
}

std::string recogniser_names() {
    std::string out;
    for (Maker make : kRecognisers) {
        out.append(out.empty() ? "" : ", ").append(make().name);
    }
    return out;
}

}  // namespace aigw::guards
