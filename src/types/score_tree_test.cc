// The order of large sorted sets against a std::set.
#include "types/score_tree.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"

namespace mydis {
namespace {

using Item = ScoreTree::Item;

// All members are in the table all the time; those in the tree are in the model too.
class ScoreTreeTest : public testing::Test {
 protected:
  void MakeMembers(uint32_t count) {
    for (uint32_t i = 0; i < count; ++i)
      table_.AddPayload("m" + std::to_string(i * 7919 % count), 0);
  }
  std::string NameOf(uint32_t position) { return std::string(table_.MemberAt(position)); }
  bool Has(uint32_t position) const { return scores_.contains(position); }
  void Add(uint32_t position, double score) {
    tree_.Insert({score, position});
    scores_[position] = score;
    model_.emplace(score, NameOf(position));
  }
  void Remove(uint32_t position) {
    tree_.Erase({scores_[position], position});
    model_.erase({scores_[position], NameOf(position)});
    scores_.erase(position);
  }
  void Rescore(uint32_t position, double score) {
    if (!tree_.Rescore({scores_[position], position}, score)) return;
    model_.erase({scores_[position], NameOf(position)});
    model_.emplace(score, NameOf(position));
    scores_[position] = score;
  }
  void ExpectModel() {
    tree_.CheckInvariants();
    ASSERT_EQ(tree_.size(), model_.size());
    if (model_.empty()) return;
    uint32_t rank = 0;
    ScoreTree::Cursor it = tree_.At(0);
    for (const auto& [score, name] : model_) {
      ASSERT_TRUE(it.valid());
      const Item item = *it;
      ASSERT_EQ(double{item.score}, score);
      ASSERT_EQ(NameOf(item.position), name);
      ASSERT_EQ(tree_.RankOf(score, name), rank);
      ASSERT_EQ((*tree_.At(rank)).position + 0, item.position + 0);
      it.Next();
      ++rank;
    }
    ASSERT_FALSE(it.valid());
    it = tree_.At(tree_.size() - 1);
    for (auto model = model_.rbegin(); model != model_.rend(); ++model, it.Previous())
      ASSERT_EQ(NameOf((*it).position), model->second);
    ASSERT_FALSE(it.valid());
  }

  MemberTable table_;
  ScoreTree tree_{table_};
  std::set<std::pair<double, std::string>> model_;
  std::map<uint32_t, double> scores_;
};

TEST_F(ScoreTreeTest, RandomOperations) {
  MakeMembers(12000);
  Random random(3);
  for (int round = 0; round < 120000; ++round) {
    const auto position = static_cast<uint32_t>(random.Below(table_.size()));
    // Waves of growing and shrinking.
    const bool grow = random.Chance(round / 20000 % 2 == 0 ? 8 : 2, 10);
    const auto score = static_cast<double>(random.Below(100));
    if (Has(position) && random.Chance(1, 4)) {
      Rescore(position, score);
    } else if (grow && !Has(position)) {
      Add(position, score);
    } else if (!grow && Has(position)) {
      Remove(position);
    }
    if (round % 10000 == 0) ExpectModel();
  }
  while (!scores_.empty()) Remove(scores_.begin()->first);
  ExpectModel();
}

TEST_F(ScoreTreeTest, RowsUpAndDown) {
  MakeMembers(30000);
  for (uint32_t i = 0; i < 10000; ++i) Add(i, i);
  for (uint32_t i = 10000; i < 20000; ++i) Add(i, -static_cast<double>(i));
  for (uint32_t i = 20000; i < 30000; ++i) Add(i, 0);
  ExpectModel();
  const auto remove_rank = [&](uint32_t rank) { Remove((*tree_.At(rank)).position); };
  for (int i = 0; i < 13000; ++i) remove_rank(0);
  ExpectModel();
  for (int i = 0; i < 9000; ++i) remove_rank(tree_.size() - 1);
  ExpectModel();
  for (int i = 0; i < 7900; ++i) remove_rank(tree_.size() / 2);
  ExpectModel();
}

TEST_F(ScoreTreeTest, BuildAndBounds) {
  MakeMembers(9000);
  for (uint32_t i = 0; i < 9000; ++i) Add(i, i / 10);
  std::vector<Item> items;
  for (ScoreTree::Cursor it = tree_.At(0); it.valid(); it.Next()) items.push_back(*it);
  for (const size_t size : {0, 1, 72, 73, 3000, 9000}) {
    tree_.Build(std::span(items).first(size));
    tree_.CheckInvariants();
    EXPECT_EQ(tree_.size(), size);
  }
  ExpectModel();
  EXPECT_EQ(tree_.CountWhile([](Item item) { return item.score < 7; }), 70u);
  EXPECT_EQ(tree_.CountWhile([](Item item) { return item.score <= 899; }), 9000u);
  EXPECT_EQ(tree_.CountWhile([](Item) { return false; }), 0u);
  for (uint32_t i = 0; i < 9000; i += 2) Remove(i);
  ExpectModel();
}

TEST_F(ScoreTreeTest, MembersMoveInTheTable) {
  MakeMembers(3000);
  for (uint32_t i = 0; i < 3000; ++i) Add(i, i % 7);
  Random random(5);
  while (table_.size() > 10) {
    const auto position = static_cast<uint32_t>(random.Below(table_.size()));
    const uint32_t last = table_.size() - 1;
    Remove(position);
    if (position != last) {
      tree_.Renumber({scores_[last], last}, position);
      scores_[position] = scores_[last];
      scores_.erase(last);
    }
    table_.Remove(position);
    if (table_.size() % 500 == 0) ExpectModel();
  }
  ExpectModel();
}

}  // namespace
}  // namespace mydis
