#include "nginx/redis_reader.h"

#include <sys/time.h>

#include <algorithm>
#include <charconv>
#include <new>
#include <string_view>

#include <hiredis/hiredis.h>

namespace aigw::ngx {

namespace {

// The number of elements is an int or a size_t, by hiredis' version.
template <class T>
struct Argument;
template <class N>
struct Argument<void *(*)(const redisReadTask *, N)> {
    using type = N;
};
using ArraySize = Argument<decltype(redisReplyObjectFunctions::createArray)>::type;

// hiredis' own functions.
const redisReplyObjectFunctions &own_functions() {
    static const redisReplyObjectFunctions functions = [] {
        redisReader *reader = redisReaderCreate();
        if (reader == nullptr) {
            throw std::bad_alloc();
        }
        redisReplyObjectFunctions copy = *reader->fn;
        redisReaderFree(reader);
        return copy;
    }();
    return functions;
}

// An array of so many elements takes memory before any of them has come.
void *create_array(const redisReadTask *task, ArraySize size) noexcept {
    auto &elements = *static_cast<size_t *>(task->privdata);
    auto wanted = static_cast<size_t>(size);
    if (wanted > RedisReader::kMaxElements - elements) {
        return nullptr;
    }
    elements += wanted;
    return own_functions().createArray(task, size);
}

redisReplyObjectFunctions &bounded_functions() {
    static redisReplyObjectFunctions functions = [] {
        redisReplyObjectFunctions bounded = own_functions();
        bounded.createArray = create_array;
        return bounded;
    }();
    return functions;
}

void add_length(char sign, size_t length, std::string &out) {
    char text[24];
    text[0] = sign;
    char *end = std::to_chars(text + 1, text + sizeof text - 2, length).ptr;
    *end++ = '\r';
    *end++ = '\n';
    out.append(text, static_cast<size_t>(end - text));
}

}  // namespace

void FreeReply::operator()(redisReply *reply) const {
    freeReplyObject(reply);
}

RedisReader::RedisReader() : reader_(redisReaderCreateWithFunctions(&bounded_functions())) {
    if (reader_ == nullptr) {
        throw std::bad_alloc();
    }
    reader_->privdata = &elements_;
}

RedisReader::~RedisReader() {
    redisReaderFree(reader_);
}

void RedisReader::feed(const char *bytes, size_t size) {
    pending_ += size;
    broken_ = broken_ || redisReaderFeed(reader_, bytes, size) != REDIS_OK;
}

ReplyPtr RedisReader::next() {
    void *reply = nullptr;
    if (broken_ || redisReaderGetReply(reader_, &reply) != REDIS_OK) {
        broken_ = true;
        return nullptr;
    }
    if (reply != nullptr) {
        pending_ = reader_->len - reader_->pos;
        elements_ = 0;
    } else if (pending_ > kMaxReply) {
        broken_ = true;
    }
    return ReplyPtr(static_cast<redisReply *>(reply));
}

void encode_command(const Command &command, std::string &out) {
    constexpr size_t kLengthBytes = 10;  // of a usual word's, and its line ends
    if (size_t more = command.bytes() + kLengthBytes * (command.size() + 1); out.capacity() - out.size() < more) {
        out.reserve(std::max(out.size() + more, 2 * out.capacity()));
    }
    add_length('*', command.size(), out);
    for (size_t i = 0; i < command.size(); i++) {
        std::string_view word = command[i];
        add_length('$', word.size(), out);
        out += word;
        out += "\r\n";
    }
}

Command decode_command(const char *bytes, size_t size) {
    RedisReader reader;
    reader.feed(bytes, size);
    ReplyPtr command = reader.next();
    Command words;
    if (command != nullptr && command->type == REDIS_REPLY_ARRAY) {
        for (size_t i = 0; i < static_cast<size_t>(command->elements); i++) {
            words.add({command->element[i]->str, static_cast<size_t>(command->element[i]->len)});
        }
    }
    return words;
}

}  // namespace aigw::ngx
