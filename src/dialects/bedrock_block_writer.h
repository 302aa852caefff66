// Writes parts as Converse's content blocks. A cache marker is a block of its own behind the one that it marks.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "chat/error.h"
#include "chat/message.h"
#include "core/json.h"
#include "core/json_writer.h"
#include "dialects/bedrock_model.h"

namespace aigw::dialects::bedrock {

// How names are told on the wire.
inline constexpr size_t kMaxToolId = 64;         // bytes
inline constexpr size_t kMaxDocumentName = 200;  // bytes

// The id of a call in Converse's alphabet and length, escaped text in and out; the same id gives the same id.
std::string tool_use_id(JsonText id);
// A document's name in Converse's alphabet: letters, digits, single spaces, hyphens, brackets; never empty.
std::string document_name(std::string_view plain);
// png, jpeg, gif, webp; pdf, csv, ... Empty if Converse has no such format.
std::string_view image_format(JsonText media_type);
std::string_view document_format(std::string_view media_type);

class BlockWriter {
public:
    // With `drop_unsupported` a part that has no place is left out and listed instead of failing.
    BlockWriter(JsonWriter &out, std::vector<std::string> &dropped, bool drop_unsupported, const ModelTraits &traits)
        : out_(out), dropped_(dropped), drop_unsupported_(drop_unsupported), traits_(traits) {}

    // `last_of_prompt`: the last block of a turn that the assistant is to continue, which may not end in white space.
    chat::Result<void> write(const chat::Part &part, bool last_of_prompt = false);
    void write_text(JsonText text);
    // The marker for a cache_control (raw JSON; may be empty), unless the model has none: then it is listed by its path.
    void cache_point(std::string_view cache_control, bool takes, const std::string &path);

private:
    using Written = chat::Result<void>;
    Written image(const chat::Part &part);
    Written document(const chat::Part &part);
    Written tool_use(const chat::Part &part);
    Written tool_result(const chat::Part &part);
    Written refuse(std::string path, std::string_view why = {});
    void thinking(const chat::Part &part);
    void redacted(const chat::Part &part);
    std::string unique_name(const chat::Part &part);

    JsonWriter &out_;
    std::vector<std::string> &dropped_;
    const bool drop_unsupported_;
    const ModelTraits traits_;
    bool left_out_ = false;  // the part being written
    std::set<std::string> document_names_;  // of this request, in use
    JsonParser parser_;
    JsonDoc doc_;
};

}  // namespace aigw::dialects::bedrock
