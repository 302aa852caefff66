// A provider: a row of the catalogue (format NAME) with what the operator wrote over it. Configuration only, constant
// for the cycle.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chat/quirks.h"
#include "core/result.h"
#include "core/units.h"
#include "providers/sigv4.h"

namespace aigw::providers {

struct Url {
    bool tls = false;
    std::string host;   // lower case, without brackets
    uint16_t port = 0;  // 80 or 443 by default
    bool default_port = true;
    std::string path;   // "/v1", without a trailing slash; may be empty
    std::string authority() const;  // for the Host header: port only where it is not the default, IPv6 in brackets
};

// http:// or https:// base URL; no user, query or fragment. The error is a phrase for nginx -t.
Result<Url, std::string> parse_base_url(std::string_view text);

// SigV4: signed with AWS credentials, or a key of the vendor as a bearer. Google: a bearer, which may be made for us.
enum class Credential : uint8_t { None, Bearer, XApiKey, ApiKey, GoogleApiKey, SigV4, Google };

// Chats: and what else its dialect has. Calls: only calls that are no chat, those of its own. Raw: whatever stands behind its
// URL, untranslated; the dialect is the one in which its errors are read.
enum class Serves : uint8_t { Chats, Calls, Raw };

// OpenAI's old POST completions, which continues a text: not there, for models that know nothing else, for every model.
enum class Completions : uint8_t { None, Old, All };

struct CatalogRow {
    std::string_view format;    // what stands after `format`: openai
    std::string_view dialect;   // openai_chat
    std::string_view base_url;  // empty: `url` is required; may hold the words of Place: {region}
    Credential credential;
    std::string_view default_path;  // of a url without a path; may hold them too
    chat::Quirks quirks{};
    bool deployments = false;       // Azure's: see request_path
    Serves serves = Serves::Chats;
    Completions completions = Completions::None;
};

// Where in a cloud.
struct Place {
    std::string_view region;             // AWS
    std::string_view project, location;  // Google
};

// A url as the operator wrote it (empty: the row's own base). The error is a phrase as of parse_base_url.
Result<Url, std::string> provider_url(const CatalogRow &row, std::string_view text, const Place &place = {});
// The path of such a url is the row's own, and names a project and its location.
bool needs_project(const CatalogRow &row, std::string_view text);
// us-east-1: letters, digits, hyphens.
bool is_region(std::string_view text);

// A call of `model` in the form of completions goes to the provider as it is; else as a chat.
bool takes_completions(const CatalogRow &row, std::string_view model);

// All of them, in the order of the documentation.
std::span<const CatalogRow> rows();
// Null if there is no such row.
const CatalogRow *find_row(std::string_view format);
// "openai, anthropic, ...", for messages.
std::string row_names();

struct Header {
    std::string name, value;
};

struct Timeouts {
    Millis connect = 2'000;
    Millis first = 60'000;   // until the first content, each attempt; JSON: the whole answer
    Millis idle = 60'000;    // between two reads
    Millis total = 600'000;  // of the request
};

struct Provider {
    std::string name;
    const CatalogRow *row = nullptr;
    Url url;
    std::vector<Header> headers;
    Timeouts timeouts;
    Tokens max_output = 4096;
    std::string api_version;  // Azure: the resource's own API of that date; empty: its v1
    std::string deployment;   // Azure, with api_version: instead of the model's name
    std::string region;      // AWS
    std::string project, location;  // Google
    AwsCredentials aws;      // SigV4; without an access key the credential is a bearer, unless the call brings others
};

// What one call is authorised with. Views.
struct CallCredential {
    CallCredential(std::string_view text) : key(text) {}
    CallCredential(const std::string &text) : key(text) {}
    CallCredential(const char *text) : key(text) {}

    std::string_view key;                  // sent as the row has it; empty: none
    const AwsCredentials *aws = nullptr;   // in the place of the provider's own
};

// Where a call of `model` goes: the base and what the dialect appends. With an api_version Azure wants it as a parameter,
// and on a resource (no path of its own, or /openai) the deployment in the path.
std::string request_path(const Provider &provider, std::string_view model, std::string_view dialect_path);

}  // namespace aigw::providers
