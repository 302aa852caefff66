#include "identity/key_table.h"

#include <gtest/gtest.h>

#include <random>

namespace aigw::identity {
namespace {

KeyEntry entry(size_t i) {
    KeyEntry key;
    key.identity.key_id = "key-" + std::to_string(i);
    key.identity.team = "team-" + std::to_string(i % 100);
    key.digests = {sha256("secret-" + std::to_string(i))};
    key.expires = static_cast<UnixSeconds>(i);
    return key;
}

std::string build(size_t keys) {
    KeyTableBuilder builder;
    for (size_t i = 0; i < keys; i++) {
        EXPECT_TRUE(builder.add(entry(i)));
    }
    while (true) {
        auto ready = builder.index(1000);
        EXPECT_TRUE(ready) << ready.error();
        if (!ready || *ready) {
            break;
        }
    }
    std::string table(builder.bytes(), '\0');
    builder.copy(0, table);
    return table;
}

TEST(KeyTable, HoldsAHundredThousandKeys) {
    constexpr size_t kKeys = 100'000;
    std::string table = build(kKeys);
    EXPECT_LT(table.size(), kKeys * 120);
    KeyTable keys(table.data(), table.size());
    EXPECT_EQ(keys.size(), kKeys);
    KeyTable::Found found;
    for (size_t i = 0; i < kKeys; i++) {
        ASSERT_TRUE(keys.find(sha256("secret-" + std::to_string(i)), found)) << i;
        ASSERT_EQ(found.expires, static_cast<UnixSeconds>(i));
        Identity identity;
        ASSERT_TRUE(KeyTable::decode(found.record, identity));
        ASSERT_EQ(identity.key_id, "key-" + std::to_string(i));
        ASSERT_FALSE(keys.find(sha256("wrong-" + std::to_string(i)), found));
    }
}

TEST(KeyTable, NearlyEqualDigestIsAnother) {
    std::string table = build(10);
    KeyTable keys(table.data(), table.size());
    Sha256 digest = sha256("secret-3");
    KeyTable::Found found;
    ASSERT_TRUE(keys.find(digest, found));
    for (size_t byte = 0; byte < digest.size(); byte++) {
        Sha256 other = digest;
        other[byte] ^= 1;
        EXPECT_FALSE(keys.find(other, found)) << byte;
    }
}

TEST(KeyTable, DigestsWithTheSameHomeAreAllFound) {
    KeyTableBuilder builder;
    KeyEntry key = entry(0);
    key.digests.clear();
    for (uint8_t i = 0; i < kMaxDigests; i++) {
        Sha256 digest{};
        digest[31] = i;  // home and tag are equal
        key.digests.push_back(digest);
    }
    ASSERT_TRUE(builder.add(key));
    for (auto ready = builder.index(100); !*ready; ready = builder.index(100)) {
    }
    std::string table(builder.bytes(), '\0');
    builder.copy(0, table);
    KeyTable keys(table.data(), table.size());
    KeyTable::Found found;
    for (const Sha256 &digest : key.digests) {
        EXPECT_TRUE(keys.find(digest, found));
    }
    Sha256 other{};
    other[31] = kMaxDigests;
    EXPECT_FALSE(keys.find(other, found));
}

TEST(KeyTable, MemoryThatIsNoTableHasNoKeys) {
    KeyTable::Found found;
    EXPECT_FALSE(KeyTable(nullptr, 0).find(Sha256{}, found));
    std::string zeros(4096, '\0');
    EXPECT_FALSE(KeyTable(zeros.data(), zeros.size()).find(Sha256{}, found));
    std::string table = build(10);
    EXPECT_FALSE(KeyTable(table.data(), table.size() - 1).find(sha256("secret-3"), found)) << "a table that is cut";
}

// A writer is at work: whatever stands there, nothing outside is read (the sanitizers watch) and it ends.
TEST(KeyTable, TornMemoryIsReadWithinItsBounds) {
    std::string whole = build(50);
    std::mt19937 random(7);
    for (int round = 0; round < 20'000; round++) {
        auto torn = std::make_unique<char[]>(whole.size());
        std::copy(whole.begin(), whole.end(), torn.get());
        for (int n = 0; n < 8; n++) {
            size_t at = round % 2 ? random() % whole.size() : random() % 64;
            torn[at] = static_cast<char>(random());
        }
        KeyTable keys(torn.get(), whole.size());
        KeyTable::Found found;
        if (keys.find(sha256("secret-" + std::to_string(random() % 60)), found)) {
            Identity identity;
            (void)KeyTable::decode(found.record, identity);
        }
    }
}

TEST(KeyTable, CutRecordsAreRefused) {
    std::string table = build(3);
    KeyTable::Found found;
    ASSERT_TRUE(KeyTable(table.data(), table.size()).find(sha256("secret-1"), found));
    Identity identity;
    for (size_t n = 0; n < found.record.size(); n++) {
        EXPECT_FALSE(KeyTable::decode(std::string_view(found.record).substr(0, n), identity)) << n;
    }
    EXPECT_FALSE(KeyTable::decode(found.record + "x", identity));
}

}  // namespace
}  // namespace aigw::identity
