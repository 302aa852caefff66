// Parts of another dialect's messages as Google's parts.
#pragma once

#include <string>
#include <vector>

#include "chat/error.h"
#include "chat/message.h"
#include "core/json_writer.h"
#include "dialects/gemini_model.h"

namespace aigw::dialects::google {

class PartWriter {
public:
    // With `drop_unsupported` a part that has no place is left out and listed instead of failing.
    // `title` is what the caller's dialect calls a document's.
    PartWriter(JsonWriter &out, std::vector<std::string> &dropped, bool drop_unsupported, const ModelTraits &traits,
               std::string_view title)
        : out_(out), dropped_(dropped), drop_unsupported_(drop_unsupported), traits_(traits), title_(title) {}

    chat::Result<void> write(const chat::Part &part);
    // A call; `dummy`: it must be signed and is not.
    chat::Result<void> call(const chat::Part &part, bool dummy);
    chat::Result<void> result(const chat::Part &part, JsonText name);
    // False: it has no place and would be left out.
    static bool has_place(const chat::Part &part);

private:
    using Written = chat::Result<void>;
    Written refuse(std::string path, std::string_view why = {});
    Written media(const chat::Part &part);
    Written document(const chat::Part &part);
    void inline_data(const chat::Part &part);
    void file_data(const chat::Part &part);
    void text(JsonText text);
    Written response(const chat::Part &part);

    JsonWriter &out_;
    std::vector<std::string> &dropped_;
    const bool drop_unsupported_;
    const ModelTraits &traits_;
    const std::string_view title_;
    JsonParser parser_;
    JsonDoc doc_;
};

}  // namespace aigw::dialects::google
