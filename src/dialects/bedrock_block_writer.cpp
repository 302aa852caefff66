#include "dialects/bedrock_block_writer.h"

#include "dialects/anthropic_text.h"
#include "dialects/base64.h"
#include "dialects/bedrock_redacted.h"

namespace aigw::dialects::bedrock {

using anthropic::is_blank;
using chat::Part;

chat::Result<void> BlockWriter::write(const Part &part, bool last_of_prompt) {
    Written written;
    left_out_ = false;
    switch (part.kind) {
    case Part::Kind::Text:
    case Part::Kind::Refusal:
        write_text(last_of_prompt ? anthropic::trim_end(part.text) : part.text);
        break;
    case Part::Kind::Image:
        written = image(part);
        break;
    case Part::Kind::Document:
        written = document(part);
        break;
    case Part::Kind::ToolUse:
        written = tool_use(part);
        break;
    case Part::Kind::ToolResult:
        written = tool_result(part);
        break;
    case Part::Kind::Thinking:
        thinking(part);
        break;
    case Part::Kind::RedactedThinking:
        redacted(part);
        break;
    case Part::Kind::Audio:
    case Part::Kind::Other:
        return refuse(part.origin.path("type"));
    }
    // A tool result's own blocks have no markers.
    if (written && !left_out_)
        cache_point(part.cache_control, traits_.cache_points && part.origin.k < 0, part.origin.path("cache_control"));
    return written;
}

void BlockWriter::write_text(JsonText text) {
    out_.begin_object().key("text").text(text).end_object();
}

void BlockWriter::cache_point(std::string_view cache_control, bool takes, const std::string &path) {
    if (cache_control.empty())
        return;
    if (!takes) {
        dropped_.push_back(path);
        return;
    }
    out_.begin_object().key("cachePoint").begin_object().key("type").string("default");
    if (parser_.parse(cache_control, doc_) && doc_.root()["ttl"].equals("1h"))
        out_.key("ttl").string("1h");
    out_.end_object().end_object();
}

BlockWriter::Written BlockWriter::refuse(std::string path, std::string_view why) {
    if (!drop_unsupported_)
        return chat::fail(chat::unsupported(std::move(path), why));
    dropped_.push_back(std::move(path));
    left_out_ = true;
    return {};
}

BlockWriter::Written BlockWriter::image(const Part &part) {
    if (part.source == Part::Source::FileId)
        return refuse(part.origin.path("file_id"), "files of another vendor");
    if (part.source != Part::Source::Base64)
        return refuse(part.origin.path(), "Bedrock takes no URLs, only the image itself");
    const std::string_view format = image_format(part.media_type);
    if (format.empty())
        return refuse(part.origin.path(), "only PNG, JPEG, GIF and WebP images can be sent");
    if (!part.detail.empty() && !(part.detail == "auto"))
        dropped_.push_back(part.origin.path("image_url.detail"));
    out_.begin_object().key("image").begin_object().key("format").string(format).key("source").begin_object();
    out_.key("bytes").text(part.data).end_object().end_object().end_object();
    return {};
}

BlockWriter::Written BlockWriter::document(const Part &part) {
    if (part.source == Part::Source::Url)
        return refuse(part.origin.path(), "Bedrock takes no URLs, only the document itself");
    if (part.source != Part::Source::Base64 && part.source != Part::Source::PlainText)
        return refuse(part.origin.path("file.file_id"), "files of another vendor");
    const bool plain = part.source == Part::Source::PlainText;
    std::string media_type = part.media_type.decode();
    std::string_view format = document_format(media_type);
    if (format.empty() && (plain || media_type.starts_with("text/")))
        format = "txt";
    if (format.empty())
        return refuse(part.origin.path(), "not one of the document formats of Bedrock");
    out_.begin_object().key("document").begin_object().key("format").string(format);
    out_.key("name").string(unique_name(part)).key("source").begin_object().key("bytes");
    if (plain) {
        std::string bytes;
        append_base64(bytes, part.data.decode());
        out_.string(bytes);
    } else {
        out_.text(part.data);
    }
    out_.end_object().end_object().end_object();
    return {};
}

// Converse refuses two documents of one name.
std::string BlockWriter::unique_name(const Part &part) {
    std::string name = document_name(part.title.decode());
    std::string unique = name;
    for (int number = 2; !document_names_.insert(unique).second; ++number)
        unique = name.substr(0, kMaxDocumentName - 8) + " (" + std::to_string(number) + ")";
    return unique;
}

BlockWriter::Written BlockWriter::tool_use(const Part &part) {
    std::string decoded;
    std::string_view input = part.input;
    if (input.empty() && is_blank(part.arguments)) {
        input = "{}";
    } else if (input.empty()) {
        part.arguments.decode_to(decoded);
        if (!parser_.parse(decoded, doc_) || !doc_.root().is_object())
            return chat::fail(chat::invalid_request("invalid_value", "The arguments of a tool call must be a JSON object.",
                                                    part.origin.path("function.arguments")));
        input = doc_.root().raw();
    }
    out_.begin_object().key("toolUse").begin_object().key("toolUseId").text({tool_use_id(part.id)});
    out_.key("name").text(part.name).key("input").raw(input).end_object().end_object();
    return {};
}

BlockWriter::Written BlockWriter::tool_result(const Part &part) {
    out_.begin_object().key("toolResult").begin_object().key("toolUseId").text({tool_use_id(part.id)});
    out_.key("content").begin_array();
    for (const Part &inner : part.content) {
        if (inner.kind == Part::Kind::Text && is_blank(inner.text))
            continue;
        if (auto written = write(inner); !written)
            return written;
    }
    out_.end_array();
    left_out_ = false;  // of the blocks inside
    if (part.is_error)
        out_.key("status").string("error");
    out_.end_object().end_object();
    return {};
}

void BlockWriter::thinking(const Part &part) {
    out_.begin_object().key("reasoningContent").begin_object().key("reasoningText").begin_object();
    out_.key("text").text(part.text).key("signature").text(part.signature);
    out_.end_object().end_object().end_object();
}

void BlockWriter::redacted(const Part &part) {
    out_.begin_object().key("reasoningContent").begin_object();
    out_.key("redactedContent").string(wrap_redacted(part.data.decode())).end_object().end_object();
}

}  // namespace aigw::dialects::bedrock
