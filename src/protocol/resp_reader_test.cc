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
