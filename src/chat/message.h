// A chat request as every dialect means it. Values are views into the caller's body, still escaped; a reader fills
// this, a writer writes it for the provider. What the vocabulary has no place for rides along in `extras`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/signer.h"
#include "core/json.h"
#include "core/units.h"

namespace aigw::chat {

// Where a thing stood in the caller's body, so that a writer can refuse it by its path without building paths for
// everything: list[i].<inner>[j].<inner>[k].
struct Origin {
    std::string_view list = "messages";  // static text: messages, system, tools
    int32_t i = -1;
    int32_t j = -1;
    int32_t k = -1;  // inside a tool result
    // Static text, the member that j counts in: content, tool_calls. Another one than content is named without j too.
    std::string_view inner = "content";
    // "messages[2].content[1]", and ".member" if given.
    std::string path(std::string_view member = {}) const;
};

enum class Role : uint8_t { System, Developer, User, Assistant, Tool };

struct Part {
    enum class Kind : uint8_t {
        Text,
        Image,
        Document,  // PDF or text file
        Audio,
        Refusal,
        ToolUse,
        ToolResult,
        Thinking,
        RedactedThinking,
        Other,  // known to the caller's dialect only: a writer of another dialect refuses it
    };
    enum class Source : uint8_t { None, Url, Base64, PlainText, FileId };

    Kind kind = Kind::Text;
    Source source = Source::None;
    bool is_error = false;  // ToolResult
    Origin origin;
    JsonText text;        // Text, Refusal, Thinking
    JsonText data;        // Image, Document, Audio: URL, base64 or text by `source`; RedactedThinking: its data
    JsonText media_type;  // of base64 data: image/png
    JsonText detail;      // Image: OpenAI's detail
    JsonText title;       // Document: file name or title
    JsonText signature;   // Thinking, ToolUse: `signer`'s; never sent to another vendor
    Signer signer = Signer::Anthropic;  // of the signature, or of RedactedThinking's data
    JsonText id;          // ToolUse, ToolResult: the call's id
    JsonText name;        // ToolUse
    std::string_view input;  // ToolUse: arguments as a raw JSON object ...
    JsonText arguments;      // ... or, if input is empty, as the inside of a JSON string
    std::string_view cache_control;  // raw JSON, or empty
    std::vector<Part> content;       // ToolResult
};

struct Message {
    Role role = Role::User;
    Origin origin;
    JsonText name;  // OpenAI's `name`
    std::vector<Part> parts;
};

struct Tool {
    Origin origin;
    JsonText name;
    JsonText description;
    bool has_description = false;
    std::string_view parameters;  // raw JSON schema, or empty
    std::optional<bool> strict;
    std::string_view cache_control;
};

struct ToolChoice {
    enum class Mode : uint8_t { Unset, Auto, None, Required, Named };
    Mode mode = Mode::Unset;
    JsonText name;                  // Named
    std::optional<bool> parallel;   // more than one call in a turn
};

struct ResponseFormat {
    enum class Kind : uint8_t { Unset, Text, JsonObject, JsonSchema };
    Kind kind = Kind::Unset;
    JsonText name;            // JsonSchema
    std::string_view schema;  // raw JSON
    std::optional<bool> strict;
};

struct Reasoning {
    enum class Mode : uint8_t { Unset, Off, Effort, Budget, Adaptive };
    Mode mode = Mode::Unset;
    JsonText effort;    // none minimal low medium high xhigh max; Effort, Adaptive
    Tokens budget = 0;  // Budget
};

// A member that only its own dialect knows.
struct Extra {
    std::string path;       // from the body's top: logit_bias
    std::string_view raw;   // its JSON
    bool hint = false;      // may be left out and listed; else leaving it out changes the answer: a 400
    // What OpenAI calls a member that means the same there, value and all: n, seed, frequency_penalty, presence_penalty.
    // Empty: nothing that another dialect could carry.
    std::string_view meaning = {};
    // A conversation or a prompt that lies at a provider: no other can do without it, ai_unsupported drop or not.
    bool elsewhere = false;
};

// What the caller's dialect calls the members of ChatRequest; static texts, for refusals and lists.
struct Paths {
    std::string_view user = "user";
    std::string_view stop = "stop";
    std::string_view temperature = "temperature";
    std::string_view top_p = "top_p";
    std::string_view top_k = "top_k";
    std::string_view reasoning = "reasoning_effort";
    std::string_view tool_choice = "tool_choice";
    std::string_view parallel = "parallel_tool_calls";
    std::string_view schema = "response_format.json_schema";
    std::string_view title = "file.filename";  // of a document, in its part
};

struct ChatRequest {
    JsonText model;
    bool stream = false;
    bool include_usage = false;      // the caller asked for usage in the stream himself
    std::vector<Message> messages;   // system messages in their place; Anthropic's top-level system comes first
    std::vector<Tool> tools;
    ToolChoice tool_choice;
    ResponseFormat format;
    Reasoning reasoning;
    std::optional<Tokens> max_tokens;
    std::string_view temperature;  // raw JSON numbers, or empty
    std::string_view top_p;
    std::string_view top_k;
    std::vector<JsonText> stop;
    JsonText user;                // OpenAI user, Anthropic metadata.user_id
    std::vector<Extra> extras;
    Paths paths;
    // Texts that a reader had to make up (ids where the caller's old form has none); views above may point here.
    std::vector<std::shared_ptr<const std::string>> made;
};

}  // namespace aigw::chat
