#include "types/list.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "base/random.h"

namespace mydis {
namespace {

using Model = std::deque<std::string>;

Model Elements(const List& list, bool forward = true) {
  Model elements;
  ListpackValue::Scratch scratch;
  List::Cursor cursor(list, forward || list.size() == 0 ? 0 : list.size() - 1, forward);
  for (; cursor.valid(); cursor.Next()) {
    const std::string value(cursor.value().string(scratch));
    forward ? elements.push_back(value) : elements.push_front(value);
  }
  return elements;
}

std::string Saved(const List& list) {
  std::string bytes;
  Encoder out(bytes);
  list.Save(out);
  return bytes;
}

void ExpectSame(const List& list, const Model& model) {
  list.CheckInvariants();
  ASSERT_EQ(list.size(), model.size());
  ASSERT_EQ(Elements(list), model);
  ASSERT_EQ(Elements(list, false), model);
}

std::string RandomValue(Random& random) {
  if (random.Chance(1, 3)) return std::to_string(random.Below(5));
  if (random.Chance(1, 40)) return std::string(random.Below(12'000), 'L');
  return std::string(random.Below(random.Chance(1, 5) ? 900 : 10),
                     static_cast<char>('a' + random.Below(4)));
}

size_t RemoveFromModel(Model& model, const std::string& value, size_t limit, ListEnd from) {
  size_t removed = 0;
  if (from == ListEnd::kBack) std::reverse(model.begin(), model.end());
  for (size_t i = 0; i < model.size() && removed < limit;) {
    if (model[i] != value) {
      ++i;
      continue;
    }
    model.erase(model.begin() + static_cast<ptrdiff_t>(i));
    ++removed;
  }
  if (from == ListEnd::kBack) std::reverse(model.begin(), model.end());
  return removed;
}

void RandomPush(Random& random, List& list, Model& model, const EncodingLimits& limits) {
  const ListEnd end = random.Chance(1, 2) ? ListEnd::kFront : ListEnd::kBack;
  std::vector<std::string> values;
  for (uint64_t n = random.Below(30) + 1; n > 0; --n) {
    values.push_back(RandomValue(random));
    end == ListEnd::kFront ? model.push_front(values.back()) : model.push_back(values.back());
  }
  list.Push(end, std::vector<std::string_view>(values.begin(), values.end()), limits);
}

void RandomChange(Random& random, List& list, Model& model, const EncodingLimits& limits) {
  if (model.empty()) return;
  const size_t index = random.Below(model.size());
  const auto it = model.begin() + static_cast<ptrdiff_t>(index);
  const std::string value = RandomValue(random);
  switch (random.Below(6)) {
    case 0:
    case 1: {
      const bool after = random.Chance(1, 2);
      list.Insert(index, after, value, limits);
      model.insert(it + (after ? 1 : 0), value);
      break;
    }
    case 2:
      list.Replace(index, value, limits);
      *it = value;
      break;
    case 3: {
      const size_t most = random.Chance(1, 10) ? model.size() : 40;
      const size_t count = std::min(model.size() - index, random.Below(most) + 1);
      list.Erase(index, count, limits);
      model.erase(it, it + static_cast<ptrdiff_t>(count));
      break;
    }
    case 4: {
      const size_t count = std::min<size_t>(model.size(), random.Below(8));
      const ListEnd end = random.Chance(1, 2) ? ListEnd::kFront : ListEnd::kBack;
      list.Pop(end, count, limits);
      for (size_t i = 0; i < count; ++i)
        end == ListEnd::kFront ? model.pop_front() : model.pop_back();
      break;
    }
    default: {
      const size_t limit = random.Chance(1, 4) ? SIZE_MAX : random.Below(4) + 1;
      const ListEnd from = random.Chance(1, 2) ? ListEnd::kFront : ListEnd::kBack;
      const std::string victim = random.Chance(1, 2) ? *it : value;
      EXPECT_EQ(list.Remove(victim, limit, from, limits),
                RemoveFromModel(model, victim, limit, from));
    }
  }
}

// The list as a copy of it, or as it comes out of its saved form; either is the same.
void Renew(Random& random, List& list) {
  const std::string bytes = Saved(list);
  List renewed;
  if (random.Chance(1, 2)) {
    Decoder in(bytes);
    ASSERT_TRUE(List::Load(in, &renewed));
    ASSERT_TRUE(in.AtEnd());
  } else {
    renewed = list.Clone();
  }
  EXPECT_EQ(Saved(renewed), bytes);
  EXPECT_EQ(renewed.MemoryBytes(), list.MemoryBytes());
  EXPECT_EQ(renewed.EncodingName(), list.EncodingName());
  list = std::move(renewed);
}

TEST(List, BehavesLikeADequeUnderRandomChanges) {
  for (const int64_t setting : {-1, -2, 1, 3, 100, 0}) {
    EncodingLimits limits;
    limits.list_max_listpack_size = setting;
    Random random(static_cast<uint64_t>(setting + 100));
    List list;
    Model model;
    for (int round = 0; round < 1500; ++round) {
      if (random.Chance(1, 5)) {
        RandomPush(random, list, model, limits);
      } else {
        RandomChange(random, list, model, limits);
      }
      ASSERT_NO_FATAL_FAILURE(ExpectSame(list, model)) << setting << " round " << round;
      if (!model.empty()) {
        const size_t index = random.Below(model.size());
        ASSERT_TRUE(list.At(index).Equals(model[index]));
      }
      if (random.Chance(1, 20)) Renew(random, list);
    }
  }
}

// Many nodes, so that blocks are made, split, merged and thrown away.
TEST(List, BehavesLikeADequeWithManyNodes) {
  EncodingLimits limits;
  limits.list_max_listpack_size = 2;
  Random random(7);
  List list;
  Model model;
  for (int i = 0; i < 6000; ++i) {
    const std::string value = std::to_string(i % 50);
    list.Push(i % 3 == 0 ? ListEnd::kFront : ListEnd::kBack, value, limits);
    i % 3 == 0 ? model.push_front(value) : model.push_back(value);
  }
  for (int round = 0; round < 3000; ++round) {
    const size_t index = random.Below(model.size());
    const bool after = random.Chance(1, 2);
    const std::string value = std::to_string(random.Below(50));
    list.Insert(index, after, value, limits);
    model.insert(model.begin() + static_cast<ptrdiff_t>(index + (after ? 1 : 0)), value);
    const size_t probe = random.Below(model.size());
    ASSERT_TRUE(list.At(probe).Equals(model[probe]));
  }
  ASSERT_NO_FATAL_FAILURE(ExpectSame(list, model));
  for (int value = 0; value < 25; ++value) {
    const std::string text = std::to_string(value);
    const ListEnd from = value % 2 == 0 ? ListEnd::kFront : ListEnd::kBack;
    const size_t limit = random.Chance(1, 2) ? SIZE_MAX : 50;
    EXPECT_EQ(list.Remove(text, limit, from, limits), RemoveFromModel(model, text, limit, from));
    ASSERT_NO_FATAL_FAILURE(ExpectSame(list, model));
  }
  while (!model.empty()) {
    const size_t index = random.Below(model.size());
    const size_t count = random.Below(model.size() - index + 1);
    list.Erase(index, count, limits);
    const auto it = model.begin() + static_cast<ptrdiff_t>(index);
    model.erase(it, it + static_cast<ptrdiff_t>(count));
    ASSERT_NO_FATAL_FAILURE(ExpectSame(list, model));
  }
  EXPECT_EQ(list.EncodingName(), "listpack");
}

TEST(List, TakesTheFormsThatRedisTakes) {
  const EncodingLimits limits;
  List list;
  const std::string value(100, 'x');
  // 6 + 1 + 79 * (2 + 100 + 1) bytes, and 100 more would pass 8 KiB.
  while (list.EncodingName() == "listpack") list.Push(ListEnd::kBack, value, limits);
  EXPECT_EQ(list.size(), 80u);
  while (list.EncodingName() == "quicklist") list.Pop(ListEnd::kBack, 1, limits);
  EXPECT_EQ(list.size(), 39u);
  List one;
  one.Push(ListEnd::kBack, std::string(8192, 'x'), limits);
  EXPECT_EQ(one.EncodingName(), "quicklist");
  one.Replace(0, "small", limits);
  EXPECT_EQ(one.EncodingName(), "listpack");
  EncodingLimits three;
  three.list_max_listpack_size = 3;
  List few;
  for (int i = 0; i < 3; ++i) few.Push(ListEnd::kBack, "a", three);
  EXPECT_EQ(few.EncodingName(), "listpack");
  few.Push(ListEnd::kBack, "a", three);
  EXPECT_EQ(few.EncodingName(), "quicklist");
  EXPECT_EQ(few.pack_count(), 2u);
}

TEST(List, ALargeElementGetsANodeOfItsOwn) {
  const EncodingLimits limits;
  List list;
  for (int i = 0; i < 2000; ++i) list.Push(ListEnd::kBack, "element", limits);
  const size_t packs = list.pack_count();
  list.Insert(500, true, std::string(100'000, 'x'), limits);
  EXPECT_EQ(list.pack_count(), packs + 2);  // It and the second half of what it divides.
  EXPECT_EQ(list.At(501).text.size(), 100'000u);
  list.CheckInvariants();
}

TEST(List, IsMadeOfOthersListpacks) {
  const EncodingLimits limits;
  const auto pack = [](int from, int to) {
    Listpack made;
    for (int i = from; i < to; ++i) made.AppendInteger(i);
    return made;
  };
  std::vector<Listpack> packs;
  packs.push_back(pack(0, 3));
  packs.emplace_back();
  List one = List::FromPacks(std::move(packs), limits);
  EXPECT_EQ(one.EncodingName(), "listpack");
  EXPECT_EQ(Elements(one), (Model{"0", "1", "2"}));
  packs.clear();
  packs.push_back(pack(0, 3));
  packs.push_back(pack(3, 5));
  const List two = List::FromPacks(std::move(packs), limits);
  EXPECT_EQ(two.EncodingName(), "quicklist");
  EXPECT_EQ(Elements(two), (Model{"0", "1", "2", "3", "4"}));
  EXPECT_EQ(two.PackBytes().size(), 2u);
}

TEST(List, LoadRefusesMalformedBytes) {
  const EncodingLimits limits;
  List list;
  for (int i = 0; i < 3000; ++i) list.Push(ListEnd::kBack, std::to_string(i), limits);
  const std::string bytes = Saved(list);
  for (size_t size = 0; size < bytes.size(); size += size < 10 ? 1 : 97) {
    Decoder in(std::string_view(bytes).substr(0, size));
    List loaded;
    EXPECT_FALSE(List::Load(in, &loaded));
  }
  std::string wrong = bytes;
  wrong[20] = '\xfe';
  Decoder in(wrong);
  List loaded;
  EXPECT_FALSE(List::Load(in, &loaded));
}

}  // namespace
}  // namespace mydis
