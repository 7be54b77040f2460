#include "state/rdb_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <vector>

#include "base/codec.h"
#include "base/crc64.h"
#include "state/rdb_file_writer.h"
#include "state/rdb_value.h"

namespace mydis {
namespace {

using namespace std::string_literals;
using Kind = RdbItem::Kind;

constexpr uint64_t kNoLimit = UINT64_MAX;

std::string WithEnd(std::string file) {
  file += '\xff';
  const uint64_t crc = Crc64(file);
  Encoder(file).U64(crc);
  return file;
}

struct Item {
  RdbItem item;
  std::string bytes;
};

// All of a file, or what is wrong with it.
Result<std::vector<Item>> ReadAll(std::string_view file, uint64_t max_value = kNoLimit) {
  MemorySource source(file);
  RdbFileReader reader(source, max_value);
  if (Status status = reader.ReadHeader(); !status.ok()) return Fail(status);
  std::vector<Item> items;
  while (true) {
    auto item = reader.Next();
    if (!item) return Fail(item.error());
    if (item->kind == Kind::kEnd) return items;
    std::string bytes = *item->bytes;
    items.push_back({std::move(*item), std::move(bytes)});
  }
}

std::string ErrorOf(std::string_view file) {
  const auto items = ReadAll(file);
  return items ? "" : items.error().message();
}

const std::string kSmall = WithEnd(
    "REDIS0011"
    "\xfa\x03who\x05mydis"
    "\xf5\x0a#!lua name"
    "\xfe\x03\xfb\x02\x01"
    "\xfc\x10\x27\x00\x00\x00\x00\x00\x00\xf9\x07\x00\x01k\x03one"
    "\xfd\x0a\x00\x00\x00\xf8\x40\x64\x02\x01s\x01\xc0\x05"s);

TEST(RdbFileTest, GivesWhatStandsInIt) {
  const auto items = ReadAll(kSmall);
  ASSERT_TRUE(items) << items.error().message();
  ASSERT_EQ(items->size(), 4u);
  EXPECT_EQ((*items)[0].item.kind, Kind::kFact);
  EXPECT_EQ((*items)[0].item.name + "=" + (*items)[0].bytes, "who=mydis");
  EXPECT_EQ((*items)[1].item.kind, Kind::kFunctions);
  EXPECT_EQ((*items)[1].bytes, "#!lua name");
  const RdbItem& text = (*items)[2].item;
  EXPECT_EQ(text.kind, Kind::kKey);
  EXPECT_EQ(text.name, "k");
  EXPECT_EQ(text.db, 3u);
  EXPECT_EQ(text.deadline_ms, 10'000);
  EXPECT_EQ(text.frequency, 7);
  EXPECT_FALSE(text.idle_s);
  EXPECT_EQ((*items)[2].bytes, "\x00\x03one"s);
  const RdbItem& set = (*items)[3].item;
  EXPECT_EQ(set.db, 3u);
  EXPECT_EQ(set.deadline_ms, 10'000);
  EXPECT_EQ(set.idle_s, 100u);
  EXPECT_FALSE(set.frequency);
  EXPECT_EQ((*items)[3].bytes, "\x02\x01\xc0\x05"s);
}

TEST(RdbFileTest, EveryCutAndEveryOtherByteIsNoticed) {
  for (size_t size = 0; size < kSmall.size(); ++size)
    EXPECT_NE(ErrorOf(kSmall.substr(0, size)), "") << size;
  for (size_t i = 0; i < kSmall.size(); ++i) {
    std::string wrong = kSmall;
    wrong[i] ^= 1;
    EXPECT_NE(ErrorOf(wrong), "") << i;
  }
  EXPECT_NE(ErrorOf(kSmall + "x").find("more behind its end"), std::string::npos);
}

TEST(RdbFileTest, SaysWhatIsWrong) {
  EXPECT_NE(ErrorOf("*1\r\n$4\r\nPING").find("no RDB file"), std::string::npos);
  EXPECT_NE(ErrorOf(WithEnd("REDIS0080")).find("version 80"), std::string::npos);
  EXPECT_NE(ErrorOf(WithEnd("REDIS0011\x63\x01k"s)).find("no type 99"), std::string::npos);
  const std::string cut = ErrorOf("REDIS0011\x00\x07the-key\x7f\xff"s);
  EXPECT_NE(cut.find("begins at byte 9, database 0, key \"the-key\""), std::string::npos) << cut;
  const std::string strange = ErrorOf("REDIS0011\x00\x07\n\x1b[2J\t\"\x7f\xff"s);
  EXPECT_NE(strange.find(R"(key "\n\x1b[2J\t\"")"), std::string::npos) << strange;
}

TEST(RdbFileTest, NoChecksumAndNoneYet) {
  EXPECT_EQ(ErrorOf("REDIS0011\x00\x01k\x01v\xff"s + std::string(8, '\0')), "");
  EXPECT_EQ(ErrorOf("REDIS0003\x00\x01k\x01v\xff"s), "");
}

TEST(RdbFileTest, OfWhatIsTooLongTheSizeIsTold) {
  const std::string file =
      WithEnd("REDIS0011\x00\x01k\x40\x64"s + std::string(100, 'v') + "\x00\x01l\x01v"s);
  const auto items = ReadAll(file, 50);
  ASSERT_TRUE(items) << items.error().message();
  EXPECT_FALSE((*items)[0].item.kept);
  EXPECT_EQ((*items)[0].item.size, 103u);
  EXPECT_TRUE((*items)[1].item.kept);
  EXPECT_EQ((*items)[1].bytes, "\x00\x01v"s);
}

// A module's name is nine letters of six bits: "ReJSON-RL", version 3 of its data.
TEST(RdbFileTest, ModulesAreReadOver) {
  std::string id = "\x81"s;
  Encoder(id).U64(__builtin_bswap64(0x4499520d3f91d000ull | 3));
  const std::string data =
      "\x02\x05\x01\x06\x03" + "1234"s + "\x04" + "12345678"s + "\x05\x03" + "abc" + "\x00"s;
  const std::string file = WithEnd("REDIS0011\xf7" + id + "\x02\x02" + data + "\x07\x01k" + id +
                                   data + "\x00\x01l\x01v"s);
  const auto items = ReadAll(file);
  ASSERT_TRUE(items) << items.error().message();
  ASSERT_EQ(items->size(), 3u);
  EXPECT_EQ((*items)[0].item.kind, Kind::kModuleData);
  EXPECT_EQ((*items)[0].item.name.size(), 9u);
  EXPECT_EQ((*items)[1].item.type, 7);
  EXPECT_EQ((*items)[2].item.name, "l");
}

// Files of redis-server 7.0.15, with one key each of every encoding; what is in them becomes a
// value.
TEST(RdbFileTest, FilesOfRedis) {
  for (const char* name : {"redis_7_0", "redis_7_0_plain"}) {
    std::ifstream stream(MYDIS_SOURCE_DIR + "/tests/fuzz/rdb_file/"s + name, std::ios::binary);
    const std::string file((std::istreambuf_iterator<char>(stream)), {});
    const auto items = ReadAll(file);
    ASSERT_TRUE(items) << name << ": " << items.error().message();
    std::map<int, int> types;
    for (const auto& [item, bytes] : *items) {
      if (item.kind != Kind::kKey) continue;
      ++types[item.type];
      std::string payload = bytes;
      AppendDumpFooter(payload, 10);
      ASSERT_TRUE(IsDumpPayload(payload));
      EXPECT_TRUE(ReadDumpPayload(payload, EncodingLimits())) << item.name;
    }
    EXPECT_EQ(types,
              (std::map<int, int>{
                  {0, 4}, {2, 1}, {4, 1}, {5, 1}, {11, 1}, {16, 1}, {17, 1}, {18, 2}, {19, 2}}));
  }
}

// What is written is read again, and a stream has the form that its version knows.
TEST(RdbFileTest, WritesWhatItReads) {
  for (const uint16_t version : {kRdbVersionLowest, kRdbVersion, kRdbVersionTimed}) {
    Keyspace keyspace(1, 4);
    keyspace.SetString(0, "text", std::string(1000, 'x'), Ttl::None());
    keyspace.SetString(2, "ends", "17", Ttl::At(12345));
    Set set;
    set.Add("a", EncodingLimits());
    keyspace.Put(2, "set", std::move(set), Ttl::None());
    keyspace.Put(2, "stream", Stream(), Ttl::None());
    std::string file;
    RdbFileWriter writer(version, [&file](std::string_view bytes) {
      file += bytes;
      return Status::Ok();
    });
    ASSERT_TRUE(writer.Fact("who", "mydis").ok());
    ASSERT_TRUE(writer.Library("#!lua name=l").ok());
    for (const uint32_t db : {0, 2}) {
      keyspace.ForEach(db, [&](const Entry& entry) {
        EXPECT_EQ(RdbVersionOf(entry), kRdbVersionLowest);
        ASSERT_TRUE(writer.Key(db, entry, keyspace.Deadline(db, entry)).ok());
      });
    }
    ASSERT_TRUE(writer.End().ok());
    const auto items = ReadAll(file);
    ASSERT_TRUE(items) << items.error().message();
    std::map<std::string, const RdbItem*> by_name;
    for (const auto& [item, bytes] : *items) by_name[item.name] = &item;
    EXPECT_EQ(by_name.size(), 6u);
    EXPECT_EQ(by_name["ends"]->db, 2u);
    EXPECT_EQ(by_name["ends"]->deadline_ms, 12345);
    EXPECT_EQ(by_name["text"]->db, 0u);
    EXPECT_EQ(by_name["stream"]->type, version >= kRdbVersion ? 21 : 19);
    EXPECT_EQ(by_name["set"]->type, version >= kRdbVersion ? 20 : 2);
  }
}

TEST(RdbFileTest, FieldsThatExpireNeedAVersionOfTheirOwn) {
  Keyspace keyspace(1, 1);
  Hash hash;
  hash.Set("f", "v", EncodingLimits());
  hash.SetDeadline("f", 99);
  keyspace.Put(0, "hash", std::move(hash), Ttl::None());
  EXPECT_EQ(RdbVersionOf(*keyspace.Find(0, "hash")), kRdbVersionTimed);
}

}  // namespace
}  // namespace mydis
