#include "nginx/redis_queue.h"

#include <gtest/gtest.h>

#include <memory>

#include "limits/quota_script.h"
#include "nginx/redis_reader.h"

namespace aigw::ngx {
namespace {

struct Asker final : RedisAsker {
    void on_reply(const redisReply *) override {}
};

// The last words of the commands in these bytes.
std::vector<std::string> last_words(std::string_view bytes) {
    std::vector<std::string> out;
    while (!bytes.empty()) {
        std::string again;
        size_t size = 0;
        do {  // the shortest front that is a whole command
            size = bytes.find('*', size + 1);
            size = size == bytes.npos ? bytes.size() : size;
        } while (decode_command(bytes.data(), size).empty() && size < bytes.size());
        out.emplace_back(decode_command(bytes.data(), size).back());
        bytes.remove_prefix(size);
    }
    return out;
}

using List = std::vector<std::string>;

void send_all(RedisQueue &queue) { queue.sent(queue.unsent().size()); }

TEST(RedisQueue, KeepsTheOrder) {
    RedisQueue queue;
    Asker one, two;
    queue.ask(one, {"GET", "a"}, 0);
    queue.post({"SET", "b"});
    queue.ask(two, {"GET", "c"}, 0);
    EXPECT_EQ(last_words(queue.unsent()), (List{"a", "b", "c"}));
    EXPECT_FALSE(queue.expected());
    send_all(queue);
    EXPECT_TRUE(queue.under_way() && queue.posting() && one.asking());
    ASSERT_TRUE(queue.expected());
    EXPECT_EQ(queue.take_first(), &one);
    EXPECT_FALSE(one.asking());
    EXPECT_TRUE(queue.first_is_posted());
    EXPECT_EQ(queue.take_first(), nullptr);
    EXPECT_EQ(queue.take_first(), &two);
    EXPECT_TRUE(queue.empty() && !queue.under_way() && !queue.expected());
}

TEST(RedisQueue, ExpectsNoReplyToWhatIsNotSentWhole) {
    RedisQueue queue;
    queue.post({"SET", "a"});
    queue.sent(queue.unsent().size() - 1);
    EXPECT_FALSE(queue.expected());
    queue.sent(1);
    EXPECT_TRUE(queue.expected());
}

TEST(RedisQueue, AnAskerMayGo) {
    RedisQueue queue;
    auto asker = std::make_unique<Asker>();
    queue.ask(*asker, {"GET", "a"}, 0);
    asker.reset();
    send_all(queue);
    EXPECT_EQ(queue.take_first(), nullptr);
    auto lost = std::make_unique<Asker>(), other = std::make_unique<Asker>();
    queue.ask(*lost, {"GET", "a"}, 0);
    queue.ask(*other, {"GET", "b"}, 0);
    queue.lose();
    EXPECT_EQ(queue.take_lost(), lost.get());
    other.reset();  // ended by the one before
    EXPECT_EQ(queue.take_lost(), nullptr);
}

TEST(RedisQueue, AQueueMayGoBeforeItsAskers) {
    Asker asker, lost;
    {
        RedisQueue queue;
        queue.ask(lost, {"GET", "a"}, 0);
        queue.lose();
        queue.ask(asker, {"GET", "a"}, 0);
    }
    EXPECT_FALSE(asker.asking() || lost.asking());
}

TEST(RedisQueue, LosesAsksAndKeepsPosts) {
    RedisQueue queue;
    Asker one, two;
    for (std::string_view word : {"1", "2"}) {
        queue.post({"SET", std::string(word)});
    }
    send_all(queue);
    queue.take_first();  // 1 is done
    queue.ask(one, {"GET", "x"}, 0);
    queue.post({"SET", "3"});
    queue.ask(two, {"GET", "y"}, 0);
    queue.keep({"SET", "4"});
    queue.lose();
    EXPECT_EQ(queue.take_lost(), &one);
    Asker anew;
    queue.ask(anew, {"GET", "z"}, 0);
    EXPECT_EQ(queue.take_lost(), &two);
    EXPECT_EQ(queue.take_lost(), nullptr);
    EXPECT_EQ(queue.kept(), 3u);
    queue.refill();
    EXPECT_EQ(last_words(queue.unsent()), (List{"z", "2", "3", "4"}));
    EXPECT_EQ(queue.kept(), 0u);
}

TEST(RedisQueue, RefillsAFewAtATime) {
    RedisQueue queue;
    for (size_t i = 0; i < RedisQueue::kBatch * 3; i++) {
        queue.keep({"SET", std::to_string(i)});
    }
    size_t next = 0;
    while (!queue.empty() || queue.kept() != 0) {
        queue.refill();
        List sent = last_words(queue.unsent());
        send_all(queue);
        ASSERT_LE(sent.size(), RedisQueue::kBatch);
        for (const std::string &word : sent) {
            EXPECT_EQ(word, std::to_string(next++));
        }
        while (queue.expected() && !queue.wants_refill()) {
            queue.take_first();
        }
    }
    EXPECT_EQ(next, RedisQueue::kBatch * 3);
}

TEST(RedisQueue, RefillsOneThatIsLong) {
    RedisQueue queue;
    std::string longer(RedisQueue::kBatchBytes + 1, 'x');
    queue.keep({"SET", longer});
    queue.keep({"SET", "a"});
    queue.refill();
    EXPECT_EQ(queue.kept(), 1u);
    EXPECT_GT(queue.unsent().size(), RedisQueue::kBatchBytes);
}

TEST(RedisQueue, TheOldestGoFirst) {
    RedisQueue queue;
    for (size_t i = 0; i < RedisQueue::kMaxPosted + 2; i++) {
        queue.keep({"SET", std::to_string(i)});
    }
    EXPECT_EQ(queue.kept(), RedisQueue::kMaxPosted);
    EXPECT_EQ(queue.take_dropped(), 2u);
    EXPECT_EQ(queue.take_dropped(), 0u);
    queue.refill();
    EXPECT_EQ(last_words(queue.unsent()).front(), "2");
}

TEST(RedisQueue, BoundsTheBytesThatAreKept) {
    RedisQueue queue;
    std::string megabyte((1 << 20) - 100, 'x');
    for (size_t i = 0; i < RedisQueue::kMaxPostedBytes >> 20; i++) {
        queue.keep({"SET", megabyte});
    }
    EXPECT_EQ(queue.take_dropped(), 0u);
    queue.keep({"SET", megabyte});
    EXPECT_EQ(queue.take_dropped(), 1u);
    EXPECT_EQ(queue.kept(), RedisQueue::kMaxPostedBytes >> 20);
    queue.keep({"SET", std::string(RedisQueue::kMaxPostedBytes, 'x')});  // none of them has room beside it, nor has it
    EXPECT_EQ(queue.kept(), 0u);
}

TEST(RedisQueue, BoundsWhatIsUnderWay) {
    RedisQueue queue;
    std::vector<std::unique_ptr<Asker>> askers;
    while (queue.room()) {
        askers.push_back(std::make_unique<Asker>());
        queue.ask(*askers.back(), {"GET"}, 0);
    }
    EXPECT_EQ(askers.size(), RedisQueue::kMaxWaiting);
    send_all(queue);
    queue.take_first();
    EXPECT_TRUE(queue.room());
    RedisQueue other;
    other.post({"SET", std::string(RedisQueue::kMaxWaitingBytes, 'x')});
    EXPECT_FALSE(other.room());
}

TEST(RedisQueue, ForgetsWhatIsDone) {
    RedisQueue queue;
    std::string text(1000, 'x');
    queue.post({"SET", text});
    for (int i = 0; i < 10'000; i++) {  // never empty
        queue.post({"SET", text});
        send_all(queue);
        ASSERT_TRUE(queue.expected());
        queue.take_first();
    }
    queue.post({"SET", "a"});
    EXPECT_EQ(last_words(queue.unsent()), List{"a"});
}

TEST(RedisQueue, RepeatsAScriptThatIsNotKnown) {
    RedisQueue queue;
    Asker asker, other;
    queue.ask(asker, {"EVALSHA", limits::quota_script_sha1(), "0", "x"}, 7);
    queue.ask(other, {"GET", "a"}, 9);
    send_all(queue);
    ASSERT_TRUE(queue.repeat_first());
    EXPECT_TRUE(asker.asking());
    Command words = decode_command(queue.unsent().data(), queue.unsent().size());
    EXPECT_EQ(words, (Command{"EVAL", limits::quota_script(), "0", "x"}));
    EXPECT_EQ(queue.earliest(), 7u);
    send_all(queue);
    EXPECT_EQ(queue.take_first(), &other);
    EXPECT_FALSE(queue.repeat_first());
    EXPECT_EQ(queue.take_first(), &asker);
}

TEST(RedisQueue, KnowsTheFirstToBeLate) {
    RedisQueue queue;
    Asker one, two, three;
    EXPECT_EQ(queue.earliest(), 0u);
    queue.post({"SET", "a"});
    EXPECT_EQ(queue.earliest(), 0u);
    queue.ask(one, {"GET", "a"}, 5);
    queue.ask(two, {"GET", "a"}, 0);
    queue.ask(three, {"GET", "a"}, 0);
    queue.stamp(8);
    EXPECT_EQ(queue.earliest(), 5u);
    send_all(queue);
    queue.take_first();
    queue.take_first();
    EXPECT_EQ(queue.earliest(), 8u);
}

}  // namespace
}  // namespace aigw::ngx
