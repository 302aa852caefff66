#include "stream/ndjson.h"

namespace aigw {

EventReader::Status NdjsonReader::feed(std::string_view bytes, SseSink &sink) {
    while (status_ == Status::Ok && !bytes.empty()) {
        size_t end = bytes.find('\n');
        std::string_view part = bytes.substr(0, end);
        bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
        if (end == std::string_view::npos || !line_.empty()) {
            if (!keep(part)) {
                break;
            }
            part = line_;
        }
        if (end != std::string_view::npos) {
            line(part, sink);
            line_.clear();
            if (line_.capacity() > kKeepBytes) {
                std::string().swap(line_);
            }
        }
    }
    return status_;
}

EventReader::Status NdjsonReader::finish(SseSink &sink) {
    if (status_ == Status::Ok && !line_.empty()) {
        line(line_, sink);
        line_.clear();
    }
    return status_;
}

bool NdjsonReader::keep(std::string_view part) {
    if (line_.size() + part.size() > kMaxEventBytes) {
        status_ = Status::TooLarge;
        std::string().swap(line_);
        return false;
    }
    line_.append(part);
    return true;
}

void NdjsonReader::line(std::string_view line, SseSink &sink) {
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    if (line.find_first_not_of(" \t") == std::string_view::npos) {
        return;
    }
    if (!sink.on_event({{}, line})) {
        status_ = Status::Stopped;
    }
}

}  // namespace aigw
