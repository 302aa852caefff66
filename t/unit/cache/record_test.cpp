#include "cache/record.h"

#include <gtest/gtest.h>

#include "../../fuzz/cache_record_check.h"

namespace aigw::cache {
namespace {

using chat::Delta;
using chat::FinishReason;
using Kind = Delta::Kind;

constexpr UnixSeconds kNow = 1'790'000'000;
constexpr size_t kRoom = 1 << 20;

JsonText text(std::string_view escaped) { return {escaped}; }

// A short answer, piece by piece.
struct Teller {
    explicit Teller(chat::DeltaSink &sink) : sink(sink) {}

    Teller &start() { return tell({.kind = Kind::Start, .id = text("id-1"), .name = text("gpt")}); }
    Teller &say(std::string_view escaped, uint32_t choice = 0, Kind kind = Kind::Text, uint32_t index = 0) {
        return tell({.kind = kind, .choice = choice, .index = index, .text = text(escaped)});
    }
    Teller &call(uint32_t index, std::string_view name) {
        return tell({.kind = Kind::ToolStart, .index = index, .id = text("call"), .name = text(name)});
    }
    Teller &call_end(uint32_t index) { return tell({.kind = Kind::ToolEnd, .index = index}); }
    Teller &finish(FinishReason reason = FinishReason::Stop, uint32_t choice = 0) {
        return tell({.kind = Kind::Finish, .choice = choice, .text = text("stop"), .finish = reason});
    }
    Teller &usage() { return tell({.kind = Kind::Usage, .usage = &kUsage}); }
    Teller &end() { return tell({.kind = Kind::End}); }
    Teller &tell(const Delta &delta) {
        sink.on_delta(delta);
        return *this;
    }

    static constexpr chat::Usage kUsage{100, 20, 30, 5, 7};
    chat::DeltaSink &sink;
};

struct Log : chat::DeltaSink {
    void on_delta(const Delta &delta) override {
        log += std::to_string(int(delta.kind)) + ":" + std::to_string(delta.choice) + ":" + std::to_string(delta.index) + ":"
               + std::string(delta.text.escaped) + " ";
        usage = delta.usage != nullptr ? std::optional(*delta.usage) : usage;
    }
    std::string log;
    std::optional<chat::Usage> usage;
};

std::string log_of(const std::optional<Recording> &recording) {
    Log log;
    recording->replay(log);
    return log.log;
}

TEST(CacheRecord, TellsWhatItHeard) {
    RecordWriter writer(kRoom);
    Teller(writer).start().say("hm", 0, Kind::Reasoning).say("sig", 0, Kind::Signature).say("Hel").say("lo\\n").say("");
    Teller(writer).call(0, "f").say("{\\\"a\\\":", 0, Kind::ToolArgs).say("1}", 0, Kind::ToolArgs).call_end(0);
    Teller(writer).finish(FinishReason::ToolCalls).usage().end();
    auto record = writer.take(kNow);
    ASSERT_TRUE(record);
    EXPECT_FALSE(writer.take(kNow)) << "once";
    auto recording = read_record(*record);
    ASSERT_TRUE(recording);
    EXPECT_EQ(recording->created, kNow);
    EXPECT_EQ(recording->usage, Teller::kUsage);
    EXPECT_EQ(recording->deltas.front().name.escaped, "gpt");
    EXPECT_EQ(log_of(recording), "0:0:0: 2:0:0:hm 3:0:0:sig 1:0:0:Hello\\n 6:0:0: 7:0:0:{\\\"a\\\":1} 8:0:0: 9:0:0:stop 10:0:0: 11:0:0: ");
    Log log;
    recording->replay(log);
    EXPECT_EQ(log.usage, Teller::kUsage);
    EXPECT_NO_THROW(fuzz::check_cache_record(*record));
}

TEST(CacheRecord, ChoicesThatTakeTurnsAreJoinedEach) {
    RecordWriter writer(kRoom);
    Teller teller(writer);
    teller.start();
    for (int i = 0; i < 10'000; i++) {
        teller.say("a", 0).say("b", 1);
    }
    teller.finish(FinishReason::Stop, 1).finish(FinishReason::Stop, 0).end();
    auto record = writer.take(kNow);
    ASSERT_TRUE(record);
    auto recording = read_record(*record);
    ASSERT_EQ(recording->deltas.size(), 5u);
    EXPECT_EQ(recording->deltas[1].text.escaped, std::string(10'000, 'a'));
    EXPECT_EQ(recording->deltas[2].text.escaped, std::string(10'000, 'b'));
    EXPECT_FALSE(recording->usage);
}

TEST(CacheRecord, OnlyWholeNormalAnswers) {
    auto made = [](auto tell) {
        RecordWriter writer(kRoom);
        Teller teller(writer);
        tell(teller);
        return writer.take(kNow).has_value();
    };
    EXPECT_TRUE(made([](Teller &t) { t.start().say("a").finish().end(); }));
    EXPECT_TRUE(made([](Teller &t) { t.start().call(0, "f").call_end(0).finish(FinishReason::ToolCalls).end(); }));
    EXPECT_FALSE(made([](Teller &t) { t.start().say("a").finish(); })) << "cut";
    EXPECT_FALSE(made([](Teller &t) { t.start().say("a").end(); })) << "no finish";
    EXPECT_FALSE(made([](Teller &t) { t.start().say("a").say("b", 1).finish().end(); })) << "one choice without";
    EXPECT_FALSE(made([](Teller &t) { t.start().say("a").finish(FinishReason::Length).end(); }));
    EXPECT_FALSE(made([](Teller &t) { t.start().say("a").finish(FinishReason::ContentFilter).end(); }));
    EXPECT_FALSE(made([](Teller &t) { t.start().say("a").finish(FinishReason::None).end(); }));
    EXPECT_FALSE(made([](Teller &t) { t.start().finish().end(); })) << "nothing to tell";
    EXPECT_FALSE(made([](Teller &) {}));
    EXPECT_FALSE(made([](Teller &t) {
        chat::ApiError error;
        t.start().say("a").tell({.kind = Kind::Error, .error = &error}).finish().end();
    }));
    RecordWriter spoiled(kRoom);
    Teller(spoiled).start().say("a").finish().end();
    spoiled.spoil();
    EXPECT_FALSE(spoiled.take(kNow));
}

TEST(CacheRecord, BoundsItsMemory) {
    for (size_t size : {size_t(100), size_t(1000)}) {
        RecordWriter writer(1000);
        Teller teller(writer);
        teller.start();
        for (size_t i = 0; i < size; i++) {
            teller.say("abcd");
        }
        teller.finish().end();
        EXPECT_EQ(writer.spoiled(), size == 1000);
        EXPECT_EQ(writer.take(kNow).has_value(), size == 100);
    }
    RecordWriter pieces(kRoom);
    Teller teller(pieces);
    teller.start();
    for (uint32_t i = 0; i < kMaxEntries; i++) {
        teller.call(i, "f").call_end(i);
    }
    EXPECT_TRUE(pieces.spoiled());
    RecordWriter choices(kRoom);
    Teller(choices).start().say("a", kMaxChoices);
    EXPECT_TRUE(choices.spoiled());
}

TEST(CacheRecord, TheLargestRecordIsReadAgain) {
    RecordWriter writer(64 << 20);
    Teller teller(writer);
    teller.start();
    for (uint32_t i = 0; i < (kMaxEntries - 2) / 2; i++) {
        teller.call(i, "f").call_end(i);
    }
    teller.finish(FinishReason::ToolCalls).end();
    auto record = writer.take(kNow);
    ASSERT_TRUE(record);
    EXPECT_EQ(read_record(*record)->deltas.size(), kMaxEntries);
}

std::string good_record() {
    RecordWriter writer(kRoom);
    Teller(writer).start().say("why", 0, Kind::Reasoning).say("a\\u00e9\xC3\xA9", 0).say("z", 1).call(0, "f")
        .say("{}", 0, Kind::ToolArgs).call_end(0).finish(FinishReason::ToolCalls).finish(FinishReason::Stop, 1).usage().end();
    return *writer.take(kNow);
}

TEST(CacheRecord, DamageIsRefusedOrHarmless) {
    const std::string record = good_record();
    ASSERT_NO_THROW(fuzz::check_cache_record(record));
    for (size_t size = 0; size < record.size(); size++) {
        EXPECT_FALSE(read_record(std::string_view(record).substr(0, size))) << size;
    }
    EXPECT_FALSE(read_record(record + "x"));
    for (size_t i = 0; i < record.size(); i++) {
        for (int byte = int(i % 5); byte < 256; byte += 5) {
            std::string bad = record;
            bad[i] = static_cast<char>(byte);
            ASSERT_NO_THROW(fuzz::check_cache_record(bad)) << i << " " << byte;
        }
    }
}

TEST(CacheRecord, RefusesTextsThatAreNoJson) {
    for (const char *bad : {"\"", "\\", "a\\", "\\x", "\\u12", "\\u12g4", "\n", "\xC3", "\xED\xA0\x80", "\xFF", "a\"b", "\\ud83d", "\\ude00\\ud83d"}) {
        RecordWriter writer(kRoom);
        Teller(writer).start().say(bad).finish().end();
        EXPECT_FALSE(writer.take(kNow)) << bad;
    }
    for (const char *good : {"\\\"", "\\\\", "\\u12aF", "\\ud83d\\ude00", "\\/\\b\\f\\n\\r\\t", "\x7f", "\xF0\x9F\x98\x80"}) {
        RecordWriter writer(kRoom);
        Teller(writer).start().say(good).finish().end();
        EXPECT_TRUE(writer.take(kNow)) << good;
    }
}

}  // namespace
}  // namespace aigw::cache
