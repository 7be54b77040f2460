// Checks over the records of all commands, those of the state and the local ones.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "commands/facts_test.h"
#include "commands/markdown.h"
#include "server/local_families.h"

namespace mydis {
namespace {

class CommandRecordsTest : public testing::Test {
 protected:
  CommandTable table_{StateFamilies(), LocalFamilies()};
};

TEST_F(CommandRecordsTest, SayWhatRedisSays) {
  for (const std::string& difference : RedisFacts::Differences(table_)) {
    ADD_FAILURE() << difference;
  }
}

TEST_F(CommandRecordsTest, AreComplete) {
  const auto check = [&](const CommandSpec& spec) {
    const std::string name = table_.FullName(spec);
    EXPECT_FALSE(spec.summary.empty()) << name;
    EXPECT_TRUE(spec.summary.ends_with('.')) << name << ": " << spec.summary;
    EXPECT_FALSE(spec.complexity.empty()) << name;
    EXPECT_EQ(spec.example.empty(), spec.example_reply.empty()) << name;
    const auto arguments = ParseGrammar(spec.arguments, spec.keys.size());
    EXPECT_TRUE(arguments.has_value()) << name << ": " << arguments.error().message();
  };
  for (const CommandSpec* spec : table_.all()) {
    check(*spec);
    for (const CommandSpec& sub : spec->subcommands) check(sub);
  }
}

TEST_F(CommandRecordsTest, TheCommandReferenceIsCurrent) {
  std::ifstream file(MYDIS_SOURCE_DIR "/docs/commands.md");
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_TRUE(text.str() == CommandsMarkdown(table_))
      << "docs/commands.md is not what the records say: mydis_docs > docs/commands.md";
}

}  // namespace
}  // namespace mydis
