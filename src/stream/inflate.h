// A body that came compressed although nobody asked for it: gzip (RFC 1952, one member after the other) or deflate, with
// zlib's frame or, as some send it, without. Its check sums are checked; what is too large at once is no answer but a bomb.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace aigw {

class Inflater {
public:
    static constexpr size_t kMaxAtOnce = 8 << 20;  // bytes that one piece of input may become

    enum class Status : uint8_t { Ok, TooLarge, Broken };

    // The value of a content-encoding.
    static bool knows(std::string_view coding);

    Inflater();
    ~Inflater();
    Inflater(const Inflater &) = delete;
    Inflater &operator=(const Inflater &) = delete;

    // Appends what the bytes hold. After anything but Ok every call returns the same.
    Status feed(std::string_view bytes, std::string &out);
    // Nothing has come, or all that was begun has come to its end.
    bool whole() const { return whole_; }

private:
    struct Stream;

    Status inflate_some(std::string &out, size_t most);
    bool restart();

    std::unique_ptr<Stream> stream_;
    std::string head_;  // the first bytes, until it is known what they begin
    bool begun_ = false;
    bool whole_ = true;
    Status status_ = Status::Ok;
};

}  // namespace aigw
