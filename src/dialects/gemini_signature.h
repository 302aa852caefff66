// Signatures in Google's JSON, where they are bytes: base64, which a client may send back in its other alphabet. Those of
// another vendor travel inside, behind the vendor's name, so that they survive that byte for byte.
#pragma once

#include <string>

#include "chat/signer.h"
#include "core/json.h"

namespace aigw::dialects::google {

struct Signature {
    chat::Signer signer = chat::Signer::Google;
    bool redacted = false;  // data of a redacted block
    std::string text;       // of another vendor, escaped; Google's own stay where they are
};
Signature read_signature(JsonText thought_signature);
// As thoughtSignature holds it.
std::string write_signature(JsonText text, chat::Signer signer, bool redacted);

}  // namespace aigw::dialects::google
