// One JSON text a line (Ollama): each line that is not empty is an event without a name. Takes LF and CRLF, and a last line
// without its end. A line that lies whole in the bytes fed is not copied. Does not look at what the lines say.
#pragma once

#include <string>

#include "stream/event_reader.h"

namespace aigw {

class NdjsonReader final : public EventReader {
public:
    Status feed(std::string_view bytes, SseSink &sink) override;
    Status finish(SseSink &sink) override;

private:
    void line(std::string_view line, SseSink &sink);
    bool keep(std::string_view part);

    std::string line_;  // one that is not complete
    Status status_ = Status::Ok;
};

}  // namespace aigw
