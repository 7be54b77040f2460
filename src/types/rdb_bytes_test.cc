// The primitives of Redis's file format, LZF and CRC-64, and the forms of older versions.
#include "types/rdb_bytes.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/crc64.h"
#include "base/random.h"
#include "types/lzf.h"
#include "types/old_encodings.h"

namespace mydis {
namespace {

using std::string_literals::operator""s;

std::string RandomText(Random& random, size_t size) {
  std::string text;
  const uint64_t letters = 1 + random.Below(20);
  while (text.size() < size) {
    if (random.Below(3) == 0 && !text.empty()) {
      const size_t from = random.Below(text.size());
      text += text.substr(from, 1 + random.Below(300));
    } else {
      text += static_cast<char>('a' + random.Below(letters));
    }
  }
  text.resize(size);
  return text;
}

TEST(Crc64Test, IsRedisChecksum) {
  EXPECT_EQ(Crc64("123456789"), 0xe9c6d914c4b8d9ca);
  EXPECT_EQ(Crc64(""), 0u);
  const std::string text = "the quick brown fox jumps over the lazy dog";
  for (size_t cut = 0; cut <= text.size(); ++cut)
    EXPECT_EQ(Crc64(std::string_view(text).substr(cut), Crc64(text.substr(0, cut))), Crc64(text));
}

TEST(LzfTest, GivesBackWhatItTook) {
  Random random(3);
  std::string compressed;
  std::string again;
  for (int round = 0; round < 2000; ++round) {
    const std::string text = RandomText(random, random.Below(round % 50 == 0 ? 40000 : 700));
    if (!LzfCompress(text, text.size() + 200, &compressed)) continue;
    ASSERT_TRUE(LzfDecompress(compressed, text.size(), &again));
    ASSERT_EQ(again, text);
    EXPECT_FALSE(LzfDecompress(compressed, text.size() + 1, &again));
    if (!text.empty()) {
      EXPECT_FALSE(LzfDecompress(compressed, text.size() - 1, &again));
    }
    EXPECT_FALSE(LzfCompress(text, compressed.size(), &again));
  }
  ASSERT_TRUE(LzfCompress(std::string(1000, 'x'), 100, &compressed));
  EXPECT_LT(compressed.size(), 20u);
}

TEST(LzfTest, MalformedBytesAreRefused) {
  std::string out;
  EXPECT_FALSE(
      LzfDecompress("\x05"
                    "ab"s,
                    6, &out));                                     // Too few literals.
  EXPECT_FALSE(LzfDecompress("\x20\x00"s, 3, &out));               // Before the beginning.
  EXPECT_FALSE(LzfDecompress("\x00x\x20"s, 4, &out));              // No distance.
  EXPECT_FALSE(LzfDecompress("\x00x\xe0"s, 40, &out));             // No length.
  EXPECT_FALSE(LzfDecompress("\x00x"s, uint64_t{1} << 60, &out));  // No such expansion.
}

TEST(RdbBytesTest, PrimitivesReadWhatTheyWrote) {
  Random random(5);
  for (const uint64_t length : {0ul, 63ul, 64ul, 16383ul, 16384ul, 4294967295ul, 4294967296ul,
                                std::numeric_limits<uint64_t>::max()}) {
    std::string bytes;
    RdbWriter(bytes).Length(length);
    MemorySource source(bytes);
    RdbReader in(source);
    EXPECT_EQ(in.Length(), length);
    EXPECT_TRUE(in.ok());
    EXPECT_FALSE(source.Take(1));
  }
  std::vector<std::string> texts = {"",    "0",          "-1",          "127",
                                    "128", "-32768",     "32768",       "00",
                                    "-0",  "2147483647", "-2147483648", "2147483648",
                                    "+1",  "1 ",         "a\0b"s,       std::string(21, 'x')};
  for (int i = 0; i < 200; ++i) texts.push_back(RandomText(random, random.Below(400)));
  for (const std::string& text : texts) {
    std::string bytes;
    RdbWriter(bytes).String(text);
    for (size_t cut = 0; cut <= bytes.size(); ++cut) {
      MemorySource source(std::string_view(bytes).substr(0, cut));
      RdbReader in(source);
      const std::string read = in.String();
      ASSERT_EQ(in.ok(), cut == bytes.size());
      ASSERT_EQ(read, in.ok() ? text : std::string());
    }
  }
}

TEST(RdbBytesTest, AreRedisBytes) {
  std::string bytes;
  RdbWriter out(bytes);
  out.String("5");
  out.String("-300");
  out.String("100000");
  out.String("abc");
  out.Length(300);
  EXPECT_EQ(bytes,
            "\xc0\x05\xc1\xd4\xfe\xc2\xa0\x86\x01\x00\x03"
            "abc\x41\x2c"s);
}

TEST(RdbBytesTest, OldDoubles) {
  const auto read = [](std::string_view bytes, bool* ok) {
    MemorySource source(bytes);
    RdbReader in(source);
    const double value = in.TextDouble();
    *ok = in.ok();
    return value;
  };
  bool ok = false;
  EXPECT_EQ(read("\x03"
                 "1.5",
                 &ok),
            1.5);
  EXPECT_TRUE(ok);
  EXPECT_EQ(read("\xfe", &ok), std::numeric_limits<double>::infinity());
  EXPECT_EQ(read("\xff", &ok), -std::numeric_limits<double>::infinity());
  read(
      "\x03"
      "1.x",
      &ok);
  EXPECT_FALSE(ok);
  read(
      "\x09"
      "1.5",
      &ok);
  EXPECT_FALSE(ok);
}

// The texts of what was read, joined; "!" for what was refused.
template <typename Read>
std::string Texts(Read read, const std::string& bytes) {
  std::vector<ListpackValue> values;
  if (!read(bytes, &values)) return "!";
  std::string all;
  ListpackValue::Scratch scratch;
  for (const ListpackValue& value : values) all.append(value.string(scratch)).append(" ");
  return all;
}

// No prefix of the bytes and no change of a byte of the head or the frame passes for something
// else.
template <typename Read>
void ExpectCutsRefused(Read read, const std::string& bytes) {
  for (size_t cut = 0; cut < bytes.size(); ++cut) EXPECT_EQ(Texts(read, bytes.substr(0, cut)), "!");
}

TEST(OldEncodingsTest, Ziplist) {
  const std::string bytes =
      "\x2d\x00\x00\x00\x2a\x00\x00\x00\x09\x00"
      "\x00\x02hi"                // A short string.
      "\x04\xf1"                  // 0
      "\x02\xfd"                  // 12
      "\x02\xfe\x80"              // -128
      "\x03\xc0\x2c\x01"          // 300
      "\x04\xf0\x00\x00\x80"      // -8388608
      "\x05\xd0\xff\xff\xff\x7f"  // 2147483647
      "\x06\x40\x01x"             // A string with a length of 14 bits.
      "\x04\x00"                  // Empty.
      "\xff"s;
  std::string fixed = bytes;
  fixed[0] = static_cast<char>(bytes.size());
  fixed[4] = static_cast<char>(bytes.size() - 3);
  EXPECT_EQ(Texts(ReadZiplist, fixed), "hi 0 12 -128 300 -8388608 2147483647 x  ");
  ExpectCutsRefused(ReadZiplist, fixed);
  std::string wrong = fixed;
  wrong[8] = 8;  // Another count.
  EXPECT_EQ(Texts(ReadZiplist, wrong), "!");
  wrong = fixed;
  wrong[14] = 5;  // Another size of the entry before.
  EXPECT_EQ(Texts(ReadZiplist, wrong), "!");
}

TEST(OldEncodingsTest, Zipmap) {
  const std::string bytes =
      "\x02\x03"
      "foo\x03\x00"
      "bar\x05hello\x05\x02worldxx\xff"s;
  EXPECT_EQ(Texts(ReadZipmap, bytes), "foo bar hello world ");
  ExpectCutsRefused(ReadZipmap, bytes);
}

TEST(OldEncodingsTest, Intset) {
  const std::string bytes = "\x02\x00\x00\x00\x03\x00\x00\x00\xff\xff\x05\x00\x2c\x01"s;
  EXPECT_EQ(Texts(ReadIntset, bytes), "-1 5 300 ");
  ExpectCutsRefused(ReadIntset, bytes);
  std::string wrong = bytes;
  wrong[10] = wrong[11] = '\xff';  // Not ascending.
  EXPECT_EQ(Texts(ReadIntset, wrong), "!");
}

}  // namespace
}  // namespace mydis
