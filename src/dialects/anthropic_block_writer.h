// Writes parts as content blocks.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chat/error.h"
#include "chat/message.h"
#include "core/json.h"
#include "core/json_writer.h"

namespace aigw::dialects::anthropic {

class BlockWriter {
public:
    // With `drop_unsupported` a part that has no place is left out and listed instead of failing.
    BlockWriter(JsonWriter &out, std::vector<std::string> &dropped, bool drop_unsupported)
        : out_(out), dropped_(dropped), drop_unsupported_(drop_unsupported) {}

    // `last_of_prompt`: the last block of a turn that the assistant is to continue, which may not end in white space.
    chat::Result<void> write(const chat::Part &part, bool last_of_prompt = false);
    void write_text(JsonText text, std::string_view cache_control);

private:
    using Written = chat::Result<void>;
    Written image(const chat::Part &part);
    Written document(const chat::Part &part);
    Written base64_document(const chat::Part &part);
    Written tool_use(const chat::Part &part);
    Written tool_result(const chat::Part &part);
    Written refuse(std::string path, std::string_view why = {});
    void base64_source(JsonText media_type, JsonText data);
    void url_source(JsonText url);
    void text_source(std::string_view plain);
    void end(const chat::Part &part);

    JsonWriter &out_;
    std::vector<std::string> &dropped_;
    const bool drop_unsupported_;
    JsonParser parser_;  // of tool arguments
    JsonDoc doc_;
};

}  // namespace aigw::dialects::anthropic
