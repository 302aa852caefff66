#include "stream/ndjson.h"

#include <gtest/gtest.h>

#include <vector>

namespace aigw {
namespace {

class Lines final : public SseSink {
public:
    std::vector<std::string> seen;
    size_t stop_after = SIZE_MAX;

    bool on_event(const SseEvent &event) override {
        EXPECT_TRUE(event.name.empty());
        seen.emplace_back(event.data);
        return seen.size() < stop_after;
    }
};

constexpr std::string_view kText = "{\"a\":1}\n\n{\"b\":\"x\\n\"}\r\n \t\n{\"c\":3}";
const std::vector<std::string> kLines = {"{\"a\":1}", "{\"b\":\"x\\n\"}", "{\"c\":3}"};

TEST(NdjsonReader, ReadsLinesCutAnywhere) {
    for (size_t first = 0; first <= kText.size(); first++) {
        for (size_t second = first; second <= kText.size(); second++) {
            Lines sink;
            NdjsonReader reader;
            reader.feed(kText.substr(0, first), sink);
            reader.feed(kText.substr(first, second - first), sink);
            reader.feed(kText.substr(second), sink);
            EXPECT_EQ(reader.finish(sink), EventReader::Status::Ok);
            ASSERT_EQ(sink.seen, kLines) << first << ' ' << second;
        }
    }
}

TEST(NdjsonReader, StopsWhereTheSinkSaysSo) {
    Lines sink;
    sink.stop_after = 1;
    NdjsonReader reader;
    EXPECT_EQ(reader.feed(kText, sink), EventReader::Status::Stopped);
    EXPECT_EQ(reader.feed("{}\n", sink), EventReader::Status::Stopped);
    EXPECT_EQ(reader.finish(sink), EventReader::Status::Stopped);
    EXPECT_EQ(sink.seen.size(), 1u);
}

TEST(NdjsonReader, BoundsALine) {
    Lines sink;
    NdjsonReader reader;
    const std::string half(EventReader::kMaxEventBytes / 2, 'x');
    EXPECT_EQ(reader.feed(half, sink), EventReader::Status::Ok);
    EXPECT_EQ(reader.feed(half, sink), EventReader::Status::Ok);
    EXPECT_EQ(reader.feed("x", sink), EventReader::Status::TooLarge);
    EXPECT_EQ(reader.finish(sink), EventReader::Status::TooLarge);
    EXPECT_TRUE(sink.seen.empty());
}

}  // namespace
}  // namespace aigw
