#include "stream/inflate.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace aigw {
namespace {

using Status = Inflater::Status;

// `window`: zlib's bits for the frame.
std::string deflated(std::string_view plain, int window, int flush_every = 0) {
    z_stream z{};
    EXPECT_EQ(deflateInit2(&z, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    std::string out;
    size_t step = flush_every > 0 ? static_cast<size_t>(flush_every) : std::max<size_t>(plain.size(), 1);
    for (size_t at = 0; at <= plain.size(); at += step) {
        std::string_view piece = plain.substr(at, step);
        bool last = at + step > plain.size();
        std::string room(deflateBound(&z, piece.size()) + 64, '\0');
        z.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(piece.data()));
        z.avail_in = static_cast<uInt>(piece.size());
        z.next_out = reinterpret_cast<Bytef *>(room.data());
        z.avail_out = static_cast<uInt>(room.size());
        EXPECT_GE(deflate(&z, last ? Z_FINISH : Z_SYNC_FLUSH), Z_OK);
        out.append(room, 0, room.size() - z.avail_out);
        if (last) break;
    }
    deflateEnd(&z);
    return out;
}

constexpr int kGzip = 15 + 16, kZlib = 15, kRaw = -15;

std::string text_of(size_t bytes) {
    std::string text;
    for (size_t i = 0; text.size() < bytes; ++i) text += "data: {\"n\":" + std::to_string(i * 7919) + "}\n\n";
    return text.substr(0, bytes);
}

TEST(Inflater, ReadsEveryFrameCutAnywhere) {
    const std::string text = text_of(900);
    for (int window : {kGzip, kZlib, kRaw}) {
        const std::string packed = deflated(text, window, 100);
        for (size_t at = 0; at <= packed.size(); ++at) {
            Inflater inflater;
            std::string out;
            EXPECT_EQ(inflater.feed(packed.substr(0, at), out), Status::Ok);
            EXPECT_EQ(inflater.whole(), at == 0 || at == packed.size()) << window << " at " << at;
            EXPECT_EQ(inflater.feed(packed.substr(at), out), Status::Ok);
            EXPECT_EQ(out, text) << window << " at " << at;
            EXPECT_TRUE(inflater.whole());
        }
        Inflater inflater;
        std::string out;
        for (char byte : packed) EXPECT_EQ(inflater.feed({&byte, 1}, out), Status::Ok);
        EXPECT_EQ(out, text);
    }
}

TEST(Inflater, GivesWhatWasFlushed) {
    const std::string text = text_of(500), packed = deflated(text, kGzip, 100);
    Inflater inflater;
    std::string out;
    inflater.feed(packed.substr(0, packed.size() - 20), out);
    EXPECT_GE(out.size(), 400u);
    EXPECT_FALSE(inflater.whole());
}

TEST(Inflater, MembersFollowOneAnother) {
    Inflater inflater;
    std::string out;
    EXPECT_EQ(inflater.feed(deflated("one ", kGzip) + deflated("two", kGzip), out), Status::Ok);
    EXPECT_EQ(out, "one two");
    // What is no member is nobody's.
    EXPECT_EQ(inflater.feed(std::string("\0\0junk", 6), out), Status::Ok);
    EXPECT_EQ(out, "one two");
    EXPECT_TRUE(inflater.whole());
}

TEST(Inflater, WhatIsBrokenStaysBroken) {
    std::string packed = deflated(text_of(300), kGzip);
    packed[packed.size() - 6] ^= 1;  // the check sum
    Inflater inflater;
    std::string out;
    EXPECT_EQ(inflater.feed(packed, out), Status::Broken);
    EXPECT_EQ(inflater.feed(deflated("x", kGzip), out), Status::Broken);
    Inflater other;
    EXPECT_TRUE(other.feed("{\"id\":1}", out) != Status::Ok || !other.whole());
}

TEST(Inflater, ABombIsStopped) {
    Inflater inflater;
    std::string out;
    EXPECT_EQ(inflater.feed(deflated(std::string(Inflater::kMaxAtOnce, ' '), kGzip), out), Status::Ok);
    EXPECT_EQ(out.size(), Inflater::kMaxAtOnce);
    Inflater other;
    std::string bomb = deflated(std::string(4 * Inflater::kMaxAtOnce, ' '), kGzip);
    out.clear();
    EXPECT_EQ(other.feed(bomb, out), Status::TooLarge);
    EXPECT_LT(out.size(), Inflater::kMaxAtOnce + (64 << 10));
}

TEST(Inflater, KnowsItsCodings) {
    for (const char *coding : {"gzip", "GZIP", "x-gzip", "deflate"}) EXPECT_TRUE(Inflater::knows(coding)) << coding;
    for (const char *coding : {"", "identity", "br", "zstd", "gzip, gzip", "gzi"}) EXPECT_FALSE(Inflater::knows(coding)) << coding;
}

}  // namespace
}  // namespace aigw
