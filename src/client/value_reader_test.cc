#include "client/value_reader.h"

#include <gtest/gtest.h>

namespace mydis {
namespace {

constexpr std::string_view kReplies =
    "+OK\r\n"
    "|1\r\n+revision\r\n:7\r\n$5\r\nhello\r\n"
    "|1\r\n+revision\r\n:8\r\n*2\r\n:1\r\n|1\r\n+x\r\n:9\r\n_\r\n"
    "_\r\n"
    "-ERR no\r\n"
    "|1\r\n+revision\r\n:9\r\n:-5\r\n"
    "%1\r\n+a\r\n,1.5\r\n"
    "$0\r\n\r\n"
    "|2\r\n+revision\r\n:4\r\n+repeated\r\n#t\r\n:1\r\n"
    ">2\r\n+message\r\n#t\r\n";

std::vector<ReceivedValue> Expected() {
  const auto text = [](const char* t) { return Value::String(t); };
  using Kind = Value::Kind;
  return {
      {text("OK"), 0},
      {text("hello"), 7},
      {Value::Collection(Kind::kArray, {Value::Integer(1), Value()}), 8},
      {Value(), 0},
      {Value::Error("ERR no"), 0},
      {Value::Integer(-5), 9},
      {Value::Collection(Kind::kMap, {text("a"), Value::Double(1.5)}), 0},
      {text(""), 0},
      {Value::Integer(1), 4},
      {Value::Collection(Kind::kPush, {text("message"), Value::Bool(true)}), 0},
  };
}

// However the bytes arrive, what they say is the same.
TEST(ValueReaderTest, ReadsPieces) {
  const std::vector<ReceivedValue> expected = Expected();
  for (size_t piece = 1; piece <= kReplies.size(); ++piece) {
    ValueReader reader;
    std::vector<ReceivedValue> got;
    for (size_t at = 0; at < kReplies.size(); at += piece) {
      reader.Feed(kReplies.substr(at, piece));
      ReceivedValue value;
      while (reader.Next(&value) == ValueReader::Outcome::kValue) got.push_back(value);
    }
    ASSERT_EQ(got.size(), expected.size()) << piece;
    for (size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(got[i].value, expected[i].value) << piece << ' ' << i;
      EXPECT_EQ(got[i].revision, expected[i].revision) << piece << ' ' << i;
    }
  }
}

// Those that a session would wait for until its cluster's end.
TEST(ValueReaderTest, ARevisionThatCannotBeOneIsBroken) {
  for (const char* revision : {"4611686018427387905", "9223372036854775807", "-1",
                               "18446744073709551615", "99999999999999999999"}) {
    for (const char* reply : {"+OK\r\n", ":1\r\n", "*1\r\n:1\r\n"}) {
      ValueReader reader;
      ReceivedValue value;
      reader.Feed(std::string("|1\r\n+revision\r\n:") + revision + "\r\n" + reply);
      EXPECT_EQ(reader.Next(&value), ValueReader::Outcome::kBroken) << revision << " " << reply;
      EXPECT_FALSE(reader.error().empty()) << revision;
    }
  }
  ValueReader reader;
  ReceivedValue value;
  reader.Feed("|1\r\n+revision\r\n:4611686018427387904\r\n+OK\r\n");
  ASSERT_EQ(reader.Next(&value), ValueReader::Outcome::kValue);
  EXPECT_EQ(value.revision, kMostRevision);
}

TEST(ValueReaderTest, WhatIsNoReplyIsBroken) {
  ValueReader reader;
  ReceivedValue value;
  reader.Feed("+OK\r\nHTTP/1.1 400\r\n");
  EXPECT_EQ(reader.Next(&value), ValueReader::Outcome::kValue);
  EXPECT_EQ(reader.Next(&value), ValueReader::Outcome::kBroken);
  EXPECT_NE(reader.error(), "");
}

}  // namespace
}  // namespace mydis
