#include "commands/subcommands.h"

#include "commands/command_fixture.h"

namespace mydis {
namespace {

void Nothing(LocalContext&) {}

constexpr Subcommands kSub{.flags = kAdmin | kNoScript,
                           .group = Group::kConnection,
                           .since = "2.0.0",
                           .complexity = "O(N)"};

TEST(SubcommandsTest, ARecordHasWhatIsCommonAndItsOwn) {
  constexpr CommandSpec kPlain = kSub("get", -3, "Shows.", "name", Nothing);
  EXPECT_EQ(kPlain.name, "get");
  EXPECT_EQ(kPlain.arity, -3);
  EXPECT_EQ(kPlain.effect, Effect::kLocal);
  EXPECT_EQ(kPlain.flags, kAdmin | kNoScript);
  EXPECT_EQ(kPlain.group, Group::kConnection);
  EXPECT_EQ(kPlain.since, "2.0.0");
  EXPECT_EQ(kPlain.complexity, "O(N)");
  EXPECT_EQ(kPlain.handler.local, Nothing);
  constexpr CommandSpec kOwn =
      kSub("kill", 3, "Ends.", "", Nothing, {.flags = kDangerous, .since = "7.0.0", .tips = "tip"});
  EXPECT_EQ(kOwn.flags, kAdmin | kNoScript | kDangerous);
  EXPECT_EQ(kOwn.since, "7.0.0");
  EXPECT_EQ(kOwn.tips, "tip");
}

TEST(SubcommandsTest, HelpIsForEverybody) {
  constexpr CommandSpec kHelp = kSub.Help(Nothing, "5.0.0");
  EXPECT_EQ(kHelp.name, "help");
  EXPECT_EQ(kHelp.arity, 2);
  EXPECT_EQ(kHelp.flags, kLoading | kStale);
  EXPECT_EQ(kHelp.since, "5.0.0");
}

TEST(SubcommandsTest, HelpFramesTheLines) {
  constexpr std::string_view kLines[] = {"GET <name>", "    Shows."};
  RecordingReply reply;
  ReplyHelp("CONFIG", kLines, reply);
  EXPECT_TRUE(reply.complete());
  EXPECT_EQ(reply.text(),
            "*5\n"
            "  +CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:\n"
            "  +GET <name>\n"
            "  +    Shows.\n"
            "  +HELP\n"
            "  +    Print this help.");
}

}  // namespace
}  // namespace mydis
