// Names and formats as Converse has them.
#include <algorithm>
#include <iterator>

#include "core/digest.h"
#include "dialects/anthropic_text.h"
#include "dialects/bedrock_block_writer.h"

namespace aigw::dialects::bedrock {

namespace {

bool is_name_char(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '(' ||
           c == ')' || c == '[' || c == ']';
}

struct Format {
    std::string_view media_type, format;
};

constexpr Format kImages[] = {{"image/png", "png"}, {"image/jpeg", "jpeg"}, {"image/jpg", "jpeg"}, {"image/gif", "gif"}, {"image/webp", "webp"}};

constexpr Format kDocuments[] = {
    {"application/pdf", "pdf"},
    {"text/csv", "csv"},
    {"application/msword", "doc"},
    {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"},
    {"application/vnd.ms-excel", "xls"},
    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"},
    {"text/html", "html"},
    {"text/plain", "txt"},
    {"text/markdown", "md"},
};

}  // namespace

std::string tool_use_id(JsonText id) {
    std::string out;
    anthropic::append_tool_id(out, id);
    if (out.empty())
        return "_";
    if (out.size() <= kMaxToolId)
        return out;
    constexpr size_t kDigest = 16;  // hex digits that tell long ids apart
    const std::string digest = hex_encode(sha256(id.escaped)).substr(0, kDigest);
    return out.substr(0, kMaxToolId - kDigest - 1) + '_' + digest;
}

std::string document_name(std::string_view plain) {
    std::string out;
    for (const char c : plain.substr(0, kMaxDocumentName)) {
        if (is_name_char(c))
            out += c;
        else if (!out.empty() && out.back() != ' ')
            out += ' ';
    }
    while (out.ends_with(' '))
        out.pop_back();
    return out.empty() ? "document" : out;
}

std::string_view image_format(JsonText media_type) {
    const auto known = std::find_if(std::begin(kImages), std::end(kImages),
                                    [&](const Format &row) { return media_type == row.media_type; });
    return known == std::end(kImages) ? std::string_view() : known->format;
}

std::string_view document_format(std::string_view media_type) {
    const auto known = std::find_if(std::begin(kDocuments), std::end(kDocuments),
                                    [&](const Format &row) { return media_type == row.media_type; });
    return known == std::end(kDocuments) ? std::string_view() : known->format;
}

}  // namespace aigw::dialects::bedrock
