#include "commands/grammar.h"

#include <gtest/gtest.h>

namespace mydis {
namespace {

using Type = Argument::Type;

std::vector<Argument> Parse(std::string_view grammar, size_t key_specs = 1) {
  auto arguments = ParseGrammar(grammar, key_specs);
  EXPECT_TRUE(arguments.has_value()) << arguments.error().message();
  return arguments.value_or(std::vector<Argument>{});
}

TEST(Grammar, WordsAndTypes) {
  const auto arguments = Parse("key value increment:double newkey other:key#1", 2);
  ASSERT_EQ(arguments.size(), 5u);
  EXPECT_EQ(arguments[0], (Argument{.type = Type::kKey, .name = "key", .key_spec = 0}));
  EXPECT_EQ(arguments[1], (Argument{.type = Type::kString, .name = "value"}));
  EXPECT_EQ(arguments[2], (Argument{.type = Type::kDouble, .name = "increment"}));
  EXPECT_EQ(arguments[3], (Argument{.type = Type::kKey, .name = "newkey", .key_spec = 1}));
  EXPECT_EQ(arguments[4], (Argument{.type = Type::kKey, .name = "other", .key_spec = 1}));
}

TEST(Grammar, TokensBelongToTheirValues) {
  const auto arguments = Parse("key [EX seconds | KEEPTTL@6.0.0] [LIMIT offset count] [GET@6.2.0]");
  ASSERT_EQ(arguments.size(), 4u);
  const Argument& choice = arguments[1];
  EXPECT_EQ(choice.type, Type::kOneOf);
  EXPECT_EQ(choice.name, "seconds-keepttl");
  EXPECT_TRUE(choice.optional);
  EXPECT_EQ(choice.arguments[0],
            (Argument{.type = Type::kInteger, .name = "seconds", .token = "EX"}));
  EXPECT_EQ(
      choice.arguments[1],
      (Argument{
          .type = Type::kPureToken, .name = "keepttl", .token = "KEEPTTL", .since = "6.0.0"}));
  const Argument& limit = arguments[2];
  EXPECT_EQ(limit.type, Type::kBlock);
  EXPECT_EQ(limit.token, "LIMIT");
  EXPECT_EQ(limit.arguments.size(), 2u);
  EXPECT_EQ(arguments[3].since, "6.2.0");
}

TEST(Grammar, Repetitions) {
  EXPECT_TRUE(Parse("key [key ...]")[0].multiple);
  const Argument block = Parse("key value [data: key value ...]")[0];
  EXPECT_EQ(block.type, Type::kBlock);
  EXPECT_EQ(block.name, "data");
  EXPECT_TRUE(block.multiple);
  const Argument get = Parse("[GET pattern [GET pattern ...]]")[0];
  EXPECT_TRUE(get.optional && get.multiple && get.multiple_token);
  EXPECT_EQ(get.token, "GET");
  const Argument id = Parse("[ID client-id:integer [client-id ...]]")[0];
  EXPECT_TRUE(id.optional && id.multiple && !id.multiple_token);
  EXPECT_EQ(id.token, "ID");
  const Argument choice = Parse("[<operation: A x | B y> [...]]")[0];
  EXPECT_EQ(choice.type, Type::kOneOf);
  EXPECT_EQ(choice.name, "operation");
  EXPECT_TRUE(choice.optional && choice.multiple);
}

TEST(Grammar, ShowsItToPeople) {
  for (const std::string_view text : {
           "key value [NX | XX] [GET] [EX seconds | PX milliseconds | KEEPTTL]",
           "<AND | OR | XOR | NOT> key [key ...]",
           "key [start [end [BYTE | BIT]]]",
           "key [GET pattern [GET pattern ...]] [AGGREGATE <SUM | MIN | MAX>]",
           "key value [key value ...]",
           "",
       }) {
    EXPECT_EQ(RenderArguments(Parse(text)), text);
  }
  EXPECT_EQ(RenderArguments(Parse("key [condition: NX | XX]@2.6 [TYPE <kind: 'a' | 'b'>] x/y:z")),
            "key [NX | XX] [TYPE <a | b>] y:z");
}

TEST(Grammar, RefusesWhatIsMalformed) {
  for (const std::string_view bad : {"key [NX", "key ]", "a | b", "[a>", "[]", "<a | >",
                                     "a [b ...]", "[x y z ...]", "key [<a b] c>"}) {
    EXPECT_FALSE(ParseGrammar(bad, 1).has_value()) << bad;
  }
}

}  // namespace
}  // namespace mydis
