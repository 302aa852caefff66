// Content blocks of the Messages API become parts. Blocks that only Anthropic can carry (its server tools' and search
// results, containers) become Part::Kind::Other with their place, for the other writer to refuse.
#include <utility>

#include "dialects/anthropic_reading.h"
#include "dialects/signature.h"

namespace aigw::dialects::anthropic {

using chat::Origin;
using chat::Part;
using chat::Role;

namespace {

class BlockReader {
public:
    BlockReader(Reading &reading, Role role, Origin at, std::vector<Part> &parts)
        : reading_(reading), role_(role), at_(at), parts_(parts) {
        part_.origin = at;
    }

    bool read(JsonValue block);

private:
    using Read = bool (BlockReader::*)(JsonValue);
    bool text(JsonValue block);
    bool image(JsonValue block);
    bool document(JsonValue block);
    bool document_content(JsonValue content);
    bool tool_use(JsonValue block);
    bool tool_result(JsonValue block);
    bool thinking(JsonValue block);
    bool redacted(JsonValue block);
    bool compaction(JsonValue block);
    bool tool_reference(JsonValue block);
    bool other();

    bool source(JsonValue source);
    bool string(JsonValue object, std::string_view key, std::string_view member, JsonText &to, bool required = true);
    void done(JsonValue block, std::initializer_list<std::string_view> known,
              std::initializer_list<std::string_view> hints = {});

    Reading &reading_;
    Role role_;
    Origin at_;
    std::vector<Part> &parts_;
    Part part_;
};

bool BlockReader::read(JsonValue block) {
    static constexpr struct {
        std::string_view type;
        Read read;
        bool shows = false;
    } kReaders[] = {
        {"text", &BlockReader::text, true},
        {"image", &BlockReader::image, true},
        {"document", &BlockReader::document, true},
        {"tool_use", &BlockReader::tool_use},
        {"tool_result", &BlockReader::tool_result},
        {"thinking", &BlockReader::thinking},
        {"redacted_thinking", &BlockReader::redacted},
        {"compaction", &BlockReader::compaction},
        {"tool_reference", &BlockReader::tool_reference, true},
    };
    if (!block.is_object())
        return reading_.wrong(at_.path(), "an object");
    const JsonValue type = block["type"];
    if (!type)
        return reading_.missing(at_.path("type"));
    if (!type.is_string())
        return reading_.wrong(at_.path("type"), "a string");
    if (const JsonValue cache = present(block, "cache_control")) {
        if (!cache.is_object())
            return reading_.wrong(at_.path("cache_control"), "an object");
        part_.cache_control = cache.raw();
    }
    const bool inner = at_.k >= 0;  // inside a tool result: what the user shows, nothing else
    for (const auto &row : kReaders) {
        if (type.equals(row.type))
            return inner && !row.shows ? other() : (this->*row.read)(block);
    }
    return other();
}

bool BlockReader::string(JsonValue object, std::string_view key, std::string_view member, JsonText &to, bool required) {
    const JsonValue value = present(object, key);
    if (!value)
        return required ? reading_.missing(at_.path(member)) : true;
    if (!value.is_string())
        return reading_.wrong(at_.path(member), "a string");
    to = value.text();
    return true;
}

void BlockReader::done(JsonValue block, std::initializer_list<std::string_view> known,
                       std::initializer_list<std::string_view> hints) {
    reading_.leftovers(block, known, hints, [&](const std::string &key) { return at_.path(key); });
    parts_.push_back(std::move(part_));
}

bool BlockReader::text(JsonValue block) {
    part_.kind = Part::Kind::Text;
    if (!string(block, "text", "text", part_.text))
        return false;
    // Citations of an earlier answer, sent back with it.
    const JsonValue citations = block["citations"];
    if (citations.is_array() && citations.size() == 0)
        done(block, {"type", "text", "cache_control", "citations"});
    else
        done(block, {"type", "text", "cache_control"}, {"citations"});
    return true;
}

bool BlockReader::source(JsonValue source) {
    if (!source)
        return reading_.missing(at_.path("source"));
    if (!source.is_object())
        return reading_.wrong(at_.path("source"), "an object");
    const JsonValue type = source["type"];
    reading_.leftovers(source, {"type", "media_type", "data", "url", "file_id"}, {},
                       [&](const std::string &key) { return at_.path("source." + key); });
    if (type.equals("base64")) {
        part_.source = Part::Source::Base64;
        return string(source, "media_type", "source.media_type", part_.media_type) &&
               string(source, "data", "source.data", part_.data);
    }
    if (type.equals("url")) {
        part_.source = Part::Source::Url;
        return string(source, "url", "source.url", part_.data);
    }
    if (type.equals("file")) {
        part_.source = Part::Source::FileId;
        return string(source, "file_id", "source.file_id", part_.data);
    }
    if (type.equals("text") && part_.kind == Part::Kind::Document) {
        part_.source = Part::Source::PlainText;
        return string(source, "media_type", "source.media_type", part_.media_type, false) &&
               string(source, "data", "source.data", part_.data);
    }
    return type ? reading_.wrong(at_.path("source.type"), "base64, url, file or, in a document, text or content")
                : reading_.missing(at_.path("source.type"));
}

bool BlockReader::image(JsonValue block) {
    part_.kind = Part::Kind::Image;
    if (!source(present(block, "source")))
        return false;
    done(block, {"type", "source", "cache_control"});
    return true;
}

bool BlockReader::document(JsonValue block) {
    part_.kind = Part::Kind::Document;
    if (!string(block, "title", "title", part_.title, false))
        return false;
    if (const JsonValue citations = present(block, "citations"); citations && !citations["enabled"].is_false())
        reading_.extra(at_.path("citations"), citations, false);
    const JsonValue from = present(block, "source");
    const auto rest = [&] {
        reading_.leftovers(block, {"type", "source", "title", "citations", "cache_control"}, {},
                           [&](const std::string &key) { return at_.path(key); });
    };
    if (from.is_object() && from["type"].equals("content")) {
        if (at_.k >= 0 && from["content"].is_array())
            return other();  // blocks in a document in a result: too deep for their paths to be told
        rest();
        reading_.leftovers(from, {"type", "content"}, {}, [&](const std::string &key) { return at_.path("source." + key); });
        return document_content(from["content"]);
    }
    if (!source(from))
        return false;
    rest();
    parts_.push_back(std::move(part_));
    return true;
}

// A document made of blocks becomes one document for each text and an image for each image; the cache mark stays with
// the last of them.
bool BlockReader::document_content(JsonValue content) {
    if (content.is_string()) {
        part_.source = Part::Source::PlainText;
        part_.data = content.text();
        parts_.push_back(std::move(part_));
        return true;
    }
    const size_t first = parts_.size();
    if (!read_content(reading_, content, role_, at_, "source.content", parts_))
        return false;
    for (size_t i = first; i < parts_.size(); ++i) {
        Part &part = parts_[i];
        if (part.kind != Part::Kind::Text)
            continue;
        part.kind = Part::Kind::Document;
        part.source = Part::Source::PlainText;
        part.data = part.text;
        part.text = {};
        part.title = part_.title;
    }
    if (parts_.size() > first && parts_.back().cache_control.empty())
        parts_.back().cache_control = part_.cache_control;
    return true;
}

bool BlockReader::tool_use(JsonValue block) {
    part_.kind = Part::Kind::ToolUse;
    if (role_ != Role::Assistant)
        return reading_.wrong(at_.path("type"), "something else: tool_use belongs to the assistant");
    if (!string(block, "id", "id", part_.id) || !string(block, "name", "name", part_.name))
        return false;
    const JsonValue input = present(block, "input");
    if (input && !input.is_object())
        return reading_.wrong(at_.path("input"), "an object");
    part_.input = input ? input.raw() : std::string_view("{}");
    part_.signature = std::exchange(reading_.call_signature, {});
    part_.signer = chat::Signer::Google;
    if (block["caller"]["type"].equals("direct"))
        done(block, {"type", "id", "name", "input", "cache_control", "caller"});
    else
        done(block, {"type", "id", "name", "input", "cache_control"});
    return true;
}

bool BlockReader::tool_result(JsonValue block) {
    part_.kind = Part::Kind::ToolResult;
    if (role_ != Role::User)
        return reading_.wrong(at_.path("type"), "something else: tool_result belongs to the user");
    if (!string(block, "tool_use_id", "tool_use_id", part_.id))
        return false;
    const JsonValue failed = present(block, "is_error");
    if (failed && !failed.is_bool())
        return reading_.wrong(at_.path("is_error"), "true or false");
    part_.is_error = failed.is_true();
    if (const JsonValue content = present(block, "content")) {
        if (!read_content(reading_, content, role_, at_, "content", part_.content))
            return false;
    }
    done(block, {"type", "tool_use_id", "is_error", "content", "cache_control"});
    return true;
}

bool BlockReader::thinking(JsonValue block) {
    part_.kind = Part::Kind::Thinking;
    if (!string(block, "thinking", "thinking", part_.text) ||
        !string(block, "signature", "signature", part_.signature, false))
        return false;
    const CarriedSignature carried = split_signature(part_.signature);
    if (carried.of_call) {
        reading_.call_signature = carried.text;
        return true;
    }
    part_.signature = carried.text;
    part_.signer = carried.signer;
    done(block, {"type", "thinking", "signature", "cache_control"});
    return true;
}

bool BlockReader::redacted(JsonValue block) {
    part_.kind = Part::Kind::RedactedThinking;
    if (!string(block, "data", "data", part_.data))
        return false;
    const CarriedSignature carried = split_signature(part_.data);
    part_.data = carried.text;
    part_.signer = carried.signer;
    done(block, {"type", "data", "cache_control"});
    return true;
}

// Anthropic's summary of what was said before: to any other model it is the assistant's own text.
bool BlockReader::compaction(JsonValue block) {
    part_.kind = Part::Kind::Text;
    if (!string(block, "content", "content", part_.text, false))  // none: it failed
        return false;
    done(block, {"type", "content", "cache_control"});
    return true;
}

// What a client's own search for tools has found. The tools themselves are in the request's `tools`; elsewhere the model
// reads in words that it may call them.
bool BlockReader::tool_reference(JsonValue block) {
    if (at_.k < 0)
        return other();
    part_.kind = Part::Kind::Text;
    JsonText name;
    if (!string(block, "tool_name", "tool_name", name))
        return false;
    auto &made = reading_.request.made;
    made.push_back(std::make_shared<const std::string>("Tool available: " + std::string(name.escaped)));
    part_.text = JsonText{*made.back()};
    done(block, {"type", "tool_name", "cache_control"});
    return true;
}

bool BlockReader::other() {
    part_.kind = Part::Kind::Other;
    parts_.push_back(std::move(part_));
    return true;
}

}  // namespace

bool read_content(Reading &reading, JsonValue content, Role role, Origin at, std::string_view member,
                  std::vector<Part> &parts) {
    if (content.is_string()) {
        Part part;
        part.origin = at;
        part.text = content.text();
        parts.push_back(std::move(part));
        return true;
    }
    if (!content.is_array())
        return reading.wrong(at.path(member), "a string or an array of blocks");
    int32_t next = 0;
    for (const JsonValue block : content.elements()) {
        Origin place = at;
        (at.i < 0 ? place.i : at.j < 0 ? place.j : place.k) = next++;
        if (!BlockReader(reading, role, place, parts).read(block))
            return false;
    }
    return true;
}

}  // namespace aigw::dialects::anthropic
