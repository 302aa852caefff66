#include "cache/remote.h"

#include <gtest/gtest.h>

namespace aigw::cache {
namespace {

TEST(CacheRemote, NamesTellNothing) {
    Key key = sha256("the whole request");
    std::string name = remote_name("aigw", key);
    EXPECT_EQ(name, "aigw:cache:1:" + hex_encode(key));
    EXPECT_NE(name, remote_name("aigw", sha256("another")));
}

TEST(CacheRemote, Commands) {
    Key key = sha256("k");
    std::string record("a\0\r\nb", 5);
    EXPECT_EQ(get_command("p", key), (Command{"GET", remote_name("p", key)}));
    EXPECT_EQ(set_command("p", key, record, 3'600'000), (Command{"SET", remote_name("p", key), record, "PX", "3600000"}));
    EXPECT_EQ(set_command("p", key, record, 0).back(), "1");
}

}  // namespace
}  // namespace aigw::cache
