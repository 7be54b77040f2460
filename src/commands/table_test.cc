#include "commands/table.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mydis {
namespace {

void ReadNothing(ReadContext& context) { context.reply.Simple("read"); }
void WriteNothing(WriteContext& context) { context.reply.Simple("write"); }
void LocalNothing(LocalContext&) {}

constexpr CommandSpec Make(std::string_view name, int arity, Effect effect, Handler handler,
                           std::span<const CommandSpec> subcommands = {}) {
  return {.name = name,
          .arity = arity,
          .effect = effect,
          .flags = kFlagNone,
          .keys = {},
          .group = Group::kGeneric,
          .since = "1.0.0",
          .complexity = "O(1)",
          .summary = "",
          .arguments = "",
          .example = "",
          .example_reply = "",
          .handler = handler,
          .subcommands = subcommands};
}

constexpr CommandSpec kStateSubcommands[] = {Make("set", 4, Effect::kWrite, WriteNothing)};
constexpr CommandSpec kLocalSubcommands[] = {Make("status", 2, Effect::kLocal, LocalNothing)};
constexpr CommandSpec kState[] = {
    Make("get", 2, Effect::kRead, ReadNothing),
    Make("set", -3, Effect::kWrite, WriteNothing),
    Make("georadiusbymember_ro", -5, Effect::kRead, ReadNothing),
    Make("mydis", -2, Effect::kLocal, {}, kStateSubcommands),
};
constexpr CommandSpec kLocal[] = {
    Make("ping", -1, Effect::kLocal, LocalNothing),
    Make("mydis", -2, Effect::kLocal, {}, kLocalSubcommands),
};
const std::span<const CommandSpec> kStateFamilies[] = {kState};
const std::span<const CommandSpec> kLocalFamilies[] = {kLocal};

using Words = std::vector<std::string_view>;

class CommandTableTest : public testing::Test {
 protected:
  CommandTable table_{kStateFamilies, kLocalFamilies};
};

TEST_F(CommandTableTest, FindsNamesInAnyCase) {
  EXPECT_EQ(table_.Find("get"), &kState[0]);
  EXPECT_EQ(table_.Find("GeT"), &kState[0]);
  EXPECT_EQ(table_.Find("GEORADIUSBYMEMBER_RO"), &kState[2]);
  EXPECT_EQ(table_.Find("ping"), &kLocal[0]);
  for (const std::string_view unknown : {"", "g", "gett", "ge", "get ", "G\x05T", "nosuchcommand",
                                         "georadiusbymember\x7fro", "georadiusbymombor_ro"}) {
    EXPECT_EQ(table_.Find(unknown), nullptr) << unknown;
  }
}

TEST_F(CommandTableTest, PutsTheSubcommandsOfBothListsTogether) {
  const Words set = {"MYDIS", "Set", "a", "b"};
  const Words status = {"mydis", "STATUS"};
  const Words unknown = {"mydis", "nope"};
  const Words alone = {"mydis"};
  EXPECT_EQ(table_.Resolve(set)->effect, Effect::kWrite);
  EXPECT_EQ(table_.Resolve(status)->effect, Effect::kLocal);
  EXPECT_EQ(table_.Resolve(unknown), table_.Find("mydis"));
  EXPECT_EQ(table_.Resolve(alone), table_.Find("mydis"));
  EXPECT_EQ(table_.Find("mydis")->subcommands.size(), 2u);
  EXPECT_EQ(table_.FullName(*table_.Resolve(status)), "mydis|status");
  EXPECT_EQ(table_.FindFullName("MYDIS|status"), table_.Resolve(status));
  EXPECT_EQ(table_.FindFullName("get|x"), nullptr);
  EXPECT_EQ(table_.FullName(kState[0]), "get");
}

TEST_F(CommandTableTest, ListsNamesInOrder) {
  std::vector<std::string_view> names;
  for (const CommandSpec* spec : table_.all()) names.push_back(spec->name);
  EXPECT_EQ(names, (Words{"georadiusbymember_ro", "get", "mydis", "ping", "set"}));
}

TEST_F(CommandTableTest, TellsWhatMayRunInTheStateMachine) {
  using Kind = CommandRunner::Kind;
  const auto kind = [&](Words words) { return table_.Look(words).kind; };
  EXPECT_EQ(kind({"get", "k"}), Kind::kRead);
  EXPECT_EQ(kind({"get"}), Kind::kUnknown);
  EXPECT_EQ(kind({"SET", "k", "v"}), Kind::kWrite);
  EXPECT_EQ(kind({"set", "k", "v", "NX"}), Kind::kWrite);
  EXPECT_EQ(kind({"set", "k"}), Kind::kUnknown);
  EXPECT_EQ(kind({"mydis", "set", "a", "b"}), Kind::kWrite);
  EXPECT_EQ(kind({"mydis", "status"}), Kind::kUnknown);
  EXPECT_EQ(kind({"mydis", "nope"}), Kind::kUnknown);
  EXPECT_EQ(kind({"ping"}), Kind::kUnknown);
  EXPECT_EQ(kind({"nope"}), Kind::kUnknown);
  EXPECT_EQ(kind({}), Kind::kUnknown);
}

TEST(CommandTableDeathTest, ACommandDeclaredTwiceIsABug) {
  EXPECT_DEATH(CommandTable(kStateFamilies, kStateFamilies), "declared once");
}

}  // namespace
}  // namespace mydis
