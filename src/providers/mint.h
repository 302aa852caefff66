// Credentials that others make for us and that end: by the agents of AWS's containers, the metadata of AWS's and Google's
// machines, the token endpoint of a Google service account. Each way is a short conversation of which the host makes the
// calls. No I/O, no clock; errors are phrases for a log, and hold nothing of what was answered but a status and a code.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/result.h"
#include "core/units.h"
#include "providers/side_call.h"
#include "providers/sigv4.h"

namespace aigw::providers {

inline constexpr size_t kMaxMintedText = 16 << 10;       // bytes of each part of a credential
inline constexpr UnixSeconds kUnknownLife = 900;         // seconds, where nobody says when it ends
inline constexpr UnixSeconds kLongestLife = 30 * 86400;  // seconds; more is no answer

enum class MintKind : uint8_t { AwsContainer, AwsInstance, GoogleAccount, GoogleInstance };

struct MintSource {
    MintKind kind = MintKind::AwsInstance;
    Url url;            // whom to ask; GoogleAccount: the file says it
    std::string token;  // AwsContainer: Authorization; empty: none, or in the file
    std::string file;   // AwsContainer: of that token; GoogleAccount: the account. Empty: none
};

// All that makes it another source, as one text; it holds what `token` holds.
std::string source_key(const MintSource &source);

// One of the two.
struct Minted {
    AwsCredentials aws;
    std::string bearer;
    UnixSeconds expires = 0;

    bool operator==(const Minted &) const = default;
};

class Mint {
public:
    using Step = std::variant<SideRequest, Minted>;

    virtual ~Mint() = default;
    virtual Result<SideRequest, std::string> start(UnixSeconds now) = 0;
    // After each call that was answered, whatever the status.
    virtual Result<Step, std::string> next(const SideReply &reply, UnixSeconds now) = 0;
};

// `text` is what stands in the source's file.
std::unique_ptr<Mint> make_mint(const MintSource &source, std::string_view text);

// The ways that make_mint chooses from.
std::unique_ptr<Mint> aws_container_mint(const MintSource &source, std::string_view token);
std::unique_ptr<Mint> aws_instance_mint(const MintSource &source);
std::unique_ptr<Mint> google_account_mint(std::string_view account);
std::unique_ptr<Mint> google_instance_mint(const MintSource &source);

// For them: it can be a header's value.
bool is_header_word(std::string_view text);
// "answered 404", with the code of an AWS or Google error where it is a plain word.
std::string status_phrase(const SideReply &reply);
// 2016-02-25T06:03:31Z, with a fraction of a second or without.
std::optional<UnixSeconds> parse_utc(std::string_view text);

}  // namespace aigw::providers
