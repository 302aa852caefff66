#include "providers/host_files.h"

#include <gtest/gtest.h>

namespace aigw::providers {
namespace {

using Names = std::vector<std::string>;

constexpr std::string_view kHosts =
    "# a comment\n"
    "::1\tlocalhost ip6-localhost\n"
    "127.0.0.1 localhost\n"
    "10.0.0.7  llm.internal  LLM # old-llm\r\n"
    "10.0.0.7 llm\n"
    "nonsense llm\n"
    "10.0.0.8 llm";

TEST(HostsFile, FindsNamesAndAliasesInAnyCase) {
    EXPECT_EQ(hosts_addresses(kHosts, "llm.internal"), Names{"10.0.0.7"});
    EXPECT_EQ(hosts_addresses(kHosts, "llm"), (Names{"10.0.0.7", "10.0.0.8"}));
}

TEST(HostsFile, PutsIPv4First) {
    EXPECT_EQ(hosts_addresses(kHosts, "localhost"), (Names{"127.0.0.1", "::1"}));
}

TEST(HostsFile, IgnoresCommentsAndOtherNames) {
    EXPECT_TRUE(hosts_addresses(kHosts, "old-llm").empty());
    EXPECT_TRUE(hosts_addresses(kHosts, "10.0.0.7").empty());
    EXPECT_TRUE(hosts_addresses("", "llm").empty());
}

TEST(HostsFile, LocalhostNeedsNoFile) {
    EXPECT_EQ(hosts_addresses("", "localhost"), Names{"127.0.0.1"});
}

TEST(HostsFile, AddressesOfANameHaveALimit) {
    std::string text;
    for (int i = 0; i < 40; i++) {
        text += "10.0.0." + std::to_string(i) + " many\n";
    }
    EXPECT_EQ(hosts_addresses(text, "many").size(), kMaxHostAddresses);
}

TEST(ResolvConf, TakesNameserversOnly) {
    EXPECT_EQ(nameservers("# x\nsearch example.com\nnameserver 10.0.0.2\n nameserver\t::1 \noptions ndots:5\n"
                          "nameserver fe80::1%eth0\n;nameserver 10.0.0.3\nnameserver\nnameservers 10.0.0.4"),
              (Names{"10.0.0.2", "[::1]"}));
    EXPECT_TRUE(nameservers("").empty());
}

TEST(ResolvConf, NameserversHaveALimit) {
    std::string text;
    for (int i = 0; i < 40; i++) {
        text += "nameserver 10.0.0." + std::to_string(i) + "\n";
    }
    EXPECT_EQ(nameservers(text).size(), kMaxNameservers);
}

TEST(Address, BothFamiliesWithoutBrackets) {
    EXPECT_TRUE(is_address("127.0.0.1"));
    EXPECT_TRUE(is_address("::1"));
    EXPECT_FALSE(is_address("[::1]"));
    EXPECT_FALSE(is_address("localhost"));
    EXPECT_FALSE(is_address("1.2.3"));
    EXPECT_FALSE(is_address(""));
}

}  // namespace
}  // namespace aigw::providers
