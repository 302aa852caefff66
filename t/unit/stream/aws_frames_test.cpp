#include "stream/aws_frames.h"

#include <gtest/gtest.h>

#include <vector>

#include "../../fuzz/aws_frame.h"

namespace aigw {
namespace {

using fuzz::append_big_endian;
using fuzz::aws_event;
using fuzz::aws_exception;
using fuzz::aws_frame;
using fuzz::aws_frame_of;
using Status = EventReader::Status;

class Frames final : public SseSink {
public:
    std::vector<std::string> seen;  // name|data, with a ! for failures
    int comments = 0;
    size_t stop_after = SIZE_MAX;

    bool on_event(const SseEvent &event) override {
        seen.push_back((event.failure ? "!" : "") + std::string(event.name) + "|" + std::string(event.data));
        return seen.size() < stop_after;
    }
    void on_comment() override { ++comments; }
};

struct Read {
    std::vector<std::string> seen;
    Status status;
    bool operator==(const Read &) const = default;
};

Read read(std::string_view bytes, size_t first = SIZE_MAX, size_t step = SIZE_MAX) {
    Frames sink;
    AwsFrameReader reader;
    first = std::min(first, bytes.size());
    reader.feed(bytes.substr(0, first), sink);
    for (size_t at = first; at < bytes.size(); at += std::min(step, bytes.size() - at)) {
        reader.feed(bytes.substr(at, step), sink);
    }
    Status status = reader.finish(sink);
    return {sink.seen, status};
}

void expect_anyhow(std::string_view bytes, const Read &expected) {
    EXPECT_EQ(read(bytes), expected) << "whole";
    EXPECT_EQ(read(bytes, 0, 1), expected) << "byte by byte";
    for (size_t at = 0; at <= bytes.size(); ++at) {
        ASSERT_EQ(read(bytes, at), expected) << "split at " << at;
    }
}

std::string from_hex(std::string_view hex) {
    std::string out;
    for (size_t i = 0; i + 1 < hex.size(); i += 2) {
        out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    }
    return out;
}

// The frames of awslabs/aws-c-event-stream's tests, as bytes on the wire.
TEST(AwsFrames, PublicVectors) {
    const std::string nothing = from_hex("000000100000000005c248eb7d98c8ff");
    const std::string payload = from_hex("0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936");
    const std::string header = from_hex("0000003d0000002007fd83960c") + "content-type" + from_hex("070010") + "application/json" +
                               "{'foo':'bar'}" + from_hex("8d9c08b1");
    Frames sink;
    AwsFrameReader reader;
    EXPECT_EQ(reader.feed(nothing, sink), Status::Ok);
    EXPECT_EQ(sink.comments, 1);
    expect_anyhow(nothing + payload + nothing + header, {{"|{'foo':'bar'}", "|{'foo':'bar'}"}, Status::Ok});
    EXPECT_EQ(aws_frame({{"content-type", "application/json"}}, "{'foo':'bar'}"), header) << "the tests' own writer";
}

TEST(AwsFrames, EventsExceptionsErrors) {
    const std::string bytes =
        aws_event("messageStart", R"({"role":"assistant"})") + aws_event("empty", "") +
        aws_exception("throttlingException", R"({"message":"slow down"})") +
        aws_frame({{":message-type", "error"}, {":error-code", "Oops"}, {":error-message", "a \"bad\" one"}}, "") +
        aws_frame({{":message-type", "error"}, {":error-code", "Oops"}, {":error-message", "x"}}, "{}");
    expect_anyhow(bytes, {{R"(messageStart|{"role":"assistant"})", "empty|", R"(!throttlingException|{"message":"slow down"})",
                           R"(!Oops|{"message":"a \"bad\" one"})", "!Oops|{}"},
                          Status::Ok});
}

TEST(AwsFrames, HeadersOfAllTypesArePassedOver) {
    std::string headers;
    const size_t sizes[] = {0, 0, 1, 2, 4, 8, 0, 0, 8, 16};
    for (size_t type = 0; type < std::size(sizes); ++type) {
        append_big_endian(headers, 1, 1);
        headers += static_cast<char>('a' + type);
        append_big_endian(headers, type, 1);
        if (type == 6 || type == 7) {
            append_big_endian(headers, 300, 2);
            headers += std::string(300, 'v');
        }
        headers += std::string(sizes[type], '\xFF');
    }
    headers += fuzz::aws_headers({{":event-type", "e"}});
    expect_anyhow(aws_frame_of(headers, "{}"), {{"e|{}"}, Status::Ok});
}

// A header that is not a string is not what it is called.
TEST(AwsFrames, OnlyStringsCount) {
    std::string headers("\x0b:event-type\x06\0\x03" "abc", 18);
    EXPECT_EQ(read(aws_frame_of(headers, "{}")), (Read{{"|{}"}, Status::Ok}));
}

TEST(AwsFrames, EveryChangedBitIsSeen) {
    const std::string first = aws_event("one", "{}"), second = aws_event("two", R"({"a":1})");
    for (size_t bit = 0; bit < 8 * second.size(); ++bit) {
        std::string bad = second;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
        Read got = read(first + bad + first);
        EXPECT_EQ(got.status, Status::Broken) << bit;
        EXPECT_EQ(got.seen, std::vector<std::string>{"one|{}"}) << bit;
        EXPECT_EQ(read(first + bad + first, 0, 1), got) << bit;
    }
}

TEST(AwsFrames, HeadersThatDoNotFit) {
    for (const std::string &headers : {std::string("\x05" "ab"), std::string("\x01" "a"), std::string("\x01" "a\x0a", 3),
                                       std::string("\x01" "a\x07\0", 4), std::string("\x01" "a\x07\0\x05" "abc", 8),
                                       std::string("\x01" "a\x05" "1234567", 10), std::string("\x01" "a\x09" "123", 6)}) {
        expect_anyhow(aws_frame_of(headers, "{}"), {{}, Status::Broken});
    }
}

// A frame that ends before its headers, with sound checksums.
TEST(AwsFrames, LengthsThatDoNotFit) {
    for (auto [all, headers] : {std::pair<size_t, size_t>{15, 0}, {16, 1}, {0, 0}, {20, 100}}) {
        std::string bytes;
        append_big_endian(bytes, all, 4);
        append_big_endian(bytes, headers, 4);
        append_big_endian(bytes, crc32(bytes), 4);
        bytes += std::string(20, '\0');
        EXPECT_EQ(read(bytes).status, Status::Broken) << all << ' ' << headers;
        EXPECT_EQ(read(bytes, 0, 1).status, Status::Broken) << all << ' ' << headers;
    }
}

TEST(AwsFrames, CutAnywhereIsBroken) {
    const std::string bytes = aws_event("one", "{}");
    for (size_t at = 1; at < bytes.size(); ++at) {
        EXPECT_EQ(read(bytes.substr(0, at)), (Read{{}, Status::Broken})) << at;
    }
    EXPECT_EQ(read(""), (Read{{}, Status::Ok}));
}

TEST(AwsFrames, StopsWhereTheSinkSaysSo) {
    Frames sink;
    sink.stop_after = 1;
    AwsFrameReader reader;
    const std::string bytes = aws_event("one", "{}") + aws_event("two", "{}");
    EXPECT_EQ(reader.feed(bytes, sink), Status::Stopped);
    EXPECT_EQ(reader.feed(bytes, sink), Status::Stopped);
    EXPECT_EQ(reader.finish(sink), Status::Stopped);
    EXPECT_EQ(sink.seen.size(), 1u);
}

TEST(AwsFrames, BoundsAFrame) {
    const size_t most = EventReader::kMaxEventBytes;
    const std::string fits = aws_frame_of("", std::string(most - 16, 'x'));
    ASSERT_EQ(fits.size(), most);
    Read got = read(fits, most / 2);
    EXPECT_EQ(got.status, Status::Ok);
    ASSERT_EQ(got.seen.size(), 1u);
    EXPECT_EQ(got.seen[0].size(), most - 16 + 1);

    std::string larger;
    append_big_endian(larger, most + 1, 4);
    append_big_endian(larger, 0, 4);
    append_big_endian(larger, crc32(larger), 4);
    EXPECT_EQ(read(larger).status, Status::TooLarge) << "told by the prelude, before anything is kept";
}

TEST(AwsFrames, BoundsHeaders) {
    std::string headers;
    while (headers.size() + 1024 <= AwsFrameReader::kMaxHeaderBytes) {
        headers += fuzz::aws_headers({{"h", std::string(1024 - 5, 'v')}});
    }
    ASSERT_EQ(headers.size(), AwsFrameReader::kMaxHeaderBytes);
    EXPECT_EQ(read(aws_frame_of(headers, "{}")), (Read{{"|{}"}, Status::Ok}));
    EXPECT_EQ(read(aws_frame_of(headers + "\x01" "a" + std::string(1, '\0'), "{}")), (Read{{}, Status::TooLarge}));
}

}  // namespace
}  // namespace aigw
