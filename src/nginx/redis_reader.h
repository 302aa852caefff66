// Bytes of Redis to replies, by hiredis' reader, within bounds: a reply that would be longer, or hold more, is none.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "core/command.h"

struct redisReader;
struct redisReply;

namespace aigw::ngx {

struct FreeReply {
    void operator()(redisReply *reply) const;
};
using ReplyPtr = std::unique_ptr<redisReply, FreeReply>;

class RedisReader {
public:
    static constexpr size_t kMaxReply = 16 << 20;    // bytes of one reply
    static constexpr size_t kMaxElements = 4096;     // of all arrays of one reply; hiredis bounds the depth (7 or 9)

    RedisReader();
    ~RedisReader();
    RedisReader(const RedisReader &) = delete;

    void feed(const char *bytes, size_t size);
    // The next whole reply; null: more bytes are needed, or nothing will ever come of them.
    ReplyPtr next();
    bool broken() const { return broken_; }

private:
    redisReader *reader_;
    size_t pending_ = 0;        // bytes since the last whole reply
    size_t elements_ = 0;       // of the reply that is being read
    bool broken_ = false;
};

// One command as Redis reads it, appended.
void encode_command(const Command &command, std::string &out);
// Its words again; none if it is not one.
Command decode_command(const char *bytes, size_t size);

}  // namespace aigw::ngx
