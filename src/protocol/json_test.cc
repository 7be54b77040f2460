#include "protocol/json.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/base64.h"
#include "base/utf8.h"
#include "protocol/resp_json.h"

namespace mydis {
namespace {

RespValue Reply(std::string_view bytes) {
  RespReader reader;
  reader.Feed(bytes);
  RespValue value;
  EXPECT_EQ(reader.Next(&value), RespReader::Outcome::kValue) << bytes;
  return value;
}

std::string Json(std::string_view bytes) {
  std::string out;
  JsonWriter writer(out);
  WriteJson(Reply(bytes), writer);
  return out;
}

TEST(Json, EveryKindOfReply) {
  EXPECT_EQ(Json("_\r\n"), "null");
  EXPECT_EQ(Json("+OK\r\n"), "\"OK\"");
  EXPECT_EQ(Json("$4\r\na\"\\\n\r\n"), "\"a\\\"\\\\\\n\"");
  EXPECT_EQ(Json("$2\r\n\x01\x1f\r\n"), "\"\\u0001\\u001f\"");
  EXPECT_EQ(Json("$2\r\n\xc3\xa4\r\n"), "\"\xc3\xa4\"");
  EXPECT_EQ(Json("$1\r\n\xff\r\n"), "{\"b64\":\"/w==\"}");
  EXPECT_EQ(Json("=7\r\ntxt:abc\r\n"), "\"abc\"");
  EXPECT_EQ(Json(":-9223372036854775808\r\n"), "-9223372036854775808");
  EXPECT_EQ(Json(",1.5\r\n"), "1.5");
  EXPECT_EQ(Json(",-inf\r\n"), "\"-inf\"");
  EXPECT_EQ(Json(",nan\r\n"), "\"nan\"");
  EXPECT_EQ(Json("(123456789012345678901234567890\r\n"), "\"123456789012345678901234567890\"");
  EXPECT_EQ(Json("#t\r\n"), "true");
  EXPECT_EQ(Json("*3\r\n:1\r\n*0\r\n~1\r\n+a\r\n"), "[1,[],[\"a\"]]");
  EXPECT_EQ(Json("%2\r\n+a\r\n:1\r\n$1\r\nb\r\n_\r\n"), "{\"a\":1,\"b\":null}");
  EXPECT_EQ(Json("%2\r\n:1\r\n:2\r\n+a\r\n:3\r\n"), "[[1,2],[\"a\",3]]");
  EXPECT_EQ(Json("%1\r\n$1\r\n\xff\r\n:2\r\n"), "[[{\"b64\":\"/w==\"},2]]");
  EXPECT_EQ(Json("*1\r\n-WRONGTYPE no\r\n"),
            "[{\"error\":{\"code\":\"WRONGTYPE\",\"message\":\"no\"}}]");
  EXPECT_EQ(Json("*1\r\n-what a mess\r\n"),
            "[{\"error\":{\"code\":\"ERR\",\"message\":\"what a mess\"}}]");
}

TEST(Json, CommandsKeepTheirBytesAndDigits) {
  const auto json =
      ParseJson(R"([ "SET", "\u00e4\n", {"b64":"/wA="}, 12345678901234567890123, -1.50, 1e3 ])");
  ASSERT_TRUE(json.has_value()) << json.error().message();
  const auto words = CommandOfJson(*json);
  ASSERT_TRUE(words.has_value());
  EXPECT_EQ(*words, (std::vector<std::string>{"SET", "\xc3\xa4\n", std::string("\xff\0", 2),
                                              "12345678901234567890123", "-1.50", "1e3"}));
}

TEST(Json, WhatIsNoCommand) {
  for (const std::string_view text :
       {"[]", "{}", "1", "[true]", "[null]", "[[1]]", "[{}]", R"([{"b64":"/w=","x":1}])",
        R"([{"b64":"*"}])", R"([{"b64":1}])"}) {
    const auto json = ParseJson(text);
    ASSERT_TRUE(json.has_value()) << text;
    EXPECT_FALSE(CommandOfJson(*json).has_value()) << text;
  }
}

TEST(Json, WhatIsNoJson) {
  for (const std::string_view text : {"", " ", "[", "[1", "[1,]", "{\"a\"}", "[1]x", "\"\xff\"",
                                      "01", "nul", "\"\\ud800\"", "//x\n1"})
    EXPECT_FALSE(ParseJson(text).has_value()) << text;
  EXPECT_FALSE(ParseJson(std::string(1000, '[')).has_value());
  EXPECT_TRUE(ParseJson(std::string(30, '[') + std::string(30, ']')).has_value());
}

TEST(Json, ObjectsKeepTheirOrder) {
  const auto json = ParseJson(R"({"b":1,"a":{"c":[]}})");
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ(json->members[0].name, "b");
  ASSERT_NE(json->Find("a"), nullptr);
  EXPECT_TRUE(json->Find("a")->Find("c")->is_array());
  EXPECT_EQ(json->Find("x"), nullptr);
}

TEST(Base64, ThereAndBack) {
  for (size_t size = 0; size < 50; ++size) {
    std::string bytes;
    for (size_t i = 0; i < size; ++i) bytes += static_cast<char>(i * 37 + size);
    const std::string text = EncodeBase64(bytes);
    EXPECT_EQ(DecodeBase64(text), bytes);
    EXPECT_EQ(DecodeBase64(text.substr(0, text.find('='))), bytes);
  }
  EXPECT_EQ(EncodeBase64("ab"), "YWI=");
  for (const std::string_view wrong : {"Y", "YQ=", "YR==", "YWI=x", "====", "Y*==", "YWJj="})
    EXPECT_EQ(DecodeBase64(wrong), std::nullopt) << wrong;
}

TEST(Utf8, WhatIsText) {
  for (const std::string_view good :
       {"", "abcdefghijk", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\x7f"})
    EXPECT_TRUE(IsUtf8(good)) << good;
  for (const std::string_view bad :
       {"\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "abcdefgh\xff", "abcdefghijk\xe2\x82"})
    EXPECT_FALSE(IsUtf8(bad)) << bad;
}

}  // namespace
}  // namespace mydis
