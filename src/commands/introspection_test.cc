#include "commands/introspection.h"

#include "commands/command_fixture.h"
#include "commands/facts_test.h"

namespace mydis {
namespace {

class IntrospectionTest : public CommandFixture {
 protected:
  std::string Keys(std::string_view line, bool with_flags = false) {
    const std::vector<std::string> words = Words(line);
    const std::vector<std::string_view> views(words.begin(), words.end());
    RecordingReply reply;
    ReplyGetKeys(table_, views, with_flags, reply);
    EXPECT_TRUE(reply.complete());
    return reply.text();
  }
  std::string List(std::string_view line) {
    const std::vector<std::string> words = Words(line);
    const std::vector<std::string_view> views(words.begin(), words.end());
    RecordingReply reply;
    ReplyCommandList(table_, views, reply);
    EXPECT_TRUE(reply.complete());
    return reply.text();
  }
};

TEST_F(IntrospectionTest, RecordsSayWhatRedisSays) {
  ASSERT_GT(RedisFacts::Load().size(), 300u);
  for (const std::string& difference : RedisFacts::Differences(table_)) {
    ADD_FAILURE() << difference;
  }
}

TEST_F(IntrospectionTest, ArgumentsOfAllRecordsAreWellFormed) {
  const auto check = [&](const CommandSpec& spec) {
    const auto arguments = ParseGrammar(spec.arguments, spec.keys.size());
    EXPECT_TRUE(arguments.has_value())
        << table_.FullName(spec) << ": " << arguments.error().message();
    RecordingReply docs;
    ReplyCommandDocs(spec, table_.FullName(spec), docs);
    EXPECT_TRUE(docs.complete()) << table_.FullName(spec);
    RecordingReply info(3);
    ReplyCommandInfo(&spec, table_.FullName(spec), info);
    EXPECT_TRUE(info.complete()) << table_.FullName(spec);
  };
  for (const CommandSpec* spec : table_.all()) {
    check(*spec);
    for (const CommandSpec& sub : spec->subcommands) check(sub);
  }
}

TEST_F(IntrospectionTest, Info) {
  RecordingReply reply(3);
  ReplyCommandInfo(table_.Find("rename"), "rename", reply);
  EXPECT_EQ(reply.text(), R"(*10
  "rename"
  :3
  ~1
    +write
  :1
  :2
  :1
  ~3
    +@keyspace
    +@write
    +@slow
  ~0
  ~2
    %3
      "flags"
      ~3
        +RW
        +access
        +delete
      "begin_search"
      %2
        "type"
        "index"
        "spec"
        %1
          "index"
          :1
      "find_keys"
      %2
        "type"
        "range"
        "spec"
        %3
          "lastkey"
          :0
          "keystep"
          :1
          "limit"
          :0
    %3
      "flags"
      ~2
        +OW
        +update
      "begin_search"
      %2
        "type"
        "index"
        "spec"
        %1
          "index"
          :2
      "find_keys"
      %2
        "type"
        "range"
        "spec"
        %3
          "lastkey"
          :0
          "keystep"
          :1
          "limit"
          :0
  ~0)");
  RecordingReply missing;
  ReplyCommandInfo(nullptr, "", missing);
  EXPECT_EQ(missing.text(), "(nil)");
}

TEST_F(IntrospectionTest, Docs) {
  RecordingReply reply(3);
  ReplyCommandDocs(*table_.Find("scan"), "scan", reply);
  const std::string text = reply.text();
  EXPECT_NE(text.find("\"group\"\n  \"generic\""), std::string::npos) << text;
  EXPECT_NE(text.find("  \"arguments\"\n  *4\n    %3\n      \"name\"\n      \"cursor\"\n"
                      "      \"type\"\n      \"integer\"\n      \"display_text\"\n"
                      "      \"cursor\"\n    %5\n      \"name\"\n      \"pattern\"\n"),
            std::string::npos)
      << text;
}

TEST_F(IntrospectionTest, GetKeys) {
  EXPECT_EQ(Keys("GET a"), "*1\n  \"a\"");
  EXPECT_EQ(Keys("MSET a 1 b 2"), "*2\n  \"a\"\n  \"b\"");
  EXPECT_EQ(Keys("rename a b"), "*2\n  \"a\"\n  \"b\"");
  EXPECT_EQ(Keys("OBJECT ENCODING a"), "*1\n  \"a\"");
  EXPECT_EQ(Keys("SCAN 0"), "-ERR The command has no key arguments");
  EXPECT_EQ(Keys("OBJECT HELP"), "-ERR The command has no key arguments");
  EXPECT_EQ(Keys("OBJECT NOPE a"), "-ERR Invalid command specified");
  EXPECT_EQ(Keys("OBJECT"), "-ERR The command has no key arguments");
  EXPECT_EQ(Keys("NOPE a"), "-ERR Invalid command specified");
  EXPECT_EQ(Keys("GET"), "-ERR Invalid number of arguments specified for command");
  EXPECT_EQ(Keys("SET a 1", true), "*1\n  *2\n    \"a\"\n    *2\n      +OW\n      +update");
  EXPECT_EQ(Keys("SET a 1 GET", true),
            "*1\n  *2\n    \"a\"\n    *3\n      +RW\n      +access\n      +update");
}

TEST_F(IntrospectionTest, List) {
  EXPECT_EQ(List("FILTERBY PATTERN OBJECT|E*"), "*1\n  \"object|encoding\"");
  EXPECT_EQ(List("FILTERBY pattern Renam*"), "*2\n  \"rename\"\n  \"renamenx\"");
  EXPECT_EQ(List("FILTERBY MODULE any"), "*0");
  EXPECT_EQ(List("FILTERBY ACLCAT nosuch"), "*0");
  EXPECT_NE(List("FILTERBY ACLCAT Bitmap").find("setbit"), std::string::npos);
  EXPECT_EQ(List("FILTERBY ACLCAT bitmap").find("rename"), std::string::npos);
  EXPECT_EQ(List("FILTERBY ACLCAT"), "-ERR syntax error");
  EXPECT_EQ(List("FILTERBY NOPE x"), "-ERR syntax error");
  EXPECT_EQ(List("FILTER PATTERN x"), "-ERR syntax error");
  EXPECT_EQ(List("FILTERBY PATTERN a FILTERBY PATTERN b"), "-ERR syntax error");
}

}  // namespace
}  // namespace mydis
