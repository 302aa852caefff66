// A Google service account's file, and the assertion (RFC 7523) by which a token is asked for in its name. Only accounts
// with a private key: other types of file (a user's, workload identity federation) are refused by name.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "core/units.h"
#include "providers/provider.h"

namespace aigw::providers {

inline constexpr size_t kMaxGoogleAccount = 64 << 10;    // bytes of the file
inline constexpr UnixSeconds kAssertionLife = 3600;      // seconds; Google takes no more
inline constexpr std::string_view kGoogleScope = "https://www.googleapis.com/auth/cloud-platform";

struct GoogleAccount {
    std::string email, key_id;
    std::string private_key;  // PEM
    std::string project;      // may be empty
    std::string token_uri;    // as written: the assertion's audience
    Url token_url;

    GoogleAccount() = default;
    GoogleAccount(GoogleAccount &&) = default;
    GoogleAccount &operator=(GoogleAccount &&) = default;
    ~GoogleAccount();
};

// The error is a phrase that holds nothing of the text but a type's name. Whether the key is one, shows when it signs.
Result<GoogleAccount, std::string> read_google_account(std::string_view text);

// HEADER.CLAIMS, of which RS256 makes the third part.
std::string assertion_to_sign(const GoogleAccount &account, UnixSeconds now);
// RSASSA-PKCS1-v1_5 over SHA-256; the error is a phrase. `pem` is a private key without a passphrase.
Result<std::string, std::string> sign_rs256(std::string_view pem, std::string_view text);
// The whole: HEADER.CLAIMS.SIGNATURE.
Result<std::string, std::string> google_assertion(const GoogleAccount &account, UnixSeconds now);

}  // namespace aigw::providers
