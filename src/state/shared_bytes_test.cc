#include "state/shared_bytes.h"

#include <gtest/gtest.h>

#include <string>

namespace mydis {
namespace {

std::string All(const ByteQueue& queue) {
  std::vector<SharedBytes> shared;
  queue.Share(shared);
  std::string all;
  for (const SharedBytes& part : shared) all += part.bytes;
  return all;
}

TEST(ByteQueueTest, KeepsWhatIsAppendedUntilItIsDropped) {
  ByteQueue queue;
  std::string all;
  std::vector<std::string_view> places;
  for (size_t i = 0; i < 3000; ++i) {
    const std::string part(i % 97 + 1, static_cast<char>('a' + i % 26));
    places.push_back(queue.Append(part));
    all += part;
  }
  const std::string long_one(200'000, 'x');
  places.push_back(queue.Append(long_one));
  all += long_one;
  EXPECT_EQ(All(queue), all);
  for (const std::string_view place : places) {
    EXPECT_TRUE(queue.Front().starts_with(all.substr(0, place.size())));
    EXPECT_EQ(queue.Front().data(), place.data());
    queue.DropFront(place.size());
    all.erase(0, place.size());
  }
  EXPECT_TRUE(queue.empty());
}

TEST(ByteQueueTest, WhatIsSharedStaysAsItWas) {
  ByteQueue queue;
  queue.Append("one");
  queue.Append("two");
  std::vector<SharedBytes> shared;
  queue.Share(shared);
  queue.Append("three");
  queue.DropFront(3);
  ASSERT_EQ(shared.size(), 1u);
  EXPECT_EQ(shared[0].bytes, "onetwo");
  EXPECT_EQ(All(queue), "twothree");
  queue.Clear();
  EXPECT_EQ(shared[0].bytes, "onetwo");
  EXPECT_EQ(ShareCopy("copy").bytes, "copy");
}

}  // namespace
}  // namespace mydis
