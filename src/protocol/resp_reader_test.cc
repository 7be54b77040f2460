#include "protocol/resp_reader.h"

#include <gtest/gtest.h>

#include <cmath>

namespace mydis {
namespace {

using Type = RespValue::Type;
using Outcome = RespReader::Outcome;

// A value as text, to compare.
std::string Show(const RespValue& v) {
  std::string out;
  for (const RespValue& a : v.attributes) out += "@" + Show(a);
  const auto list = [&](const char* open, const char* close) {
    out += open;
    for (const RespValue& e : v.elements) out += Show(e) + " ";
    out += close;
  };
  switch (v.type) {
    case Type::kNull:
      return out + "null";
    case Type::kSimple:
      return out + "+" + v.text;
    case Type::kError:
      return out + "-" + v.text;
    case Type::kInteger:
      return out + std::to_string(v.integer);
    case Type::kBulk:
      return out + "'" + v.text + "'";
    case Type::kDouble:
      return out + "," + v.text;
    case Type::kBool:
      return out + (v.boolean ? "true" : "false");
    case Type::kBigNumber:
      return out + "(" + v.text;
    case Type::kVerbatim:
      return out + v.format + ":" + v.text;
    case Type::kArray:
      list("[", "]");
      return out;
    case Type::kMap:
      list("{", "}");
      return out;
    case Type::kSet:
      list("~[", "]");
      return out;
    case Type::kPush:
      list(">[", "]");
      return out;
  }
  return out;
}

const std::string kAll =
    "+OK\r\n-ERR x\r\n:-7\r\n$3\r\na\r\n\r\n$-1\r\n*-1\r\n_\r\n,1.5\r\n,inf\r\n#t\r\n(123\r\n"
    "=5\r\ntxt:a\r\n*2\r\n:1\r\n*0\r\n%1\r\n+k\r\n~1\r\n:3\r\n>1\r\n+p\r\n!3\r\nE\r\n\r\n"
    "|1\r\n+a\r\n:1\r\n*1\r\n|1\r\n+b\r\n:2\r\n:3\r\n";
const std::vector<std::string> kShown = {
    "+OK",     "-ERR x",      "-7",     "'a\r\n'", "null",           "null",
    "null",    ",1.5",        ",inf",   "true",    "(123",           "txt:a",
    "[1 [] ]", "{+k ~[3 ] }", ">[+p ]", "-E\r\n",  "@+a@1[@+b@23 ]",
};

TEST(RespReader, EveryTypeSplitAtEveryByte) {
  // "E\r\n" is three bytes with its line end inside.
  for (size_t split = 0; split <= kAll.size(); ++split) {
    RespReader reader;
    std::vector<std::string> shown;
    RespValue value;
    reader.Feed(std::string_view(kAll).substr(0, split));
    while (reader.Next(&value) == Outcome::kValue) shown.push_back(Show(value));
    reader.Feed(std::string_view(kAll).substr(split));
    while (reader.Next(&value) == Outcome::kValue) shown.push_back(Show(value));
    ASSERT_EQ(reader.error(), "");
    ASSERT_EQ(shown, kShown) << "split at " << split;
    ASSERT_EQ(reader.pending(), 0u);
  }
}

TEST(RespReader, ByteByByteOverLargeValues) {
  const std::string text(100'000, 'x');
  const std::string one = "*1\r\n$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
  RespReader reader;
  RespValue value;
  int values = 0;
  for (int round = 0; round < 3; ++round) {
    for (const char byte : one) {
      reader.Feed({&byte, 1});
      if (reader.Next(&value) != Outcome::kValue) continue;
      ++values;
      EXPECT_EQ(value.elements.at(0).text, text);
    }
  }
  EXPECT_EQ(values, 3);
}

TEST(RespReader, ALongStringIsToldOfAndPassedOnSplitAnywhere) {
  const std::string all = "|1\r\n+a\r\n:1\r\n%1\r\n$1\r\nk\r\n$8\r\n1234\r\n78\r\n:3\r\n";
  for (const bool pass : {false, true}) {
    for (size_t split = 0; split <= all.size(); ++split) {
      RespReader reader({.long_string = 8});
      std::string shown;
      std::string passed;
      int told = 0;
      for (std::string_view part :
           {std::string_view(all).substr(0, split), std::string_view(all).substr(split)}) {
        while (reader.passing() && reader.long_left() > 0 && !part.empty())
          passed += reader.TakeLong(part);
        reader.Feed(part);
        RespValue value;
        for (Outcome outcome; (outcome = reader.Next(&value)) != Outcome::kNeedMore;) {
          ASSERT_NE(outcome, Outcome::kBroken) << reader.error();
          if (outcome == Outcome::kValue) {
            shown += Show(value);
            continue;
          }
          ++told;
          EXPECT_EQ(Show(reader.so_far()), "@+a@1{'k' }");
          EXPECT_EQ(reader.long_left(), 8u);
          if (!pass) continue;
          reader.PassLong();
          std::string_view nothing;
          passed += reader.TakeLong(nothing);
        }
      }
      EXPECT_EQ(told, 1);
      EXPECT_EQ(passed, pass ? "1234\r\n78" : "");
      EXPECT_EQ(shown, pass ? "@+a@1{'k' '' }3" : "@+a@1{'k' '1234\r\n78' }3") << split;
    }
  }
}

TEST(RespReader, OnlyTheLastStringOfAReplyIsLong) {
  RespReader reader({.long_string = 3});
  // Alone, not the last, in something nested, in an attribute, too short.
  reader.Feed(
      "$3\r\nabc\r\n*2\r\n$3\r\nabc\r\n:1\r\n*1\r\n*1\r\n$3\r\nabc\r\n"
      "|1\r\n+a\r\n$3\r\nabc\r\n:1\r\n*1\r\n$2\r\nab\r\n");
  RespValue value;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(reader.Next(&value), Outcome::kValue) << i;
  // Each is told of once.
  reader.Feed("*1\r\n$3\r\nabc\r\n*1\r\n$3\r\nabc\r\n");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(reader.Next(&value), Outcome::kLong);
    EXPECT_EQ(reader.Next(&value), Outcome::kValue);
  }
  reader.Feed("*1\r\n$3\r\nabcde");
  EXPECT_EQ(reader.Next(&value), Outcome::kLong);
  reader.PassLong();
  std::string_view nothing;
  EXPECT_EQ(reader.TakeLong(nothing), "abc");
  EXPECT_EQ(reader.Next(&value), Outcome::kBroken);
}

TEST(RespReader, Broken) {
  const auto error = [](std::string_view bytes) {
    RespReader reader({.max_depth = 4, .max_bulk = 100, .max_elements = 100});
    reader.Feed(bytes);
    RespValue value;
    const Outcome outcome = reader.Next(&value);
    EXPECT_EQ(outcome, Outcome::kBroken) << bytes;
    EXPECT_EQ(reader.Next(&value), outcome);  // It stays so.
    return reader.error();
  };
  for (const char* bytes : {"x\r\n", "\r\n", "$x\r\n", "$-2\r\n", "$101\r\n", "$1\r\nabc",
                            "*101\r\n", "*-2\r\n", ":1x\r\n", ":\r\n", ",a\r\n", "#x\r\n",
                            "=3\r\ntxt\r\n", "%-1\r\n", "*?\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n"})
    EXPECT_NE(error(bytes), "");
}

}  // namespace
}  // namespace mydis
