#include "library/value_reply.h"

#include <gtest/gtest.h>

namespace mydis {
namespace {

using Kind = Value::Kind;

TEST(ValueReply, ScalarsAreTheAnswer) {
  ValueReply text;
  text.Bulk(std::string_view("a\0b", 3));
  EXPECT_EQ(std::move(text).Take(), Value::String(std::string("a\0b", 3)));
  ValueReply null;
  null.NullArray();
  EXPECT_TRUE(std::move(null).Take().is_null());
  ValueReply number;
  number.DoubleText(0.5, "0.50");
  EXPECT_EQ(std::move(number).Take(), Value::Double(0.5));
  ValueReply error;
  error.Error("WRONGTYPE no");
  EXPECT_TRUE(error.failed());
}

TEST(ValueReply, CollectionsNest) {
  ValueReply reply;
  reply.MapHeader(2);
  reply.Bulk("list");
  reply.ArrayHeader(2);
  reply.Integer(1);
  reply.ArrayHeader(0);
  reply.Bulk("set");
  reply.SetHeader(1);
  reply.Error("ERR inside");
  EXPECT_FALSE(reply.failed());
  const Value expected = Value::Collection(
      Kind::kMap,
      {Value::String("list"),
       Value::Collection(Kind::kArray, {Value::Integer(1), Value::Collection(Kind::kArray, {})}),
       Value::String("set"), Value::Collection(Kind::kSet, {Value::Error("ERR inside")})});
  EXPECT_EQ(std::move(reply).Take(), expected);
}

TEST(ValueReply, ArraysMayBeCountedAfterwards) {
  ValueReply reply;
  const size_t outer = reply.OpenArray();
  reply.Integer(1);
  const size_t inner = reply.OpenArray();
  reply.CloseArray(inner, 0);
  reply.ArrayHeader(1);
  reply.Bool(true);
  reply.CloseArray(outer, 3);
  EXPECT_EQ(
      std::move(reply).Take(),
      Value::Collection(Kind::kArray, {Value::Integer(1), Value::Collection(Kind::kArray, {}),
                                       Value::Collection(Kind::kArray, {Value::Bool(true)})}));
}

TEST(ValueReply, AttributesAreNoPartOfIt) {
  ValueReply reply;
  reply.AttributeHeader(1);
  reply.Bulk("ttl");
  reply.ArrayHeader(1);
  reply.Integer(3600);
  reply.Bulk("value");
  EXPECT_EQ(std::move(reply).Take(), Value::String("value"));
}

}  // namespace
}  // namespace mydis
