#include "dialects/tool_arguments.h"

#include "core/json.h"

namespace aigw::dialects {

chat::Result<std::string> arguments_object(const chat::Part &call) {
    if (!call.input.empty()) return std::string(call.input);
    std::string text = call.arguments.decode();
    if (text.find_first_not_of(" \t\r\n") == std::string::npos) return std::string("{}");
    JsonParser parser;
    JsonDoc doc;
    if (parser.parse(text, doc).has_value() && doc.root().is_object()) return std::string(doc.root().raw());
    return chat::fail(chat::invalid_request("invalid_value", "The arguments of a tool call must be a JSON object.",
                                            call.origin.path("function.arguments")));
}

std::string made_up_call_id(JsonText seed, size_t ordinal) {
    static constexpr size_t kTail = 24;  // bytes of the seed
    std::string id = "call_";
    std::string_view tail = seed.escaped;
    if (tail.size() > kTail) tail.remove_prefix(tail.size() - kTail);
    for (char c : tail) {
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) id += c;
    }
    return id + "_" + std::to_string(ordinal);
}

}  // namespace aigw::dialects
