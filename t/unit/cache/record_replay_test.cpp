// Every stream of the fuzzers' corpora that ends well: told from its record, each dialect's body is the same as told
// directly.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "../../fuzz/cache_record_check.h"
#include "source_dir.h"

namespace aigw::cache {
namespace {

struct Both : chat::DeltaSink {
    void on_delta(const chat::Delta &delta) override {
        direct.on_delta(delta);
        writer.on_delta(delta);
    }
    fuzz::Deltas direct{true};
    RecordWriter writer{1 << 20};
};

size_t replay_all(const dialects::Dialect &from, const char *corpus) {
    size_t told = 0;
    for (const auto &entry : std::filesystem::directory_iterator(std::string(AIGW_SOURCE_DIR "/t/fuzz/corpus/") + corpus)) {
        std::ifstream file(entry.path(), std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        Both both;
        fuzz::StreamDriver driver(from, both);
        driver.run(bytes, [&] { return bytes.size(); });
        auto record = both.writer.take(1);
        if (!record) {
            continue;
        }
        auto recording = read_record(*record);
        fuzz::Deltas again(true);
        recording->replay(again);
        EXPECT_NO_THROW(fuzz::require_written(again)) << entry.path();
        for (size_t i = 0; i < again.writers.size(); i++) {
            if (!again.writers[i].stream) {
                EXPECT_EQ(again.writers[i].out, both.direct.writers[i].out) << entry.path();
            }
        }
        told++;
    }
    return told;
}

TEST(CacheRecordReplay, BodiesAreTheSame) {
    EXPECT_GE(replay_all(dialects::openai_chat(), "openai_stream"), 3u);
    EXPECT_GE(replay_all(dialects::anthropic_messages(), "anthropic_stream"), 3u);
}

}  // namespace
}  // namespace aigw::cache
