#include "state/apply_prefetch.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace mydis {
namespace {

std::string_view BodyOf(std::string_view payload) { return payload.substr(kEnvelopeSize); }

void ReadAhead(const Keyspace& keyspace, std::string_view body, uint32_t operations) {
  ApplyPrefetch prefetch(body, operations, keyspace);
  for (uint32_t i = 0; i < 2 * operations; ++i) prefetch.BeforeCommand();
}

std::string MixedEntry(uint32_t* operations) {
  EntryBuilder builder;
  for (int i = 0; i < 100; ++i) {
    const std::string key = "key:" + std::to_string(i);
    const std::string_view set[] = {"SET", key, "value"};
    const std::string_view flush[] = {"FLUSHALL"};
    builder.AddCommand(static_cast<uint32_t>(i % 3), set);
    if (i % 7 == 0) builder.AddCommand(0, flush);
    if (i % 5 == 0) {
      const WatchedKey watched[] = {{0, key, 1}, {1, "other", 2}};
      builder.BeginTransaction(watched, 2);
      builder.AddElement(0, set);
      builder.AddElement(15, flush);
    }
  }
  *operations = builder.operations();
  return builder.Take();
}

TEST(ApplyPrefetch, ReadsEntriesOfEveryShape) {
  Keyspace keyspace(1, 16);
  for (int i = 0; i < 50; ++i)
    keyspace.SetString(0, "key:" + std::to_string(i), "value", Ttl::None());
  uint32_t operations = 0;
  const std::string payload = MixedEntry(&operations);
  ReadAhead(keyspace, BodyOf(payload), operations);
  ReadAhead(keyspace, BodyOf(payload), operations + 10);
  ReadAhead(keyspace, "", 5);
}

TEST(ApplyPrefetch, SurvivesDamagedEntries) {
  Keyspace keyspace(1, 16);
  keyspace.SetString(0, "key:1", "value", Ttl::None());
  uint32_t operations = 0;
  const std::string payload = MixedEntry(&operations);
  Random random(3);
  for (int round = 0; round < 2000; ++round) {
    std::string body(BodyOf(payload));
    for (uint64_t flips = random.Below(4) + 1; flips > 0; --flips)
      body[random.Below(body.size())] = static_cast<char>(random.Next());
    body.resize(random.Below(body.size() + 1));
    ReadAhead(keyspace, body, operations);
  }
}

}  // namespace
}  // namespace mydis
