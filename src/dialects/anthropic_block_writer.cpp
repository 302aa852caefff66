#include "dialects/anthropic_block_writer.h"

#include "dialects/anthropic_text.h"
#include "dialects/base64.h"

namespace aigw::dialects::anthropic {

using chat::Part;

chat::Result<void> BlockWriter::write(const Part &part, bool last_of_prompt) {
    switch (part.kind) {
    case Part::Kind::Text:
    case Part::Kind::Refusal:
        write_text(last_of_prompt ? trim_end(part.text) : part.text, part.cache_control);
        return {};
    case Part::Kind::Image:
        return image(part);
    case Part::Kind::Document:
        return document(part);
    case Part::Kind::ToolUse:
        return tool_use(part);
    case Part::Kind::ToolResult:
        return tool_result(part);
    case Part::Kind::Thinking:
        out_.begin_object().key("type").string("thinking").key("thinking").text(part.text);
        out_.key("signature").text(part.signature).end_object();
        return {};
    case Part::Kind::RedactedThinking:
        out_.begin_object().key("type").string("redacted_thinking").key("data").text(part.data).end_object();
        return {};
    case Part::Kind::Audio:
    case Part::Kind::Other:
        break;
    }
    return refuse(part.origin.path("type"));
}

void BlockWriter::write_text(JsonText text, std::string_view cache_control) {
    out_.begin_object().key("type").string("text").key("text").text(text);
    if (!cache_control.empty())
        out_.key("cache_control").raw(cache_control);
    out_.end_object();
}

BlockWriter::Written BlockWriter::refuse(std::string path, std::string_view why) {
    if (!drop_unsupported_)
        return chat::fail(chat::unsupported(std::move(path), why));
    dropped_.push_back(std::move(path));
    return {};
}

void BlockWriter::base64_source(JsonText media_type, JsonText data) {
    out_.key("source").begin_object().key("type").string("base64");
    out_.key("media_type").text(media_type).key("data").text(data).end_object();
}

void BlockWriter::url_source(JsonText url) {
    out_.key("source").begin_object().key("type").string("url").key("url").text(url).end_object();
}

void BlockWriter::text_source(std::string_view plain) {
    out_.key("source").begin_object().key("type").string("text").key("media_type").string("text/plain");
    out_.key("data").string(plain).end_object();
}

void BlockWriter::end(const Part &part) {
    if (!part.cache_control.empty())
        out_.key("cache_control").raw(part.cache_control);
    out_.end_object();
}

BlockWriter::Written BlockWriter::image(const Part &part) {
    if (part.source == Part::Source::FileId)
        return refuse(part.origin.path("file_id"), "files of another vendor");
    if (!part.detail.empty() && !(part.detail == "auto"))
        dropped_.push_back(part.origin.path("image_url.detail"));
    out_.begin_object().key("type").string("image");
    if (part.source == Part::Source::Base64)
        base64_source(part.media_type, part.data);
    else
        url_source(part.data);
    end(part);
    return {};
}

BlockWriter::Written BlockWriter::document(const Part &part) {
    switch (part.source) {
    case Part::Source::Base64:
        return base64_document(part);
    case Part::Source::Url:
    case Part::Source::PlainText:
        break;
    case Part::Source::FileId:
    case Part::Source::None:
        return refuse(part.origin.path("file.file_id"), "files of another vendor");
    }
    out_.begin_object().key("type").string("document");
    if (part.source == Part::Source::Url)
        url_source(part.data);
    else
        text_source(part.data.decode());
    if (!part.title.empty())
        out_.key("title").text(part.title);
    end(part);
    return {};
}

// PDF goes as it is, text as text; Anthropic reads nothing else.
BlockWriter::Written BlockWriter::base64_document(const Part &part) {
    const std::string media_type = part.media_type.decode();
    const bool pdf = media_type == "application/pdf";
    std::optional<std::string> text;
    if (media_type.starts_with("text/"))
        text = decode_base64(part.data.decode());
    if (!pdf && !text)
        return refuse(part.origin.path("file.file_data"), "only PDF and text documents can be sent");
    out_.begin_object().key("type").string("document");
    if (pdf)
        base64_source(part.media_type, part.data);
    else
        text_source(*text);
    if (!part.title.empty())
        out_.key("title").text(part.title);
    end(part);
    return {};
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
    std::string id;
    append_tool_id(id, part.id);
    out_.begin_object().key("type").string("tool_use").key("id").text({id}).key("name").text(part.name);
    out_.key("input").raw(input);
    end(part);
    return {};
}

BlockWriter::Written BlockWriter::tool_result(const Part &part) {
    std::string id;
    append_tool_id(id, part.id);
    std::vector<const Part *> content;
    for (const Part &inner : part.content) {
        if (inner.kind != Part::Kind::Text || !is_blank(inner.text))
            content.push_back(&inner);
    }
    out_.begin_object().key("type").string("tool_result").key("tool_use_id").text({id});
    if (content.size() == 1 && content[0]->kind == Part::Kind::Text && content[0]->cache_control.empty()) {
        out_.key("content").text(content[0]->text);
    } else if (!content.empty()) {
        out_.key("content").begin_array();
        for (const Part *inner : content) {
            if (auto written = write(*inner); !written)
                return written;
        }
        out_.end_array();
    }
    if (part.is_error)
        out_.key("is_error").boolean(true);
    end(part);
    return {};
}

}  // namespace aigw::dialects::anthropic
