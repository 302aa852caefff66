// Writes frames of AWS's event stream, for tests of their reader: sound ones, and any bytes as headers with sound checksums.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/crc32.h"

namespace aigw::fuzz {

inline void append_big_endian(std::string &out, size_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
        out += static_cast<char>(value >> shift & 0xFF);
    }
}

// A frame around headers as they are on the wire.
inline std::string aws_frame_of(std::string_view headers, std::string_view payload) {
    std::string out;
    append_big_endian(out, 12 + headers.size() + payload.size() + 4, 4);
    append_big_endian(out, headers.size(), 4);
    append_big_endian(out, crc32(out), 4);
    out.append(headers).append(payload);
    append_big_endian(out, crc32(out), 4);
    return out;
}

using AwsHeaders = std::vector<std::pair<std::string, std::string>>;

// String headers only.
inline std::string aws_headers(const AwsHeaders &headers) {
    std::string out;
    for (const auto &[name, value] : headers) {
        append_big_endian(out, name.size(), 1);
        out += name + '\x07';
        append_big_endian(out, value.size(), 2);
        out += value;
    }
    return out;
}

inline std::string aws_frame(const AwsHeaders &headers, std::string_view payload) {
    return aws_frame_of(aws_headers(headers), payload);
}

// As Bedrock sends it.
inline std::string aws_event(const std::string &type, std::string_view payload) {
    return aws_frame({{":event-type", type}, {":content-type", "application/json"}, {":message-type", "event"}}, payload);
}

inline std::string aws_exception(const std::string &type, std::string_view payload) {
    return aws_frame({{":exception-type", type}, {":content-type", "application/json"}, {":message-type", "exception"}}, payload);
}

}  // namespace aigw::fuzz
