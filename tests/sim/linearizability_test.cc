#include "linearizability.h"

#include <gtest/gtest.h>

namespace mydis::sim {
namespace {

TEST(LinearizabilityTest, AcceptsAnOrderThatExplainsEverything) {
  EXPECT_EQ(CheckLinearizable({{OpKind::kSet, "1", "+OK", "", 0, 10},
                               {OpKind::kSet, "2", "+OK", "", 5, 15},
                               {OpKind::kGet, "", "$1", "", 16, 20}}),
            Verdict::kLinearizable);
}

TEST(LinearizabilityTest, RefusesAReadOfWhatWasOverwrittenBefore) {
  EXPECT_EQ(CheckLinearizable({{OpKind::kSet, "1", "+OK", "", 0, 10},
                               {OpKind::kSet, "2", "+OK", "", 11, 15},
                               {OpKind::kGet, "", "$1", "", 16, 20}}),
            Verdict::kNot);
}

TEST(LinearizabilityTest, AnUnknownWriteMayHappenLateOrNever) {
  const Operation unknown{OpKind::kSet, "9", "", "", 0, Operation::kNever};
  EXPECT_EQ(CheckLinearizable({unknown, {OpKind::kGet, "", "_", "", 5, 6}}),
            Verdict::kLinearizable);
  EXPECT_EQ(CheckLinearizable(
                {unknown, {OpKind::kGet, "", "_", "", 5, 6}, {OpKind::kGet, "", "$9", "", 7, 8}}),
            Verdict::kLinearizable);
  EXPECT_EQ(CheckLinearizable(
                {unknown, {OpKind::kGet, "", "$9", "", 5, 6}, {OpKind::kGet, "", "_", "", 7, 8}}),
            Verdict::kNot);
}

TEST(LinearizabilityTest, ACounterCountsEachOnce) {
  EXPECT_EQ(CheckLinearizable(
                {{OpKind::kIncr, "", ":1", "", 0, 10}, {OpKind::kIncr, "", ":2", "", 0, 10}}),
            Verdict::kLinearizable);
  EXPECT_EQ(CheckLinearizable(
                {{OpKind::kIncr, "", ":1", "", 0, 10}, {OpKind::kIncr, "", ":3", "", 11, 12}}),
            Verdict::kNot);
}

TEST(LinearizabilityTest, ATransactionTakesEffectOnWhatItWatchedAlone) {
  const Operation set{OpKind::kSet, "1", "+OK", "", 0, 10};
  const Operation other{OpKind::kSet, "2", "+OK", "", 11, 15};
  EXPECT_EQ(CheckLinearizable({set, {OpKind::kCas, "3", "+OK", "$1", 5, 20}, other}),
            Verdict::kLinearizable);
  EXPECT_EQ(CheckLinearizable({set, other, {OpKind::kCas, "3", "+OK", "$1", 16, 20}}),
            Verdict::kNot);
  const Operation unknown{OpKind::kCas, "3", "", "$1", 16, Operation::kNever};
  EXPECT_EQ(CheckLinearizable({set, unknown, {OpKind::kGet, "", "$3", "", 20, 21}}),
            Verdict::kLinearizable);
  EXPECT_EQ(CheckLinearizable({set, other, unknown, {OpKind::kGet, "", "$3", "", 20, 21}}),
            Verdict::kNot);
}

}  // namespace
}  // namespace mydis::sim
