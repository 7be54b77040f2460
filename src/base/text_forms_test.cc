// What people write and are shown: addresses, lengths of time, quoted bytes.
#include <gtest/gtest.h>

#include "base/duration.h"
#include "base/host_port.h"
#include "base/quoted.h"

namespace mydis {
namespace {

TEST(HostPort, ParsesAndPrints) {
  for (const char* text : {"db1:2382", "[::1]:2382", "127.0.0.1:1", "h:65535"}) {
    const Result<HostPort> parsed = ParseHostPort(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->ToString(), text);
  }
  EXPECT_EQ(ParseHostPort("db1", 7)->port, 7);
  EXPECT_EQ(ParseHostPort("[fe80::1]", 7)->host, "fe80::1");
  EXPECT_EQ(ParseHostPorts("a:1,b:2,c", 3)->size(), 3u);
}

TEST(HostPort, RefusesWhatIsNone) {
  for (const char* text : {"", ":1", "db1:", "db1:0", "db1:65536", "db1:1x", "::1:5", "[::1",
                           "[::1]5", "[]:1", "db1", "[::1]:"}) {
    const Result<HostPort> parsed = ParseHostPort(text);
    EXPECT_FALSE(parsed) << text;
    EXPECT_FALSE(!parsed && parsed.error().message().empty());
  }
  EXPECT_FALSE(ParseHostPorts("a:1,,b:2"));
  EXPECT_FALSE(ParseHostPorts("a:1,"));
}

TEST(Duration, ParsesAndPrints) {
  EXPECT_EQ(*ParseDuration("0"), 0);
  EXPECT_EQ(*ParseDuration("500ms"), 500);
  EXPECT_EQ(*ParseDuration("1.5s"), 1500);
  EXPECT_EQ(*ParseDuration("2m"), 120'000);
  EXPECT_EQ(*ParseDuration("1d"), 86'400'000);
  for (const char* text :
       {"", "10", "s", "-1s", "1w", "1 s", "1e3s", "inf", "0.5ms", "99999999999999d"})
    EXPECT_FALSE(ParseDuration(text)) << text;
  EXPECT_EQ(FormatDuration(0), "0ms");
  EXPECT_EQ(FormatDuration(1500), "1500ms");
  EXPECT_EQ(FormatDuration(120'000), "2m");
}

TEST(QuotedTest, IsOneLineOfPrintableAscii) {
  using namespace std::string_literals;
  EXPECT_EQ(Quoted("a\"\\\n\r\t\a\b\x1b[2J\0\x7f\xc3\xa4"s),
            R"("a\"\\\n\r\t\a\b\x1b[2J\x00\x7f\xc3\xa4")");
  EXPECT_EQ(QuotedStart("four", 4), "\"four\"");
  EXPECT_EQ(QuotedStart("fives", 4), "\"five\"… (5 bytes)");
}

}  // namespace
}  // namespace mydis
