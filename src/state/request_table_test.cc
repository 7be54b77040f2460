#include "state/request_table.h"

#include <gtest/gtest.h>

#include "state/recorded_reply.h"

namespace mydis {
namespace {

RequestTag Tag(std::string_view id, std::string_view user = "ada") {
  return {.user = user, .id = id, .words = 7};
}

TEST(RequestTableTest, FindsWhatWasAddedByUserAndId) {
  RequestTable table;
  EXPECT_FALSE(table.Find({.user = "ada", .id = "1"}));
  table.Add(Tag("1"), "reply", 1000, 5);
  table.Add(Tag("1", "bob"), "other", 1000, 6);
  // The border between a name and an id is kept.
  table.Add(Tag("11", "ad"), "third", 1001, 7);
  EXPECT_FALSE(table.Find({.user = "ad", .id = "a1"}));
  const auto found = table.Find({.user = "ada", .id = "1"});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->reply, "reply");
  EXPECT_EQ(found->words, 7u);
  EXPECT_EQ(found->revision, 5u);
  EXPECT_EQ(table.Find({.user = "bob", .id = "1"})->reply, "other");
  table.CheckInvariants();
}

TEST(RequestTableTest, ForgetsTheOldestFirstAndABoundedNumber) {
  RequestTable table;
  for (uint64_t i = 0; i < 100; ++i) table.Add(Tag(std::to_string(i)), "r", 1000 + i, i);
  const uint64_t all = table.MemoryBytes();
  table.DropOld(1999, 1000, 100);
  EXPECT_EQ(table.size(), 100u);
  EXPECT_EQ(table.EndMs(1000), 2000u);
  table.DropOld(2050, 1000, 10);
  EXPECT_EQ(table.size(), 90u);
  EXPECT_FALSE(table.Find({.user = "ada", .id = "9"}));
  EXPECT_TRUE(table.Find({.user = "ada", .id = "10"}));
  table.DropOld(2050, 1000, 1000);
  EXPECT_EQ(table.EndMs(1000), 2051u);
  EXPECT_LT(table.MemoryBytes(), all / 2);
  table.CheckInvariants();
  table.DropOld(UINT64_MAX - 1, 1000, 1000);
  EXPECT_EQ(table.MemoryBytes(), 0u);
  EXPECT_EQ(table.EndMs(1000), UINT64_MAX);
  table.Add(Tag("9"), "again", 5000, 1);
  EXPECT_EQ(table.Find({.user = "ada", .id = "9"})->reply, "again");
}

TEST(RequestTableTest, ClientsThatNumberAreKnownForFiveMinutesAtLeast) {
  RequestTable table;
  RequestTag numbered = Tag("client");
  numbered.number = numbered.oldest = 1;
  table.Add(numbered, "r", 1000, 1);
  table.Add(Tag("id"), "r", 1000, 2);
  table.DropOld(2000, 1, 100);
  EXPECT_FALSE(table.Find(Tag("id")));
  EXPECT_TRUE(table.Find(numbered));
  EXPECT_EQ(table.EndMs(1), 301'000u);
  table.DropOld(300'999, 1, 100);
  EXPECT_TRUE(table.Find(numbered));
  table.DropOld(301'000, 1, 100);
  EXPECT_EQ(table.size(), 0u);
  table.Add(numbered, "r", 400'000, 3);
  EXPECT_EQ(table.EndMs(600'000), 1'000'000u);
}

TEST(RequestTableTest, WhatIsSavedIsLoaded) {
  RequestTable table;
  for (uint64_t i = 0; i < 50; ++i)
    table.Add(Tag(std::string(1 + i % 40, 'x') + std::to_string(i), i % 2 == 0 ? "" : "bob"),
              std::string(i, 'r'), 1000 + i / 3, i);
  table.DropOld(2003, 1000, 100);
  std::string saved;
  Encoder out(saved);
  table.Save(out);
  RequestTable loaded;
  Decoder in(saved);
  ASSERT_TRUE(loaded.Load(in));
  EXPECT_TRUE(in.AtEnd());
  loaded.CheckInvariants();
  EXPECT_EQ(loaded.MemoryBytes(), table.MemoryBytes());
  std::string again;
  Encoder second(again);
  loaded.Save(second);
  EXPECT_EQ(again, saved);
  for (size_t size = 0; size < saved.size(); ++size) {
    RequestTable partial;
    Decoder short_in(std::string_view(saved).substr(0, size));
    EXPECT_FALSE(partial.Load(short_in));
    partial.CheckInvariants();
  }
}

TEST(RequestTableTest, ATableThatHasAnIdTwiceOrIsOutOfOrderIsRefused) {
  const auto load = [](std::vector<std::pair<std::string, uint64_t>> records) {
    std::string bytes;
    Encoder out(bytes);
    out.Varint(records.size());
    for (const auto& [key, time_ms] : records) {
      out.Bytes(key);
      for (const uint64_t number : {uint64_t{1}, time_ms, uint64_t{1}}) out.U64(number);
      out.Bytes("");
    }
    out.Varint(0);  // Nobody numbers requests.
    RequestTable table;
    Decoder in(bytes);
    return table.Load(in);
  };
  EXPECT_TRUE(load({{"a", 1}, {"b", 1}}));
  EXPECT_FALSE(load({{"a", 1}, {"a", 1}}));
  EXPECT_FALSE(load({{"a", 2}, {"b", 1}}));
}

// Writes down what it is told, each kind in its own way.
class Notes final : public Reply {
 public:
  explicit Notes(int version = 3) : version_(version) {}
  std::string text;

  void Simple(std::string_view t) override { Add('+', t); }
  void Error(std::string_view t) override { Add('-', t); }
  void Integer(int64_t value) override { Add(':', std::to_string(value)); }
  void Bulk(std::string_view t) override { Add('$', t); }
  void Null() override { Add('_', ""); }
  void NullArray() override { Add('0', ""); }
  void ArrayHeader(size_t n) override { Add('*', std::to_string(n)); }
  void MapHeader(size_t n) override { Add('%', std::to_string(n)); }
  void SetHeader(size_t n) override { Add('~', std::to_string(n)); }
  void PushHeader(size_t n) override { Add('>', std::to_string(n)); }
  void AttributeHeader(size_t n) override { Add('|', std::to_string(n)); }
  void Double(double value) override { Add(',', std::to_string(value)); }
  void DoubleText(double value, std::string_view digits) override {
    Add(';', std::to_string(value) + "=" + std::string(digits));
  }
  void Bool(bool value) override { Add('#', value ? "t" : "f"); }
  void BigNumber(std::string_view digits) override { Add('(', digits); }
  void Verbatim(std::string_view format, std::string_view t) override {
    Add('=', std::string(format) + ":" + std::string(t));
  }
  size_t OpenArray() override {
    Add('[', std::to_string(opened_));
    return opened_++;
  }
  void CloseArray(size_t token, size_t n) override {
    Add(']', std::to_string(token) + "," + std::to_string(n));
  }
  int resp_version() const override { return version_; }

 private:
  void Add(char kind, std::string_view t) {
    text += kind;
    text += t;
    text += ' ';
  }
  int version_;
  size_t opened_ = 0;
};

void SayEverything(Reply& reply) {
  reply.PushHeader(2);
  reply.Simple("OK");
  reply.Error("ERR no");
  reply.Integer(-5);
  reply.Bulk(std::string_view("a\0b\r\n", 5));
  reply.Null();
  reply.NullArray();
  const size_t outer = reply.OpenArray();
  const size_t inner = reply.OpenArray();
  reply.MapHeader(300);
  reply.CloseArray(inner, 0);
  reply.SetHeader(0);
  reply.ArrayHeader(1);
  reply.CloseArray(outer, 2);
  reply.Double(1.5);
  reply.DoubleText(0.1, "0.10000");
  reply.Bool(true);
  reply.Bool(false);
  reply.BigNumber("123");
  reply.Verbatim("txt", "text");
}

TEST(RecordedReplyTest, EveryCallIsRepeated) {
  std::string recorded;
  ReplyRecorder recorder(recorded, 3);
  Notes said;
  Notes repeated;
  for (Reply* reply : {static_cast<Reply*>(&recorder), static_cast<Reply*>(&said)}) {
    SayEverything(*reply);
    reply->AttributeHeader(1);
  }
  EXPECT_TRUE(ReplayReply(recorded, repeated));
  EXPECT_EQ(repeated.text, said.text);
}

TEST(RecordedReplyTest, AnyBytesAreReadToTheirEnd) {
  std::string recorded;
  ReplyRecorder recorder(recorded, 2);
  SayEverything(recorder);
  NullReply nowhere;
  EXPECT_TRUE(ReplayReply(recorded, nowhere));
  for (size_t at = 0; at < recorded.size(); ++at) {
    std::string broken = recorded;
    for (const int byte : {0, 10, 11, 18, 19, 20, 255}) {
      broken[at] = static_cast<char>(byte);
      Notes notes(2);
      ReplayReply(broken, notes);
      EXPECT_EQ(notes.text.find('|'), std::string::npos) << "attributes have no form there";
    }
  }
  EXPECT_FALSE(ReplayReply("\x13\x01", nowhere));
  EXPECT_FALSE(ReplayReply("\x12", nowhere));
}

}  // namespace
}  // namespace mydis
