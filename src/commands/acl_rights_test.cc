#include "commands/acl_rights.h"

#include <gtest/gtest.h>

#include "commands/acl_rules.h"

namespace mydis {
namespace {

class AclRightsTest : public testing::Test {
 protected:
  // The rights of a user made by these rules, divided by spaces.
  AclRights RightsBy(std::string_view rules) {
    AclUser user = NewAclUser("ada", false);
    const std::vector<std::string_view> words = Words(rules);
    const auto error = ApplyAclRules(table_, false, words, words, user);
    EXPECT_EQ(error, std::nullopt) << rules;
    return {table_, std::make_shared<const AclUser>(user)};
  }
  std::string ErrorOf(std::string_view rules) {
    AclUser user = NewAclUser("ada", false);
    const std::vector<std::string_view> words = Words(rules);
    const auto error = ApplyAclRules(table_, false, words, words, user);
    EXPECT_EQ(user == NewAclUser("ada", false), error.has_value()) << "half of it was applied";
    return error.value_or("");
  }
  // "ok", or why the line is refused.
  std::string Check(const AclRights& rights, std::string_view line) {
    const std::vector<std::string_view> words = Words(line);
    const CommandSpec* spec = table_.Resolve(words);
    const AclVerdict verdict = rights.Check(*spec, words);
    return verdict.ok() ? "ok" : rights.Explain(verdict, *spec, words, true);
  }
  static std::vector<std::string_view> Words(std::string_view line) {
    std::vector<std::string_view> words;
    ForEachWord(line, [&](std::string_view word) { words.push_back(word); });
    return words;
  }
  template <typename Visit>
  static void ForEachWord(std::string_view line, Visit visit) {
    for (size_t at = 0; at <= line.size();) {
      const size_t end = std::min(line.find(' ', at), line.size());
      if (end > at) visit(line.substr(at, end - at));
      at = end + 1;
    }
  }

  CommandTable table_{StateFamilies()};
};

TEST_F(AclRightsTest, WhoMayDoEverythingIsNotChecked) {
  EXPECT_TRUE(RightsBy("+@all ~* &*").unrestricted());
  EXPECT_TRUE(RightsBy("(+@all ~* &*)").unrestricted());
  EXPECT_TRUE(RightsBy("+@all -get +get ~* &*").unrestricted());
  EXPECT_FALSE(RightsBy("+@all ~*").unrestricted());
  EXPECT_FALSE(RightsBy("+@all -get ~* &*").unrestricted());
  EXPECT_FALSE(RightsBy("+@all &*").unrestricted());
}

TEST_F(AclRightsTest, EveryCommandIsRefusedAndAllowedByItsNameAndCategory) {
  const AclRights none = RightsBy("~* &*");
  const auto check = [&](const CommandSpec& spec) {
    const std::string name = table_.FullName(spec);
    const std::vector<std::string_view> words = {"x", "y", "z"};
    EXPECT_EQ(none.Check(spec, words).refusal, AclRefusal::kCommand) << name;
    EXPECT_NE(RightsBy("~* &* +" + name).Check(spec, words).refusal, AclRefusal::kCommand) << name;
    EXPECT_EQ(RightsBy("~* &* +@all -" + name).Check(spec, words).refusal, AclRefusal::kCommand)
        << name;
  };
  for (const CommandSpec* spec : table_.all()) {
    check(*spec);
    for (const CommandSpec& sub : spec->subcommands) check(sub);
  }
}

TEST_F(AclRightsTest, KeysNeedThePatternAndTheRight) {
  const AclRights rights = RightsBy("+@all %R~r* %W~w* ~b*");
  EXPECT_EQ(Check(rights, "get r1"), "ok");
  EXPECT_EQ(Check(rights, "get b1"), "ok");
  EXPECT_EQ(Check(rights, "get w1"), "User ada has no permissions to access the 'w1' key");
  EXPECT_EQ(Check(rights, "set w1 v"), "ok");
  EXPECT_EQ(Check(rights, "set w1 v get"), "User ada has no permissions to access the 'w1' key");
  EXPECT_EQ(Check(rights, "set r1 v"), "User ada has no permissions to access the 'r1' key");
  EXPECT_EQ(Check(rights, "copy r1 w1"), "ok");
  EXPECT_EQ(Check(rights, "copy w1 r1"), "User ada has no permissions to access the 'w1' key");
  EXPECT_EQ(Check(rights, "exists w1"), "ok");
  EXPECT_EQ(Check(rights, "exists x"), "User ada has no permissions to access the 'x' key");
}

TEST_F(AclRightsTest, SelectorsDoNotAddUp) {
  const AclRights rights = RightsBy("(%R~r* +@all) (%W~w* +@all)");
  EXPECT_EQ(Check(rights, "get r1"), "ok");
  EXPECT_EQ(Check(rights, "lpush w1 x"), "ok");
  EXPECT_NE(Check(rights, "copy r1 w1"), "ok");
}

TEST_F(AclRightsTest, TheRefusalOfTheLastKeyIsTold) {
  const AclRights rights = RightsBy("+mget ~key (+mget ~key ~other)");
  EXPECT_EQ(Check(rights, "mget key other more"),
            "User ada has no permissions to access the 'more' key");
  EXPECT_EQ(Check(rights, "get key"), "User ada has no permissions to run the 'get' command");
}

TEST_F(AclRightsTest, Channels) {
  const AclRights rights = RightsBy("+@all &news &chat:*");
  EXPECT_EQ(Check(rights, "publish news x"), "ok");
  EXPECT_EQ(Check(rights, "publish chat:1 x"), "ok");
  EXPECT_EQ(Check(rights, "publish x news"),
            "User ada has no permissions to access the 'x' channel");
  EXPECT_TRUE(rights.MayHear("chat:1", false));
  EXPECT_FALSE(rights.MayHear("chat:1", true));
  EXPECT_TRUE(rights.MayHear("chat:*", true));
}

TEST_F(AclRightsTest, SortReadsOtherKeysOnlyWithTheRightToReadAll) {
  const CommandSpec* sort = table_.Find("sort");
  const std::vector<std::string_view> by = {"sort", "l", "by", "w*"};
  const std::vector<std::string_view> get = {"sort", "l", "get", "w*"};
  const std::vector<std::string_view> nosort = {"sort", "l", "by", "nosort"};
  const AclRights some = RightsBy("+sort ~l ~w*");
  EXPECT_NE(some.CheckSort(*sort, by), "");
  EXPECT_NE(some.CheckSort(*sort, get), "");
  EXPECT_EQ(some.CheckSort(*sort, nosort), "");
  EXPECT_EQ(RightsBy("+sort %R~*").CheckSort(*sort, by), "");
  EXPECT_NE(RightsBy("+sort ~l %W~*").CheckSort(*sort, by), "");
  EXPECT_NE(RightsBy("(+sort ~l) (+get ~*)").CheckSort(*sort, by), "");
}

TEST_F(AclRightsTest, FirstArguments) {
  const AclRights rights = RightsBy("~* +object|freq +get|a");
  EXPECT_EQ(Check(rights, "object freq k"), "ok");
  EXPECT_NE(Check(rights, "object encoding k"), "ok");
  EXPECT_EQ(Check(rights, "get A"), "ok");
  EXPECT_NE(Check(rights, "get b"), "ok");
}

TEST_F(AclRightsTest, WrongRulesChangeNothing) {
  EXPECT_NE(ErrorOf("on nonsense"), "");
  EXPECT_NE(ErrorOf("on (~a nonsense)"), "");
  EXPECT_EQ(ErrorOf("on (~a"), "ERR Unmatched parenthesis in acl selector starting at '(~a'.");
  EXPECT_EQ(
      ErrorOf("+get|a|b"),
      "ERR Error in ACL SETUSER modifier '+get|a|b': Unknown command or category name in ACL");
}

TEST_F(AclRightsTest, AreMadeOnceForEachChange) {
  AclUsers users;
  users.Put(NewAclUser("ada", false));
  const auto first = RightsOf(table_, users, "ada");
  EXPECT_EQ(RightsOf(table_, users, "ada"), first);
  users.Put(NewAclUser("ada", true));
  EXPECT_NE(RightsOf(table_, users, "ada"), first);
  EXPECT_EQ(RightsOf(table_, users, "nobody"), nullptr);
}

}  // namespace
}  // namespace mydis
