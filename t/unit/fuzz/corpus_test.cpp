// The fuzzers' hand-made inputs, and every cut of them, without a fuzzer.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "../../fuzz/aws_frames_check.h"
#include "../../fuzz/form_data_check.h"
#include "../../fuzz/guards_check.h"
#include "../../fuzz/json_check.h"
#include "../../fuzz/json_splice_check.h"
#include "../../fuzz/sse_check.h"
#include "source_dir.h"

namespace {

constexpr size_t kFewest = 10;

template <class Check>
void run_corpus(const std::string &parser, Check check) {
    size_t files = 0;
    for (const auto &entry : std::filesystem::directory_iterator(AIGW_SOURCE_DIR "/t/fuzz/corpus/" + parser)) {
        std::ifstream file(entry.path(), std::ios::binary);
        std::string bytes{std::istreambuf_iterator<char>(file), {}};
        for (size_t cut = 0; cut <= bytes.size(); ++cut) {
            EXPECT_NO_THROW(check(std::string_view(bytes).substr(0, cut))) << entry.path() << " cut at " << cut;
        }
        ++files;
    }
    EXPECT_GE(files, kFewest) << parser;
}

}  // namespace

TEST(FuzzCorpus, Json) { run_corpus("json", aigw::fuzz::check_json); }
TEST(FuzzCorpus, JsonSplice) { run_corpus("json_splice", aigw::fuzz::check_json_splice); }
TEST(FuzzCorpus, Sse) { run_corpus("sse", aigw::fuzz::check_sse); }
TEST(FuzzCorpus, FormData) { run_corpus("form_data", aigw::fuzz::check_form_data); }
TEST(FuzzCorpus, AwsFrames) { run_corpus("aws_frames", aigw::fuzz::check_aws_frames); }
TEST(FuzzCorpus, Guards) { run_corpus("guards", aigw::fuzz::check_guards); }
