// The hand-made sentences: one a line, what is to be found in {{kind:value}}. Lines that begin with # are comments.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "source_dir.h"

namespace aigw::guards::test {

struct Value {
    std::string kind, text;
};

struct Case {
    std::string file;
    size_t line = 0;
    std::string text;      // without the marks
    std::string expected;  // with placeholders
    std::vector<Value> values;
};

inline std::string placeholder_of(const std::string &kind) {
    std::string out = "[";
    for (char c : kind) out.push_back(static_cast<char>(std::toupper(c)));
    return out + "]";
}

inline Case read_case(std::string line) {
    Case out;
    for (size_t at = 0; at < line.size();) {
        size_t open = line.find("{{", at), colon = line.find(':', open), close = line.find("}}", colon);
        if (open == std::string::npos || close == std::string::npos) {
            out.text += line.substr(at);
            out.expected += line.substr(at);
            break;
        }
        Value value{line.substr(open + 2, colon - open - 2), line.substr(colon + 1, close - colon - 1)};
        out.text += line.substr(at, open - at) + value.text;
        out.expected += line.substr(at, open - at) + placeholder_of(value.kind);
        out.values.push_back(std::move(value));
        at = close + 2;
    }
    return out;
}

// Every pii_*.txt, or those whose name begins so.
inline std::vector<Case> read_cases(const std::string &prefix = "pii_") {
    std::vector<std::filesystem::path> files;
    for (const auto &entry : std::filesystem::directory_iterator(AIGW_SOURCE_DIR "/t/unit/guards")) {
        std::string name = entry.path().filename().string();
        if (entry.path().extension() == ".txt" && name.rfind(prefix, 0) == 0) files.push_back(entry.path());
    }
    std::vector<Case> out;
    for (const auto &path : files) {
        std::ifstream file(path);
        size_t number = 0;
        for (std::string line; std::getline(file, line);) {
            ++number;
            if (line.empty() || line[0] == '#') continue;
            out.push_back(read_case(line));
            out.back().file = path.filename().string();
            out.back().line = number;
        }
    }
    return out;
}

}  // namespace aigw::guards::test
