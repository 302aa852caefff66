#include "nginx/redis_reader.h"

#include <gtest/gtest.h>
#include <sys/time.h>

#include <hiredis/hiredis.h>

namespace aigw::ngx {
namespace {

// A reply as text: what was read, and nothing else.
std::string told(const redisReply &reply) {
    switch (reply.type) {
    case REDIS_REPLY_STRING:
        return '"' + std::string(reply.str, static_cast<size_t>(reply.len)) + '"';
    case REDIS_REPLY_STATUS:
        return '+' + std::string(reply.str, static_cast<size_t>(reply.len));
    case REDIS_REPLY_ERROR:
        return '-' + std::string(reply.str, static_cast<size_t>(reply.len));
    case REDIS_REPLY_INTEGER:
        return std::to_string(reply.integer);
    case REDIS_REPLY_NIL:
        return "nil";
    default:
        break;
    }
    std::string all = "[";
    for (size_t i = 0; i < static_cast<size_t>(reply.elements); i++) {
        all += (i != 0 ? " " : "") + told(*reply.element[i]);
    }
    return all + "]";
}

void take_all(RedisReader &reader, std::vector<std::string> &out) {
    while (ReplyPtr reply = reader.next()) {
        out.push_back(told(*reply));
    }
    if (reader.broken()) {
        out.push_back("broken");
    }
}

std::vector<std::string> read(std::string_view bytes, size_t piece) {
    RedisReader reader;
    std::vector<std::string> out;
    for (size_t at = 0; at < bytes.size() && !reader.broken(); at += piece) {
        std::string_view part = bytes.substr(at, piece);
        reader.feed(part.data(), part.size());
        take_all(reader, out);
    }
    return out;
}

const std::string kAll = "+OK\r\n-ERR no\r\n:-42\r\n$5\r\na\r\nb\r\r\n$-1\r\n*-1\r\n*0\r\n$0\r\n\r\n"
                         "*4\r\n:1\r\n$1\r\nx\r\n*2\r\n+a\r\n$-1\r\n-E\r\n+last\r\n";
const std::vector<std::string> kTold = {"+OK", "-ERR no", "-42", "\"a\r\nb\r\"", "nil", "nil", "[]", "\"\"",
                                        "[1 \"x\" [+a nil] -E]", "+last"};

TEST(RedisReader, ReadsWhole) { EXPECT_EQ(read(kAll, kAll.size()), kTold); }

TEST(RedisReader, ReadsByteByByte) { EXPECT_EQ(read(kAll, 1), kTold); }

TEST(RedisReader, ReadsSplitAtEveryPoint) {
    for (size_t split = 1; split < kAll.size(); split++) {
        RedisReader reader;
        std::vector<std::string> out;
        reader.feed(kAll.data(), split);
        take_all(reader, out);
        reader.feed(kAll.data() + split, kAll.size() - split);
        take_all(reader, out);
        ASSERT_EQ(out, kTold) << split;
    }
}

TEST(RedisReader, BreaksOnWhatIsNoReply) {
    for (std::string_view bad : {"HTTP/1.1 400\r\n", "%1\r\n+a\r\n+b\r\n", "$-2\r\n", ":1x\r\n", "$99999999999999999999\r\n",
                                 "*99999999999999999999\r\n", "*-2\r\n"}) {
        EXPECT_EQ(read(bad, bad.size()), std::vector<std::string>{"broken"}) << bad;
        EXPECT_EQ(read(bad, 1), std::vector<std::string>{"broken"}) << bad;
    }
}

TEST(RedisReader, IsSilentOnceBroken) {
    RedisReader reader;
    std::vector<std::string> out;
    reader.feed("?\r\n+OK\r\n", 8);
    take_all(reader, out);
    reader.feed("+OK\r\n", 5);
    take_all(reader, out);
    EXPECT_EQ(out, (std::vector<std::string>{"broken", "broken"}));
}

TEST(RedisReader, BoundsTheElements) {
    std::string parts;
    for (size_t i = 0; i < RedisReader::kMaxElements - 2; i++) {
        parts += ":1\r\n";
    }
    std::string inner = '*' + std::to_string(RedisReader::kMaxElements - 2) + "\r\n" + parts;
    std::string most = "*2\r\n:7\r\n" + inner, more = "*3\r\n:7\r\n:7\r\n" + inner;
    std::vector<std::string> twice = read(most + most, 1000);  // counted for each reply
    EXPECT_EQ(twice.size(), 2u);
    EXPECT_NE(twice.back(), "broken");
    EXPECT_EQ(read(more, 1000), std::vector<std::string>{"broken"});
    // An array that will never come: nothing is kept for its elements.
    EXPECT_EQ(read("*2147483647\r\n", 100), std::vector<std::string>{"broken"});
}

TEST(RedisReader, BoundsTheDepth) {
    std::string deep;
    for (int i = 0; i < 50; i++) {
        deep += "*1\r\n";
    }
    EXPECT_EQ(read(deep, 7), std::vector<std::string>{"broken"});
}

TEST(RedisReader, BoundsTheBytes) {
    constexpr size_t kPiece = 1 << 20;
    std::string head = '$' + std::to_string(RedisReader::kMaxReply + kPiece) + "\r\n", piece(kPiece, 'a');
    RedisReader reader;
    reader.feed(head.data(), head.size());
    size_t fed = head.size();
    while (fed + kPiece <= RedisReader::kMaxReply) {
        reader.feed(piece.data(), piece.size());
        fed += piece.size();
        EXPECT_EQ(reader.next(), nullptr);
        ASSERT_FALSE(reader.broken()) << fed;
    }
    reader.feed(piece.data(), piece.size());
    EXPECT_EQ(reader.next(), nullptr);
    EXPECT_TRUE(reader.broken());
}

TEST(RedisReader, CountsBytesOfEachReplyAlone) {
    std::string one = "$" + std::to_string(3 << 20) + "\r\n" + std::string(3 << 20, 'x') + "\r\n";
    RedisReader reader;
    for (int i = 0; i < 8; i++) {
        reader.feed(one.data(), one.size());
        ReplyPtr reply = reader.next();
        ASSERT_NE(reply, nullptr);
        EXPECT_EQ(static_cast<size_t>(reply->len), size_t(3 << 20));
    }
}

TEST(RedisCommand, IsWhatItWas) {
    const Command words = {"SET", "", std::string("a\0b", 3), "\r\n", std::string(100'000, 'x')};
    std::string bytes = "before";
    encode_command(words, bytes);
    EXPECT_EQ(bytes.substr(0, 6), "before");
    EXPECT_EQ(decode_command(bytes.data() + 6, bytes.size() - 6), words);
    std::string ping;
    encode_command({"PING"}, ping);
    EXPECT_EQ(ping, "*1\r\n$4\r\nPING\r\n");
}

TEST(RedisCommand, IsNotAnythingElse) {
    EXPECT_TRUE(decode_command("+OK\r\n", 5).empty());
    EXPECT_TRUE(decode_command("*1\r\n", 4).empty());
    EXPECT_TRUE(decode_command("", 0).empty());
}

}  // namespace
}  // namespace aigw::ngx
