#include "cli/cli_line.h"

#include <gtest/gtest.h>

namespace mydis {
namespace {

TEST(CliLine, WordsAndRepetitions) {
  CliLine line;
  ASSERT_TRUE(ParseLine("  3 SET 'a b' \"\\x41\\n\" ", &line));
  EXPECT_EQ(line.times, 3);
  EXPECT_EQ(line.words, (std::vector<std::string>{"SET", "a b", "A\n"}));
  line = {};
  ASSERT_TRUE(ParseLine("-3 SET", &line));
  EXPECT_EQ(line.times, 1);
  EXPECT_EQ(line.words[0], "-3");
  line = {};
  // A number alone is a command, if not a good one.
  ASSERT_TRUE(ParseLine("3", &line));
  EXPECT_EQ(line.words, std::vector<std::string>{"3"});
  line = {};
  ASSERT_TRUE(ParseLine("   ", &line));
  EXPECT_TRUE(line.words.empty());
  EXPECT_FALSE(ParseLine("SET \"open", &line));
}

TEST(CliLine, Secrets) {
  for (const char* text : {"AUTH x", "  auth x", "2 AUTH x", "HELLO 3 AUTH u p", "ACL SETUSER u >p",
                           "config set requirepass p", "MIGRATE h 1 k 0 1 AUTH2 u p", "'auth' x"})
    EXPECT_TRUE(IsSecret(text)) << text;
  for (const char* text : {"GET auth:token", "SET k authority", "", "ACL WHOAMI"})
    EXPECT_FALSE(IsSecret(text)) << text;
}

TEST(CliLine, Leaving) {
  EXPECT_TRUE(IsQuit({{"QUIT"}, 1}));
  EXPECT_TRUE(IsQuit({{"exit"}, 1}));
  EXPECT_FALSE(IsQuit({{"exit", "now"}, 1}));
}

}  // namespace
}  // namespace mydis
