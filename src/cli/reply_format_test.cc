#include "cli/reply_format.h"

#include <gtest/gtest.h>

namespace mydis {
namespace {

using Type = RespValue::Type;

RespValue Text(Type type, std::string text) {
  RespValue value;
  value.type = type;
  value.text = std::move(text);
  return value;
}
RespValue Bulk(std::string text) { return Text(Type::kBulk, std::move(text)); }
RespValue Integer(int64_t number) {
  RespValue value;
  value.type = Type::kInteger;
  value.integer = number;
  return value;
}
RespValue Collection(Type type, std::vector<RespValue> elements) {
  RespValue value;
  value.type = type;
  value.elements = std::move(elements);
  return value;
}

TEST(ReplyFormat, ScalarsForPeople) {
  EXPECT_EQ(FormatForPeople({}), "(nil)\n");
  EXPECT_EQ(FormatForPeople(Integer(-5)), "(integer) -5\n");
  EXPECT_EQ(FormatForPeople(Text(Type::kSimple, "OK")), "OK\n");
  EXPECT_EQ(FormatForPeople(Text(Type::kError, "ERR no")), "(error) ERR no\n");
  EXPECT_EQ(FormatForPeople(Text(Type::kDouble, "3.5")), "(double) 3.5\n");
  EXPECT_EQ(FormatForPeople(Text(Type::kVerbatim, "a\nb")), "a\nb\n");
  EXPECT_EQ(FormatForPeople(Bulk("a\"\\\n\x01\xff")), "\"a\\\"\\\\\\n\\x01\\xff\"\n");
}

TEST(ReplyFormat, NestedCollectionsForPeople) {
  EXPECT_EQ(FormatForPeople(Collection(Type::kArray, {})), "(empty array)\n");
  EXPECT_EQ(FormatForPeople(Collection(Type::kMap, {})), "(empty hash)\n");
  EXPECT_EQ(FormatForPeople(Collection(Type::kSet, {Bulk("x")})), "1~ \"x\"\n");
  EXPECT_EQ(FormatForPeople(Collection(
                Type::kArray, {Integer(1), Collection(Type::kArray, {Integer(2), Integer(3)})})),
            "1) (integer) 1\n2) 1) (integer) 2\n   2) (integer) 3\n");
  // A map's value that takes several lines begins on its own.
  EXPECT_EQ(FormatForPeople(Collection(
                Type::kMap, {Bulk("a"), Collection(Type::kArray, {Integer(2), Integer(3)}),
                             Bulk("b"), Collection(Type::kArray, {Integer(4)})})),
            "1# \"a\" => \n   1) (integer) 2\n   2) (integer) 3\n2# \"b\" => 1) (integer) 4\n");
}

TEST(ReplyFormat, NumbersAreAligned) {
  const std::vector<RespValue> ten(10, Integer(0));
  const std::string text = FormatForPeople(Collection(Type::kArray, ten));
  EXPECT_EQ(text.substr(0, 16), " 1) (integer) 0\n");
  EXPECT_EQ(text.substr(text.size() - 16), "10) (integer) 0\n");
}

TEST(ReplyFormat, RawIsBytesAlone) {
  EXPECT_EQ(FormatRaw({}), "");
  EXPECT_EQ(FormatRaw(Bulk("a\"\n")), "a\"\n");
  EXPECT_EQ(FormatRaw(Text(Type::kError, "ERR no")), "ERR no\n");
  EXPECT_EQ(FormatRaw(Collection(Type::kArray, {Integer(1), {}, Bulk("x")})), "1\n\nx");
  EXPECT_EQ(FormatRaw(Collection(Type::kMap, {Bulk("a"), Integer(1), Bulk("b"), Integer(2)})),
            "a 1\nb 2");
}

TEST(ReplyFormat, Csv) {
  EXPECT_EQ(FormatCsv(Collection(
                Type::kArray,
                {Bulk("a,\"b"), Integer(1), {}, Collection(Type::kArray, {Bulk("c"), {}})})),
            "\"a,\\\"b\",1,NULL,\"c\",NULL");
  EXPECT_EQ(FormatCsv(Text(Type::kError, "ERR no")), "ERROR,\"ERR no\"");
  EXPECT_EQ(FormatCsv(Collection(Type::kMap, {Bulk("k"), Text(Type::kDouble, "1.5")})),
            "\"k\",1.5");
}

TEST(ReplyFormat, Json) {
  EXPECT_EQ(FormatJson(Collection(Type::kMap, {Bulk("a\"\n"), Integer(1), Bulk("b"),
                                               Collection(Type::kArray, {{}, Bulk("\xff")})})),
            R"({"a\"\n":1,"b":[null,{"b64":"/w=="}]})");
  EXPECT_EQ(FormatJson(Text(Type::kError, "WRONGTYPE no")),
            R"({"error":{"code":"WRONGTYPE","message":"no"}})");
}

TEST(ReplyFormat, EachStyleEndsItsLine) {
  for (const ReplyStyle style :
       {ReplyStyle::kPeople, ReplyStyle::kRaw, ReplyStyle::kCsv, ReplyStyle::kJson}) {
    const std::string text = FormatReply(Integer(7), style);
    EXPECT_EQ(text.find('\n'), text.size() - 1);
  }
}

}  // namespace
}  // namespace mydis
