// Streams against a plain model: random changes, then everything that can be asked.
#include "types/stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "types/container.h"

namespace mydis {
namespace {

static_assert(Container<Stream>);

using Entry = std::vector<std::string>;  // Fields and values by turns.

std::vector<std::string_view> Views(const Entry& entry) { return {entry.begin(), entry.end()}; }

Entry EntryOf(const StreamIterator& at) {
  Entry entry;
  at.ForEachField([&](std::string_view field, std::string_view value) {
    entry.emplace_back(field);
    entry.emplace_back(value);
  });
  return entry;
}

std::string Saved(const Stream& stream) {
  std::string bytes;
  Encoder out(bytes);
  stream.Save(out);
  return bytes;
}

struct Model {
  std::map<StreamId, Entry> entries;
  StreamId last;
  StreamId max_deleted;
  uint64_t added = 0;
};

void ExpectSame(const Stream& stream, const Model& model) {
  stream.CheckInvariants();
  ASSERT_EQ(stream.size(), model.entries.size());
  EXPECT_EQ(stream.last_id(), model.last);
  EXPECT_EQ(stream.max_deleted_id(), model.max_deleted);
  EXPECT_EQ(stream.entries_added(), model.added);
  EXPECT_EQ(stream.first_id(), model.entries.empty() ? StreamId{} : model.entries.begin()->first);
  EXPECT_EQ(stream.LastEntryId(),
            model.entries.empty() ? StreamId{} : model.entries.rbegin()->first);
  StreamIterator at(stream);
  for (const auto& [id, entry] : model.entries) {
    ASSERT_TRUE(at.Next());
    EXPECT_EQ(at.id(), id);
    EXPECT_EQ(EntryOf(at), entry);
  }
  EXPECT_FALSE(at.Next());
}

// Both ways over a random range.
void ExpectSameRange(const Stream& stream, const Model& model, StreamId start, StreamId end) {
  std::vector<StreamId> expected;
  for (auto at = model.entries.lower_bound(start); at != model.entries.end() && at->first <= end;
       ++at)
    expected.push_back(at->first);
  std::vector<StreamId> forward;
  for (StreamIterator at(stream, start, end); at.Next();) forward.push_back(at.id());
  std::vector<StreamId> backward;
  for (StreamIterator at(stream, start, end, StreamIterator::Direction::kBackward); at.Next();)
    backward.push_back(at.id());
  EXPECT_EQ(forward, expected);
  std::ranges::reverse(backward);
  EXPECT_EQ(backward, expected);
}

Entry RandomEntry(Random& random) {
  static const std::array<std::string, 6> kFields = {"f", "field", "17", "", "-5", "long"};
  Entry entry;
  const uint64_t pairs = 1 + random.Below(3);
  for (uint64_t i = 0; i < pairs; ++i) {
    entry.push_back(kFields[random.Below(random.Below(3) == 0 ? kFields.size() : 2)]);
    entry.push_back(random.Below(2) == 0 ? std::to_string(random.Next())
                                         : std::string(random.Below(90), 'v'));
  }
  return entry;
}

StreamId RandomId(Random& random, const Model& model) {
  StreamId id{random.Below(model.last.ms + 2), random.Below(6)};
  if (model.entries.empty() || random.Below(2) == 0) return id;
  const auto at = model.entries.lower_bound(id);
  return at == model.entries.end() ? model.entries.rbegin()->first : at->first;
}

class StreamModelTest : public testing::TestWithParam<uint64_t> {};

TEST_P(StreamModelTest, BehavesLikeAnOrderedMap) {
  Random random(GetParam());
  EncodingLimits limits;
  limits.stream_node_max_entries = random.Below(3) == 0 ? 0 : 1 + random.Below(12);
  limits.stream_node_max_bytes = random.Below(3) == 0 ? 0 : 50 + random.Below(400);
  Stream stream;
  Model model;
  for (int step = 0; step < 1000; ++step) {
    const uint64_t kind = random.Below(200);
    if (kind < 150) {
      StreamId id{model.last.ms + random.Below(2), model.last.seq + 1};
      if (id.ms > model.last.ms) id.seq = random.Below(4);
      const Entry entry = RandomEntry(random);
      stream.Append(id, Views(entry), limits);
      model.entries[id] = entry;
      model.last = id;
      ++model.added;
    } else if (kind < 196) {
      const StreamId id = RandomId(random, model);
      const bool there = model.entries.erase(id) > 0;
      EXPECT_EQ(stream.Contains(id), there);
      EXPECT_EQ(stream.Erase(id), there);
      if (there) model.max_deleted = std::max(model.max_deleted, id);
    } else if (kind < 198) {
      StreamTrim trim{.kind = StreamTrim::Kind::kMaxLength};
      trim.max_length = model.entries.size() / 2 + random.Below(model.entries.size() + 2);
      uint64_t expected = 0;
      for (; model.entries.size() > trim.max_length; ++expected)
        model.entries.erase(model.entries.begin());
      EXPECT_EQ(stream.Trim(trim), expected);
    } else {
      StreamTrim trim{.kind = StreamTrim::Kind::kMinId};
      trim.min_id = RandomId(random, model);
      uint64_t expected = 0;
      for (; !model.entries.empty() && model.entries.begin()->first < trim.min_id; ++expected)
        model.entries.erase(model.entries.begin());
      EXPECT_EQ(stream.Trim(trim), expected);
    }
    if (step % 20 == 0) ExpectSame(stream, model);
    ExpectSameRange(stream, model, RandomId(random, model), RandomId(random, model));
  }
  ExpectSame(stream, model);
  const std::string bytes = Saved(stream);
  Stream loaded;
  Decoder in(bytes);
  ASSERT_TRUE(Stream::Load(in, &loaded));
  EXPECT_TRUE(in.AtEnd());
  ExpectSame(loaded, model);
  EXPECT_EQ(Saved(loaded), bytes);
  EXPECT_EQ(loaded.MemoryBytes(), stream.MemoryBytes());
  const Stream copy = stream.Clone();
  ExpectSame(copy, model);
  EXPECT_EQ(Saved(copy), bytes);
}

INSTANTIATE_TEST_SUITE_P(Seeds, StreamModelTest, testing::Range<uint64_t>(1, 41));

// XTRIM with ~ removes whole nodes only, and stops at its limit.
TEST(StreamTest, ApproximateTrimming) {
  EncodingLimits limits;
  limits.stream_node_max_entries = 10;
  Stream stream;
  const Entry entry = {"f", "v"};
  for (uint64_t i = 1; i <= 100; ++i) stream.Append({i, 0}, Views(entry), limits);
  EXPECT_EQ(stream.nodes().size(), 10u);
  EXPECT_EQ(stream.Trim({.kind = StreamTrim::Kind::kMaxLength,
                         .approximate = true,
                         .limit = 25,
                         .max_length = 5}),
            20u);
  EXPECT_EQ(
      stream.Trim({.kind = StreamTrim::Kind::kMaxLength, .approximate = true, .max_length = 75}),
      0u);
  EXPECT_EQ(stream.Trim({.kind = StreamTrim::Kind::kMinId, .approximate = true, .min_id = {39, 9}}),
            10u);
  EXPECT_EQ(stream.first_id(), (StreamId{31, 0}));
  EXPECT_EQ(stream.Trim({.kind = StreamTrim::Kind::kMinId, .min_id = {39, 9}}), 9u);
  EXPECT_EQ(stream.size(), 61u);
  stream.CheckInvariants();
}

// The bytes of a node are what redis-server writes for the same commands.
TEST(StreamTest, NodesAreRedisBytes) {
  const EncodingLimits limits;
  Stream stream;
  stream.Append({100, 5}, Views({"a", "1", "b", "x"}), limits);
  stream.Append({101, 0}, Views({"a", "300", "b", "y"}), limits);
  stream.Append({101, 1}, Views({"c", "z"}), limits);
  ASSERT_TRUE(stream.Erase({101, 0}));
  const std::string expected(
      "\x48\x00\x00\x00\x1b\x00"
      "\x02\x01\x01\x01\x02\x01\x81\x61\x02\x81\x62\x02\x00\x01"      // 2 live, 1 deleted, a b
      "\x02\x01\x00\x01\x00\x01\x01\x01\x81\x78\x02\x05\x01"          // 100-5
      "\x03\x01\x01\x01\xdf\xfb\x02\xc1\x2c\x02\x81\x79\x02\x05\x01"  // 101-0
      "\x00\x01\x01\x01\xdf\xfc\x02\x01\x01\x81\x63\x02\x81\x7a\x02\x06\x01"  // 101-1
      "\xff",
      66);
  EXPECT_EQ(stream.nodes().front().entries.bytes().substr(6), std::string_view(expected).substr(6));
}

TEST(StreamTest, IdsHaveNeighbours) {
  constexpr uint64_t kMax = StreamId::Max().ms;
  EXPECT_EQ((StreamId{1, kMax}.Next()), (StreamId{2, 0}));
  EXPECT_EQ((StreamId{2, 0}.Previous()), (StreamId{1, kMax}));
  EXPECT_EQ(StreamId::Max().Next(), std::nullopt);
  EXPECT_EQ(StreamId{}.Previous(), std::nullopt);
  EXPECT_EQ(StreamIdText(StreamId::Max()).view(), "18446744073709551615-18446744073709551615");
  Stream stream;
  EXPECT_EQ(stream.NextId(0), (StreamId{0, 1}));
  EXPECT_EQ(stream.NextId(5), (StreamId{5, 0}));
  stream.SetIds(StreamId::Max(), std::nullopt, std::nullopt);
  EXPECT_EQ(stream.NextId(5), std::nullopt);
}

TEST(StreamTest, RadixTreeNodesAsRedisCountsThem) {
  EncodingLimits limits;
  limits.stream_node_max_entries = 1;
  Stream stream;
  const Entry entry = {"f", "v"};
  EXPECT_EQ(stream.RadixTreeNodes(), 1u);
  stream.Append({1, 0}, Views(entry), limits);
  EXPECT_EQ(stream.RadixTreeNodes(), 2u);
  stream.Append({1, 1}, Views(entry), limits);
  EXPECT_EQ(stream.RadixTreeNodes(), 4u);  // 15 bytes, the parting, two leaves.
  stream.Append({2, 0}, Views(entry), limits);
  // 7 bytes, a parting; 7 bytes, a parting, two leaves; 8 bytes, a leaf.
  EXPECT_EQ(stream.RadixTreeNodes(), 8u);
}

TEST(StreamTest, MalformedBytesAreRefused) {
  EncodingLimits limits;
  limits.stream_node_max_entries = 3;
  Stream stream;
  Random random(1);
  for (uint64_t i = 1; i <= 8; ++i) stream.Append({i, i}, Views(RandomEntry(random)), limits);
  stream.Erase({5, 5});
  StreamGroup& group = stream.CreateGroup("g");
  group.Deliver({3, 3}, group.CreateConsumer("c", 1), 1);
  const std::string bytes = Saved(stream);
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    Decoder in(std::string_view(bytes).substr(0, cut));
    Stream target;
    EXPECT_FALSE(Stream::Load(in, &target)) << cut;
  }
  for (int round = 0; round < 20000; ++round) {
    std::string changed = bytes;
    for (uint64_t n = random.Below(3) + 1; n > 0; --n)
      changed[random.Below(changed.size())] = static_cast<char>(random.Next());
    Decoder in(changed);
    Stream target;
    if (Stream::Load(in, &target)) {
      target.CheckInvariants();
      EXPECT_EQ(target.MemoryBytes(), target.Clone().MemoryBytes());
    }
  }
}

}  // namespace
}  // namespace mydis
