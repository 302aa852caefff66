#include "stream/sse.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

using namespace aigw;

namespace {

struct Recorder : SseSink {
    std::vector<std::string> seen;
    std::string stop_at = "none";
    bool on_event(const SseEvent &event) override {
        seen.push_back(std::string(event.name) + "|" + std::string(event.data));
        return event.data != stop_at;
    }
    void on_comment() override { seen.push_back("comment"); }
};

struct Outcome {
    std::vector<std::string> seen;
    SseReader::Status status;
    bool operator==(const Outcome &) const = default;
};

Outcome read(const std::vector<std::string_view> &feeds, const std::string &stop_at = "none") {
    Recorder sink;
    sink.stop_at = stop_at;
    SseReader reader;
    auto status = SseReader::Status::Ok;
    for (std::string_view bytes : feeds) {
        std::string copy(bytes);  // gone after the call: a view kept too long is seen by the sanitizer
        copy.shrink_to_fit();
        status = reader.feed(copy, sink);
    }
    EXPECT_EQ(status, status == SseReader::Status::Ok ? status : reader.finish(sink));
    if (status == SseReader::Status::Ok) {
        status = reader.finish(sink);
        EXPECT_EQ(reader.held(), 0u);
    }
    return {sink.seen, status};
}

// Whole, byte by byte, and cut in two at every point.
Outcome read_all_ways(const std::string &text, const std::string &stop_at = "none") {
    Outcome whole = read({text}, stop_at);
    std::vector<std::string_view> bytes;
    for (size_t i = 0; i < text.size(); ++i) {
        bytes.push_back(std::string_view(text).substr(i, 1));
    }
    EXPECT_EQ(read(bytes, stop_at), whole) << text;
    for (size_t cut = 0; cut <= text.size(); ++cut) {
        std::string_view view = text;
        EXPECT_EQ(read({view.substr(0, cut), view.substr(cut)}, stop_at), whole) << text << " cut at " << cut;
    }
    return whole;
}

void expect_events(const std::string &text, const std::vector<std::string> &events) {
    Outcome outcome = read_all_ways(text);
    EXPECT_EQ(outcome.seen, events) << text;
    EXPECT_EQ(outcome.status, SseReader::Status::Ok);
}

}  // namespace

TEST(SseReader, ReadsNamedAndUnnamedEvents) {
    expect_events("data: one\n\nevent: ping\ndata: two\n\ndata: [DONE]\n\n", {"|one", "ping|two", "|[DONE]"});
}

TEST(SseReader, EveryLineEnd) {
    expect_events("data: a\r\n\r\ndata: b\r\rdata: c\n\ndata: d\r\n\ndata: e\n\r\ndata: f\r\n\rdata: g\n\n",
                  {"|a", "|b", "|c", "|d", "|e", "|f", "|g"});
    expect_events("\r\n\r\n\n\r\rdata: a\r\n\r\n\r\n", {"|a"});
}

TEST(SseReader, JoinsDataLines) {
    expect_events("data: a\ndata:\ndata: b\ndata\n\n", {"|a\n\nb\n"});
    expect_events("data:\n\n", {"|"});
    expect_events("data\n\n", {"|"});
}

TEST(SseReader, TakesOneSpaceAfterTheColon) {
    expect_events("data:a\n\ndata:  b\n\nevent:x\ndata: \n\n", {"|a", "| b", "x|"});
}

TEST(SseReader, DropsWhatIsNoEvent) {
    expect_events("id: 1\nretry: 5\n\nevent: lone\n\n: hi\n\nfoo\nfoo: bar\ndata: x\nid: 2\n\nDATA: y\n\n", {"comment", "|x"});
    expect_events("event: a\nevent: b\ndata: x\n\ndata: y\n\n", {"b|x", "|y"});
}

TEST(SseReader, CommentsInsideEvents) { expect_events("data: a\n:c\ndata: b\n: \n\n", {"comment", "comment", "|a\nb"}); }

TEST(SseReader, SkipsBomAndSpacesAtTheStartOnly) {
    expect_events("\xEF\xBB\xBF"
                  "data: a\n\n",
                  {"|a"});
    expect_events("\xEF\xBB\xBF  data: a\n\n data: b\n\n", {"|a"});
    expect_events("   \tdata: a\n\n", {"|a"});
    expect_events("\xEF\xBB"
                  "data: a\n\ndata: b\n\n",
                  {"|b"});
    expect_events("\xEF\xBB\xBF\xEF\xBB\xBF"
                  "data: a\n\ndata: b\n\n",
                  {"|b"});
    expect_events("\xEF\xBB", {});
    expect_events("  ", {});
    expect_events("", {});
}

TEST(SseReader, ErrorLineIsAnErrorEvent) {
    expect_events("data: a\n\nerror: {\"code\":500}\n\ndata: b\n\n", {"|a", "error|{\"code\":500}", "|b"});
    expect_events("error:{}", {"error|{}"});
}

TEST(SseReader, LastEventWithoutBlankLine) {
    expect_events("data: a\n\ndata: b", {"|a", "|b"});
    expect_events("data: a\n\nevent: e\ndata: b\n", {"|a", "e|b"});
    expect_events("data: a\r\n\r\ndata: b\r", {"|a", "|b"});
    expect_events(": c", {"comment"});
}

TEST(SseReader, StopsAfterTheEventThatSaysSo) {
    Outcome outcome = read_all_ways("data: a\n\ndata: b\n\ndata: c\n\n:x\n", "b");
    EXPECT_EQ(outcome.seen, (std::vector<std::string>{"|a", "|b"}));
    EXPECT_EQ(outcome.status, SseReader::Status::Stopped);
    EXPECT_EQ(read({"data: a\n\ndata: b"}, "b").status, SseReader::Status::Stopped);
}

TEST(SseReader, AnyBytesPassThrough) {
    expect_events(std::string("data: \0\xFF\xC3\n\n", 12), {std::string("|\0\xFF\xC3", 4)});
}

TEST(SseReader, WholeEventIsNotCopied) {
    struct Sink : SseSink {
        std::string_view fed;
        int inside = 0;
        bool on_event(const SseEvent &event) override {
            bool name = event.name.data() >= fed.data() && event.name.data() < fed.data() + fed.size();
            inside += name && event.data.data() >= fed.data() && event.data.data() + event.data.size() <= fed.data() + fed.size();
            return true;
        }
    } sink;
    std::string text = ": c\nevent: x\nid: 1\ndata: " + std::string(1000, 'y') + "\r\n\r\nevent: z\ndata: b\n\n";
    sink.fed = text;
    SseReader reader;
    EXPECT_EQ(reader.feed(text, sink), SseReader::Status::Ok);
    EXPECT_EQ(sink.inside, 2);
    EXPECT_EQ(reader.held(), 0u);
}

TEST(SseReader, HoldsOnlyWhatIsIncomplete) {
    Recorder sink;
    SseReader reader;
    EXPECT_EQ(reader.feed("data: a\n\ndata: bc", sink), SseReader::Status::Ok);
    EXPECT_EQ(reader.held(), 8u);
    EXPECT_EQ(reader.feed("d\nda", sink), SseReader::Status::Ok);
    EXPECT_EQ(reader.held(), 5u);
    EXPECT_EQ(reader.feed("ta: e\n\n", sink), SseReader::Status::Ok);
    EXPECT_EQ(reader.held(), 0u);
    EXPECT_EQ(sink.seen, (std::vector<std::string>{"|a", "|bcd\ne"}));
}

TEST(SseReader, ResetStartsAnew) {
    Recorder sink;
    SseReader reader;
    sink.stop_at = "a";
    EXPECT_EQ(reader.feed("data: a\n\n", sink), SseReader::Status::Stopped);
    EXPECT_EQ(reader.feed("data: b\n\n", sink), SseReader::Status::Stopped);
    reader.reset();
    EXPECT_EQ(reader.feed("\xEF\xBB\xBF"
                          "data: c\n\n",
                          sink),
              SseReader::Status::Ok);
    EXPECT_EQ(sink.seen, (std::vector<std::string>{"|a", "|c"}));
}

TEST(SseReader, EventAtTheLimit) {
    auto status_of = [](std::string_view head, size_t line_bytes, size_t feed_bytes) {
        std::string text(head);
        size_t total = text.size();
        text += "data: ";
        text.append(line_bytes - 6 - (total - static_cast<size_t>(std::count(head.begin(), head.end(), '\n'))), 'x');
        text += "\n\n";
        Recorder sink;
        SseReader reader;
        auto status = SseReader::Status::Ok;
        for (size_t at = 0; at < text.size() && status == SseReader::Status::Ok; at += feed_bytes) {
            status = reader.feed(std::string_view(text).substr(at, feed_bytes), sink);
        }
        EXPECT_EQ(sink.seen.size(), status == SseReader::Status::Ok ? 1u : 0u);
        return status;
    };
    for (size_t feed_bytes : {size_t(1) << 30, size_t(65536), size_t(100001)}) {
        for (std::string_view head : {"", "id: 7\ndata: y\nnonsense\n"}) {
            EXPECT_EQ(status_of(head, SseReader::kMaxEventBytes, feed_bytes), SseReader::Status::Ok);
            EXPECT_EQ(status_of(head, SseReader::kMaxEventBytes + 1, feed_bytes), SseReader::Status::TooLarge);
        }
    }
}

TEST(SseReader, DroppedLinesCountTowardsTheLimit) {
    Recorder sink;
    SseReader reader;
    std::string line = "id: " + std::string((1 << 20) - 4, 'x') + "\n";
    auto status = SseReader::Status::Ok;
    size_t fed = 0;
    while (status == SseReader::Status::Ok && fed < 20) {
        status = reader.feed(line, sink);
        ++fed;
    }
    EXPECT_EQ(fed, 17u);
    EXPECT_EQ(status, SseReader::Status::TooLarge);
    EXPECT_EQ(reader.feed("\n", sink), SseReader::Status::TooLarge);
    EXPECT_EQ(reader.finish(sink), SseReader::Status::TooLarge);
}

TEST(SseReader, CommentsNeverAddUp) {
    Recorder sink;
    SseReader reader;
    std::string line = ":" + std::string((1 << 20) - 1, 'x') + "\n";
    for (int i = 0; i < 40; ++i) {
        ASSERT_EQ(reader.feed(line, sink), SseReader::Status::Ok);
    }
    EXPECT_EQ(sink.seen.size(), 40u);
}

TEST(AppendSse, WritesOneNormalForm) {
    std::string out;
    append_sse(out, "", "x");
    append_sse(out, "ping", "");
    append_sse(out, "a\nb", "1\n2\r\n3\r4\n");
    EXPECT_EQ(out, "data: x\n\nevent: ping\ndata: \n\nevent: a\ndata: 1\ndata: 2\ndata: 3\ndata: 4\ndata: \n\n");
}

TEST(AppendSse, ReadsBackEqual) {
    std::string out;
    append_sse(out, "n", " lead\n\ntrail \n");
    append_sse(out, "", "");
    expect_events(out, {"n| lead\n\ntrail \n", "|"});
}
