#include "dialects/gemini_part_write.h"

#include <algorithm>
#include <array>

namespace aigw::dialects::google {

namespace {

using chat::Part;

// Google's word for a call that it did not sign: of another model, or of a client that lost the signature.
constexpr std::string_view kUnsigned = "skip_thought_signature_validator";

// Whether Google made the id: short, of letters and digits. Others' are left out, old versions of Vertex refuse the field.
bool is_googles(JsonText id) {
    constexpr size_t kShortest = 8, kLongest = 16;
    if (id.escaped.starts_with("function-call-")) return true;
    return id.escaped.size() >= kShortest && id.escaped.size() <= kLongest && std::all_of(id.escaped.begin(), id.escaped.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    });
}

bool is_blank(JsonText text) { return text.escaped.find_first_not_of(" \t\r\n") == std::string_view::npos; }

struct Ending {
    std::string_view ending, type;
};
constexpr std::array<Ending, 8> kEndings{{{".png", "image/png"}, {".jpg", "image/jpeg"}, {".jpeg", "image/jpeg"},
                                          {".webp", "image/webp"}, {".gif", "image/gif"}, {".heic", "image/heic"},
                                          {".heif", "image/heif"}, {".pdf", "application/pdf"}}};

// By the URL's ending; empty if that says nothing.
std::string_view type_of_url(JsonText url) {
    std::string plain = url.decode();
    plain = plain.substr(0, plain.find_first_of("?#"));
    for (char &c : plain) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    for (const Ending &known : kEndings) {
        if (plain.ends_with(known.ending)) return known.type;
    }
    return {};
}

}  // namespace

PartWriter::Written PartWriter::refuse(std::string path, std::string_view why) {
    if (!drop_unsupported_) return chat::fail(chat::unsupported(std::move(path), why));
    dropped_.push_back(std::move(path));
    return {};
}

void PartWriter::text(JsonText text) { out_.begin_object().key("text").text(text).end_object(); }

void PartWriter::inline_data(const Part &part) {
    out_.begin_object().key("inlineData").begin_object().key("mimeType");
    if (part.kind == Part::Kind::Audio && part.media_type.escaped.find('/') == std::string_view::npos) {
        out_.begin_string().append("audio/").append(part.media_type).end_string();  // OpenAI: wav
    } else if (part.media_type == "image/jpg") {
        out_.string("image/jpeg");
    } else {
        out_.text(part.media_type);
    }
    out_.key("data").text(part.data).end_object().end_object();
}

void PartWriter::file_data(const Part &part) {
    out_.begin_object().key("fileData").begin_object();
    std::string_view type = part.kind == Part::Kind::Document ? "application/pdf" : type_of_url(part.data);
    if (!type.empty()) out_.key("mimeType").string(type);
    out_.key("fileUri").text(part.data).end_object().end_object();
}

bool PartWriter::has_place(const Part &part) {
    switch (part.kind) {
    case Part::Kind::Other:
    case Part::Kind::RedactedThinking:
        return false;
    case Part::Kind::Image:
    case Part::Kind::Document:
    case Part::Kind::Audio:
        return part.source != Part::Source::FileId && part.source != Part::Source::None;
    default:
        return true;
    }
}

PartWriter::Written PartWriter::write(const Part &part) {
    if (!has_place(part)) {
        bool media = part.kind == Part::Kind::Image || part.kind == Part::Kind::Document || part.kind == Part::Kind::Audio;
        return refuse(part.origin.path(media ? "source" : "type"), media ? "files of another vendor" : "");
    }
    switch (part.kind) {
    case Part::Kind::Text:
    case Part::Kind::Refusal:
        text(part.text);
        return {};
    case Part::Kind::Thinking:
        out_.begin_object().key("text").text(part.text);
        if (!part.text.empty()) out_.key("thought").boolean(true);
        out_.key("thoughtSignature").text(part.signature).end_object();
        return {};
    case Part::Kind::ToolUse:
        return call(part, false);
    case Part::Kind::Document:
        return document(part);
    default:
        return media(part);
    }
}

PartWriter::Written PartWriter::media(const Part &part) {
    if (!part.detail.empty() && !(part.detail == "auto")) dropped_.push_back(part.origin.path("image_url.detail"));
    if (part.source == Part::Source::Base64) {
        inline_data(part);
    } else {
        file_data(part);
    }
    return {};
}

// A title has a place only beside a text.
PartWriter::Written PartWriter::document(const Part &part) {
    if (part.source == Part::Source::PlainText) {
        out_.begin_object().key("text").begin_string();
        if (!part.title.empty()) out_.append(part.title).append("\n\n");
        out_.append(part.data).end_string().end_object();
        return {};
    }
    if (!part.title.empty()) dropped_.push_back(part.origin.path(title_));
    return media(part);
}

PartWriter::Written PartWriter::call(const Part &part, bool dummy) {
    std::string decoded;
    std::string_view args = part.input;
    if (args.empty() && is_blank(part.arguments)) {
        args = "{}";
    } else if (args.empty()) {
        part.arguments.decode_to(decoded);
        if (!parser_.parse(decoded, doc_) || !doc_.root().is_object()) {
            return chat::fail(chat::invalid_request("invalid_value", "The arguments of a tool call must be a JSON object.",
                                                    part.origin.path("function.arguments")));
        }
        args = doc_.root().raw();
    }
    out_.begin_object().key("functionCall").begin_object();
    if (is_googles(part.id)) out_.key("id").text(part.id);
    out_.key("name").text(part.name).key("args").raw(args).end_object();
    if (part.signer == chat::Signer::Google && !part.signature.empty()) {
        out_.key("thoughtSignature").text(part.signature);
    } else {
        if (!part.signature.empty()) dropped_.push_back(part.origin.path("signature"));
        if (dummy) out_.key("thoughtSignature").string(kUnsigned);
    }
    out_.end_object();
    return {};
}

// An object as it is, all else as {"output":..}; of a failure as {"error":..}.
PartWriter::Written PartWriter::response(const Part &part) {
    std::string escaped;
    bool first = true;
    for (const Part &inner : part.content) {
        bool is_text = inner.kind == Part::Kind::Text || inner.kind == Part::Kind::Refusal;
        bool is_document = inner.kind == Part::Kind::Document && inner.source == Part::Source::PlainText;
        bool shown = inner.kind == Part::Kind::Image || inner.kind == Part::Kind::Document || inner.kind == Part::Kind::Audio;
        if (!inner.cache_control.empty()) dropped_.push_back(inner.origin.path("cache_control"));
        if (!is_text && !is_document) {
            if (shown) continue;
            if (Written refused = refuse(inner.origin.path("type")); !refused) return refused;
            continue;
        }
        if (!first) escaped += "\\n";
        escaped += is_text ? inner.text.escaped : inner.data.escaped;
        first = false;
    }
    out_.key("response");
    std::string decoded = JsonText{escaped}.decode();
    bool object = parser_.parse(decoded, doc_) && doc_.root().is_object();
    if (object && !part.is_error) {
        out_.raw(doc_.root().raw());
        return {};
    }
    out_.begin_object().key(part.is_error ? "error" : "output");
    object ? out_.raw(doc_.root().raw()) : out_.text({escaped});
    out_.end_object();
    return {};
}

PartWriter::Written PartWriter::result(const Part &part, JsonText name) {
    out_.begin_object().key("functionResponse").begin_object();
    if (is_googles(part.id)) out_.key("id").text(part.id);
    out_.key("name").text(name);
    if (Written written = response(part); !written) return written;
    bool any = false;
    for (const Part &inner : part.content) {
        bool media = inner.kind == Part::Kind::Image || inner.kind == Part::Kind::Audio ||
                     (inner.kind == Part::Kind::Document && inner.source != Part::Source::PlainText);
        if (!media || !traits_.media_in_results) continue;
        if (!any) out_.key("parts").begin_array();
        any = true;
        if (Written written = write(inner); !written) return written;
    }
    if (any) out_.end_array();
    out_.end_object().end_object();
    return {};
}

}  // namespace aigw::dialects::google
