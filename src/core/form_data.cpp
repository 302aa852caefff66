#include "core/form_data.h"

#include <algorithm>

namespace aigw {
namespace {

using Fault = Unexpected<std::string_view>;

constexpr std::string_view kCrlf = "\r\n";
constexpr std::string_view kBlank = " \t";

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool equals(std::string_view text, std::string_view lower_case) {
    return text.size() == lower_case.size() &&
           std::equal(text.begin(), text.end(), lower_case.begin(), [](char a, char b) { return lower(a) == b; });
}

std::string_view trimmed(std::string_view text) {
    size_t first = text.find_first_not_of(kBlank);
    return first == text.npos ? std::string_view() : text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// ATTRIBUTE=VALUE; ... of a header, one after the other. A file's name may hold escapes, nothing else may.
class Parameters {
public:
    explicit Parameters(std::string_view text) : rest_(text) {}

    bool next(std::string_view &name, std::string_view &value) {
        rest_ = trimmed(rest_);
        if (rest_.empty()) {
            return false;
        }
        if (rest_.front() != ';') {
            sound_ = false;
            return false;
        }
        rest_ = trimmed(rest_.substr(1));
        if (rest_.empty()) {
            return false;
        }
        size_t equals_sign = rest_.find('=');
        sound_ = equals_sign != rest_.npos;
        if (!sound_) {
            return false;
        }
        name = trimmed(rest_.substr(0, equals_sign));
        rest_ = trimmed(rest_.substr(equals_sign + 1));
        return take_value(value, equals(name, "filename"));
    }
    bool sound() const { return sound_; }

private:
    bool take_value(std::string_view &value, bool escapes) {
        bool quoted = !rest_.empty() && rest_.front() == '"';
        size_t end = quoted ? rest_.find('"', 1) : std::min(rest_.find_first_of("; \t"), rest_.size());
        while (quoted && escapes && end != rest_.npos && rest_[end - 1] == '\\') {
            end = rest_.find('"', end + 1);
        }
        sound_ = end != rest_.npos;
        if (!sound_) {
            return false;
        }
        value = quoted ? rest_.substr(1, end - 1) : rest_.substr(0, end);
        rest_.remove_prefix(quoted ? end + 1 : end);
        sound_ = escapes || value.find('\\') == value.npos;
        return sound_;
    }

    std::string_view rest_;
    bool sound_ = true;
};

std::string_view boundary_of(std::string_view content_type) {
    constexpr std::string_view kType = "multipart/form-data";
    size_t end = std::min(content_type.find(';'), content_type.size());
    if (!equals(trimmed(content_type.substr(0, end)), kType)) {
        return {};
    }
    Parameters parameters(content_type.substr(end));
    std::string_view name, value, boundary;
    while (parameters.next(name, value)) {
        if (equals(name, "boundary")) {
            boundary = boundary.empty() ? value : std::string_view();
        }
    }
    bool usable = parameters.sound() && boundary.size() <= FormData::kMaxBoundary && boundary.find_first_of("\r\n") == boundary.npos;
    return usable ? boundary : std::string_view();
}

// form-data; name="..."; filename="...".
bool read_disposition(std::string_view value, FormData::Part &part) {
    size_t end = std::min(value.find(';'), value.size());
    if (!equals(trimmed(value.substr(0, end)), "form-data")) {
        return false;
    }
    Parameters parameters(value.substr(end));
    std::string_view name, text;
    size_t names = 0;
    while (parameters.next(name, text)) {
        if (equals(name, "name")) {
            part.name = text;
            names++;
        } else if (equals(name, "filename") || equals(name, "filename*")) {
            part.is_file = true;
        } else if (equals(name, "name*")) {
            return false;
        }
    }
    return parameters.sound() && names == 1 && !part.name.empty();
}

bool read_head(std::string_view head, FormData::Part &part) {
    size_t dispositions = 0;
    while (!head.empty()) {
        size_t end = std::min(head.find(kCrlf), head.size());
        std::string_view line = head.substr(0, end);
        head.remove_prefix(std::min(end + kCrlf.size(), head.size()));
        size_t colon = line.find(':');
        if (colon == line.npos || colon == 0 || kBlank.find(line.front()) != kBlank.npos) {
            return false;
        }
        std::string_view name = line.substr(0, colon);
        if (equals(name, "content-disposition")) {
            dispositions++;
            if (!read_disposition(line.substr(colon + 1), part)) {
                return false;
            }
        } else if (equals(name, "content-transfer-encoding")) {
            return false;  // RFC 7578 has it no more, and it would change what a value is
        }
    }
    return dispositions == 1;
}

}  // namespace

Result<FormData, std::string_view> FormData::parse(std::string_view content_type, std::string_view body) {
    FormData form;
    std::string_view boundary = boundary_of(content_type);
    if (boundary.empty()) {
        return Fault{"The body must be multipart/form-data with a boundary."};
    }
    form.body_ = body;
    form.delimiter_ = "--" + std::string(boundary);
    const std::string_view delimiter = form.delimiter_, broken = "The form is malformed.";
    if (!body.starts_with(delimiter)) {
        return Fault{broken};
    }
    size_t at = delimiter.size();
    while (body.substr(at, 2) != "--") {
        if (form.parts_.size() == kMaxParts) {
            return Fault{"The form has too many parts."};
        }
        size_t line = body.find_first_not_of(kBlank, at);
        if (line == body.npos || body.substr(line, 2) != kCrlf) {
            return Fault{broken};
        }
        size_t begin = line + 2, head_end = body.substr(begin, kMaxHead).find("\r\n\r\n");
        Part part;
        if (head_end == body.npos || !read_head(body.substr(begin, head_end), part)) {
            return Fault{broken};
        }
        size_t value = begin + head_end + 4, next = body.find(delimiter, value);
        if (next == body.npos || next < value + 2 || body.substr(next - 2, 2) != kCrlf) {
            return Fault{broken};
        }
        part.value = body.substr(value, next - 2 - value);
        form.parts_.push_back(part);
        at = next + delimiter.size();
    }
    std::string_view rest = body.substr(at + 2);
    return rest.empty() || rest == kCrlf ? Result<FormData, std::string_view>(std::move(form)) : Fault{broken};
}

const FormData::Part *FormData::find(std::string_view name) const {
    auto part = std::find_if(parts_.begin(), parts_.end(), [&](const Part &one) { return one.name == name; });
    return part == parts_.end() ? nullptr : &*part;
}

size_t FormData::count(std::string_view name) const {
    return static_cast<size_t>(std::count_if(parts_.begin(), parts_.end(), [&](const Part &one) { return one.name == name; }));
}

std::vector<std::string_view> FormData::with(std::string_view name, std::string_view value, std::string &made) const {
    made.clear();
    if (const Part *part = find(name)) {
        made = value;
        auto begin = static_cast<size_t>(part->value.data() - body_.data());
        return {body_.substr(0, begin), made, body_.substr(begin + part->value.size())};
    }
    made.append(delimiter_).append("\r\nContent-Disposition: form-data; name=\"").append(name).append("\"\r\n\r\n");
    made.append(value).append(kCrlf);
    return {made, body_};
}

}  // namespace aigw
