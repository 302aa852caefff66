// The catalogue: what `format NAME` stands for. A row is here only if a test runs against it.
#include <algorithm>
#include <array>

#include "providers/provider.h"

namespace aigw::providers {

namespace {

// clang-format off
constexpr std::array kRows{
    //         format       dialect               base URL                        credential          mct    dev    path
    CatalogRow{"openai",    "openai_chat",        "https://api.openai.com/v1",    Credential::Bearer,  true,  true,  "/v1"},
    CatalogRow{"anthropic", "anthropic_messages", "https://api.anthropic.com/v1", Credential::XApiKey, false, false, "/v1"},
    CatalogRow{"vllm",      "openai_chat",        "",                             Credential::Bearer,  false, false, "/v1"},
};
// clang-format on

}  // namespace

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

Result<Url, std::string> provider_url(const CatalogRow &row, std::string_view text) {
    if (text.empty() && row.base_url.empty()) {
        return Unexpected<std::string>{"is required with this \"format\""};
    }
    auto url = parse_base_url(text.empty() ? row.base_url : text);
    if (url && url->path.empty()) {
        url->path = std::string(row.default_path);
    }
    return url;
}

}  // namespace aigw::providers
