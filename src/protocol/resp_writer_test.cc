#include "protocol/resp_writer.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <limits>

#include "base/number_format.h"
#include "base/random.h"
#include "protocol/resp_reader.h"

namespace mydis {
namespace {

template <typename F>
std::string Written(int version, F&& f) {
  std::string out;
  RespWriter w(out, version);
  f(w);
  return out;
}

TEST(RespWriter, EveryTypeInBothVersions) {
  const auto check = [](auto f, const std::string& v2, const std::string& v3) {
    EXPECT_EQ(Written(2, f), v2);
    EXPECT_EQ(Written(3, f), v3);
  };
  using W = RespWriter&;
  check([](W w) { w.Ok(); }, "+OK\r\n", "+OK\r\n");
  check([](W w) { w.Simple("PONG"); }, "+PONG\r\n", "+PONG\r\n");
  check([](W w) { w.Error("ERR a\r\nb"); }, "-ERR a  b\r\n", "-ERR a  b\r\n");
  check([](W w) { w.Integer(-12); }, ":-12\r\n", ":-12\r\n");
  check([](W w) { w.Bulk(std::string_view("a\0b", 3)); }, std::string("$3\r\na\0b\r\n", 9),
        std::string("$3\r\na\0b\r\n", 9));
  check([](W w) { w.Bulk({}); }, "$0\r\n\r\n", "$0\r\n\r\n");
  check([](W w) { w.BulkInteger(1234); }, "$4\r\n1234\r\n", "$4\r\n1234\r\n");
  check([](W w) { w.Null(); }, "$-1\r\n", "_\r\n");
  check([](W w) { w.NullArray(); }, "*-1\r\n", "_\r\n");
  check([](W w) { w.ArrayHeader(12); }, "*12\r\n", "*12\r\n");
  check([](W w) { w.MapHeader(3); }, "*6\r\n", "%3\r\n");
  check([](W w) { w.SetHeader(3); }, "*3\r\n", "~3\r\n");
  check([](W w) { w.PushHeader(3); }, "*3\r\n", ">3\r\n");
  check([](W w) { w.Bool(true); }, ":1\r\n", "#t\r\n");
  check([](W w) { w.Bool(false); }, ":0\r\n", "#f\r\n");
  check([](W w) { w.BigNumber("123"); }, "$3\r\n123\r\n", "(123\r\n");
  check([](W w) { w.Verbatim("txt", "ab"); }, "$2\r\nab\r\n", "=6\r\ntxt:ab\r\n");
  check([](W w) { w.Double(3.1); }, "$3\r\n3.1\r\n", ",3.1\r\n");
  check([](W w) { w.Double(17); }, "$2\r\n17\r\n", ",17\r\n");
  const double inf = std::numeric_limits<double>::infinity();
  check([&](W w) { w.Double(-inf); }, "$4\r\n-inf\r\n", ",-inf\r\n");
  EXPECT_EQ(Written(3, [](W w) { w.AttributeHeader(1); }), "|1\r\n");
}

TEST(RespWriter, CollectionsOfUnknownLength) {
  for (const size_t inner : {0u, 1u, 9u, 10u, 12345u}) {
    const auto f = [inner](RespWriter& w) {
      const size_t outer = w.OpenArray();
      w.Integer(1);
      const size_t mark = w.Open(RespWriter::Kind::kMap);
      for (size_t i = 0; i < inner; ++i) {
        w.Integer(static_cast<int64_t>(i));
        w.Bulk("v");
      }
      w.Close(mark, RespWriter::Kind::kMap, inner);
      w.CloseArray(outer, 2);
    };
    for (const int version : {2, 3}) {
      RespReader reader;
      reader.Feed(Written(version, f));
      RespValue value;
      ASSERT_EQ(reader.Next(&value), RespReader::Outcome::kValue) << reader.error();
      ASSERT_EQ(value.elements.size(), 2u);
      EXPECT_EQ(value.elements[1].elements.size(), 2 * inner);
      EXPECT_EQ(value.elements[1].type,
                version == 3 ? RespValue::Type::kMap : RespValue::Type::kArray);
      EXPECT_EQ(reader.pending(), 0u);
    }
  }
}

std::string DoubleText(double value) {
  char text[kMaxDoubleText];
  return {text, FormatDouble(text, value)};
}

TEST(NumberFormat, Integers) {
  const auto text = [](int64_t v) {
    char p[kMaxIntegerText];
    return std::string(p, FormatInteger(p, v));
  };
  for (int64_t v = -12345; v <= 12345; ++v) ASSERT_EQ(text(v), std::to_string(v));
  Random random(3);
  for (int i = 0; i < 100'000; ++i) {
    const auto v = static_cast<int64_t>(random.Next() >> random.Below(64));
    ASSERT_EQ(text(v), std::to_string(v));
  }
  EXPECT_EQ(text(INT64_MIN), "-9223372036854775808");
  EXPECT_EQ(text(INT64_MAX), "9223372036854775807");
}

// What a redis-server 7.2 answers to ZSCORE.
TEST(NumberFormat, DoublesAsRedis) {
  const std::pair<double, const char*> expected[] = {
      {0.0, "0"},
      {-0.0, "-0"},
      {1.0, "1"},
      {-17.0, "-17"},
      {0.1, "0.1"},
      {-3.141, "-3.141"},
      {0.30000000000000004, "0.30000000000000004"},
      {1e15, "1000000000000000"},
      {1e18, "1000000000000000000"},
      {4611686018427387904.0, "4611686018427387904"},
      {-4611686018427387904.0, "-4611686018427387904"},
      {1e19, "1e+19"},
      {-1.5e300, "-1.5e+300"},
      {12345678901234567890.0, "12345678901234567000"},
      {1234567.125, "1234567.125"},
      {1e-4, "0.0001"},
      {1e-6, "0.000001"},
      {1e-7, "1e-7"},
      {1.5e-6, "1.5e-6"},
      {0.001234567, "0.001234567"},
      {0.0001234567, "1.234567e-4"},
      {5e-324, "5e-324"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
  };
  for (const auto& [value, text] : expected) EXPECT_EQ(DoubleText(value), text);
  Random random(4);
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t bits = random.Next();
    double v;
    static_assert(sizeof v == sizeof bits);
    __builtin_memcpy(&v, &bits, sizeof v);
    if (v != v || v - v != 0) continue;
    const std::string text = DoubleText(v);
    ASSERT_LE(text.size(), 26u) << text;
    ASSERT_EQ(std::strtod(text.c_str(), nullptr), v) << text;
    const double small = static_cast<double>(static_cast<int64_t>(bits) >> random.Below(64)) / 1024;
    ASSERT_EQ(std::strtod(DoubleText(small).c_str(), nullptr), small);
  }
  EXPECT_EQ(DoubleText(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(DoubleText(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(DoubleText(std::numeric_limits<double>::quiet_NaN()), "nan");
}

}  // namespace
}  // namespace mydis
