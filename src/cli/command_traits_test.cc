#include "cli/command_traits.h"

#include <gtest/gtest.h>

#include <vector>

namespace mydis {
namespace {

using Kind = CommandTraits::Kind;

CommandTraits Of(std::vector<std::string_view> words) { return TraitsOf(words); }

TEST(CommandTraits, WhatChangesNothingIsSentAgainFreely) {
  EXPECT_EQ(Of({"get", "k"}).resend, Resend::kFreely);
  EXPECT_EQ(Of({"PING"}).resend, Resend::kFreely);
  EXPECT_EQ(Of({"SELECT", "3"}).resend, Resend::kFreely);
  EXPECT_EQ(Of({"CONFIG", "GET", "*"}).resend, Resend::kFreely);
  EXPECT_EQ(Of({"STRONG", "ATLEAST", "7", "GET", "k"}).resend, Resend::kFreely);
}

TEST(CommandTraits, WritesAreNumbered) {
  EXPECT_EQ(Of({"INCR", "n"}).resend, Resend::kNumbered);
  EXPECT_EQ(Of({"eval", "return 1", "0"}).resend, Resend::kNumbered);
  EXPECT_EQ(Of({"strong", "set", "k", "v"}).resend, Resend::kNumbered);
  EXPECT_EQ(Of({"EXEC"}).resend, Resend::kNumbered);
  EXPECT_EQ(Of({"ACL", "SETUSER", "ann"}).resend, Resend::kNumbered);
  EXPECT_EQ(Of({"A.COMMAND.TO.COME"}).resend, Resend::kNumbered);
  EXPECT_TRUE(Of({"BLPOP", "k", "0"}).blocks);
  EXPECT_FALSE(Of({"LPOP", "k"}).blocks);
}

TEST(CommandTraits, WhatTheUserHasMarkedNeedsNoNumber) {
  EXPECT_EQ(Of({"ONCE", "id", "INCR", "n"}).resend, Resend::kFreely);
  EXPECT_EQ(Of({"STRONG", "NUMBERED", "c", "1", "1", "INCR", "n"}).resend, Resend::kFreely);
}

TEST(CommandTraits, WhatIsDoneToOneInstanceIsNotRepeated) {
  for (const auto& words : std::vector<std::vector<std::string_view>>{{"SHUTDOWN"},
                                                                      {"CONFIG", "SET", "a", "b"},
                                                                      {"CLIENT", "KILL", "ID", "1"},
                                                                      {"MIGRATE", "h", "1", "k"},
                                                                      {"DEBUG", "SLEEP", "1"},
                                                                      {"MYDIS", "TO-COME", "x"}})
    EXPECT_EQ(Of(words).resend, Resend::kNever) << words[0];
  EXPECT_EQ(Of({"NUMBERED", "c", "1", "1", "SHUTDOWN"}).resend, Resend::kNever);
}

TEST(CommandTraits, WhatOthersAreMeantBy) {
  EXPECT_EQ(Of({"multi"}).kind, Kind::kMulti);
  EXPECT_EQ(Of({"STRONG", "EXEC"}).kind, Kind::kExec);
  EXPECT_EQ(Of({"DISCARD"}).kind, Kind::kDiscard);
  EXPECT_EQ(Of({"AUTH", "x"}).kind, Kind::kLogin);
  EXPECT_EQ(Of({"HELLO", "3"}).kind, Kind::kLogin);
  EXPECT_EQ(Of({"RESET"}).kind, Kind::kReset);
  EXPECT_EQ(Of({"SET", "k", "exec"}).kind, Kind::kPlain);
  // They are refused, which ends a transaction with EXEC alone.
  EXPECT_EQ(Of({"MULTI", "x"}).kind, Kind::kPlain);
  EXPECT_EQ(Of({"DISCARD", "x"}).kind, Kind::kPlain);
  EXPECT_EQ(Of({"EXEC", "x"}).kind, Kind::kExec);
  EXPECT_EQ(Of({"SCRIPT", "EXISTS", "exec"}).kind, Kind::kPlain);
}

TEST(CommandTraits, WhatHasNotOneAnswer) {
  for (const auto& words : std::vector<std::vector<std::string_view>>{{"subscribe", "a"},
                                                                      {"SUNSUBSCRIBE"},
                                                                      {"MONITOR"},
                                                                      {"SYNC"},
                                                                      {"CLIENT", "REPLY", "off"},
                                                                      {"CLIENT", "REPLY", "SKIP"}})
    EXPECT_FALSE(Of(words).has_one_answer) << words[0];
  for (const auto& words : std::vector<std::vector<std::string_view>>{
           {"SUBSCRIBE"}, {"CLIENT", "REPLY", "ON"}, {"CLIENT", "REPLY"}, {"PUBSUB", "CHANNELS"}})
    EXPECT_TRUE(Of(words).has_one_answer) << words[0];
}

TEST(CommandTraits, WhereTheCommandBegins) {
  EXPECT_EQ(Of({"GET", "k"}).prefixes, 0u);
  EXPECT_EQ(Of({"STRONG", "ONCE", "id", "WATCH", "k"}).prefixes, 3u);
}

}  // namespace
}  // namespace mydis
