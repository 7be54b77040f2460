#include "cli/command_docs.h"

#include <gtest/gtest.h>

namespace mydis {
namespace {

// A reply to COMMAND DOCS, as it comes over the wire, cut down to what counts.
RespValue Text(std::string text) {
  RespValue value;
  value.type = RespValue::Type::kBulk;
  value.text = std::move(text);
  return value;
}
RespValue List(std::vector<RespValue> elements) {
  RespValue value;
  value.type = RespValue::Type::kArray;
  value.elements = std::move(elements);
  return value;
}
RespValue Argument(std::string name, std::string type, std::vector<RespValue> more = {}) {
  std::vector<RespValue> fields = {Text("name"), Text(std::move(name)), Text("type"),
                                   Text(std::move(type))};
  for (RespValue& field : more) fields.push_back(std::move(field));
  return List(std::move(fields));
}
RespValue Flags(std::vector<RespValue> flags) { return List(std::move(flags)); }

CommandDocs Docs() {
  const RespValue choice =
      Argument("condition", "oneof",
               {Text("flags"), Flags({Text("optional")}), Text("arguments"),
                List({Argument("nx", "pure-token", {Text("token"), Text("NX")}),
                      Argument("seconds", "integer", {Text("token"), Text("EX")})})});
  const RespValue many = Argument("key", "key", {Text("flags"), Flags({Text("multiple")})});
  const RespValue set = List({Text("summary"), Text("Sets."), Text("since"), Text("1.0.0"),
                              Text("group"), Text("string"), Text("arguments"),
                              List({Argument("key", "key"), Argument("value", "string"), choice})});
  const RespValue del = List({Text("group"), Text("generic"), Text("arguments"), List({many})});
  const RespValue get = List({Text("arguments"), List({Argument("parameter", "string")})});
  const RespValue config = List({Text("group"), Text("server"), Text("subcommands"),
                                 List({Text("config|get"), get, Text("config|help"), List({})})});
  return CommandDocs(List({Text("set"), set, Text("del"), del, Text("config"), config}));
}

using Words = std::vector<std::string_view>;

TEST(CommandDocs, HintsWhatIsStillToCome) {
  const CommandDocs docs = Docs();
  EXPECT_EQ(docs.Hint(Words{"set"}), "key value [NX | EX seconds]");
  EXPECT_EQ(docs.Hint(Words{"SET", "k"}), "value [NX | EX seconds]");
  EXPECT_EQ(docs.Hint(Words{"SET", "k", "v", "NX"}), "[NX | EX seconds]");
  EXPECT_EQ(docs.Hint(Words{"DEL"}), "key [key ...]");
  EXPECT_EQ(docs.Hint(Words{"DEL", "a", "b"}), "key [key ...]");
  EXPECT_EQ(docs.Hint(Words{"config", "get"}), "parameter");
  EXPECT_EQ(docs.Hint(Words{"nothing"}), "");
}

TEST(CommandDocs, CompletesCommandsAndSubcommandsInTheCaseTyped) {
  const CommandDocs docs = Docs();
  EXPECT_EQ(docs.Complete("s"), std::vector<std::string>{"set"});
  EXPECT_EQ(docs.Complete("CON"), std::vector<std::string>{"CONFIG"});
  EXPECT_EQ(docs.Complete("config "), (std::vector<std::string>{"config get", "config help"}));
  EXPECT_EQ(docs.Complete(""), (std::vector<std::string>{"CONFIG", "DEL", "SET"}));
  EXPECT_TRUE(docs.Complete("set k").empty());
}

TEST(CommandDocs, HelpOfCommandsAndGroups) {
  const CommandDocs docs = Docs();
  EXPECT_EQ(docs.Help(Words{"set"}),
            "\n  SET key value [NX | EX seconds]\n  summary: Sets.\n  since: 1.0.0\n"
            "  group: string\n\n");
  EXPECT_NE(docs.Help(Words{"@generic"}).find("DEL key"), std::string::npos);
  EXPECT_EQ(docs.Help(Words{"@generic"}).find("SET"), std::string::npos);
  EXPECT_NE(docs.Help(Words{"config"}).find("CONFIG GET parameter"), std::string::npos);
  EXPECT_NE(docs.Help(Words{"nothing"}).find("no such command"), std::string::npos);
  EXPECT_NE(CommandDocs().Help(Words{"set"}).find("COMMAND DOCS"), std::string::npos);
}

TEST(CommandDocs, StrangeRepliesAreNoDocs) {
  EXPECT_TRUE(CommandDocs(RespValue()).empty());
  EXPECT_TRUE(CommandDocs(Text("x")).empty());
  EXPECT_EQ(CommandDocs(List({Text("a")})).Hint(Words{"a"}), "");
  EXPECT_EQ(CommandDocs(List({Text("a"), Text("b")})).Hint(Words{"a"}), "");
}

}  // namespace
}  // namespace mydis
