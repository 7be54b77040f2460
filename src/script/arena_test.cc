// A restored arena has the bytes of its image, whatever was written since and however often the
// pages have been learnt anew; and it copies no more than the pages that were written.
#include "script/arena.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <thread>
#include <vector>

namespace mydis {
namespace {

constexpr size_t kPage = WrittenPages::kPage;
constexpr size_t kBlock = 48;

// An arena whose base is 400 blocks, about five pages.
struct Filled {
  Filled() {
    AnswerWriteFaults();
    for (int i = 0; i < 400; ++i) blocks.push_back(Make(static_cast<char>(i)));
    arena.KeepBase();
  }
  char* Make(char fill) {
    auto* block = static_cast<char*>(LuaArena::Allocate(&arena, nullptr, 0, kBlock));
    std::memset(block, fill, kBlock);
    return block;
  }
  // Whether each block of the base has what it had.
  bool IsBase() const {
    for (size_t i = 0; i < blocks.size(); ++i) {
      for (size_t at = 0; at < kBlock; ++at) {
        if (blocks[i][at] != static_cast<char>(i)) return false;
      }
    }
    return true;
  }
  LuaArena arena;
  std::vector<char*> blocks;
};

TEST(Arena, CopiesThePagesThatWereWritten) {
  Filled f;
  f.arena.Restore(nullptr);
  // Everything counted as written until here.
  EXPECT_EQ(f.arena.written_pages(), 0u);
  f.blocks[390][5] = '!';
  f.blocks[391][7] = '!';
  EXPECT_EQ(std::popcount(f.arena.written_pages()), 1);
  f.arena.Restore(nullptr);
  EXPECT_TRUE(f.IsBase());
  // It stays writable, and is copied again though it was not written.
  EXPECT_EQ(std::popcount(f.arena.written_pages()), 1);
}

TEST(Arena, EveryWriteIsUndoneHoweverOftenPagesAreLearntAnew) {
  Filled f;
  for (size_t i = 0; i < 5000; ++i) {
    f.arena.Restore(nullptr);
    ASSERT_TRUE(i % 97 != 0 || f.IsBase()) << i;
    std::memset(f.blocks[i * 31 % f.blocks.size()], '!', kBlock);
    f.Make('?');
  }
  f.arena.Restore(nullptr);
  EXPECT_TRUE(f.IsBase());
}

TEST(Arena, ImagesInTurn) {
  Filled f;
  ArenaImage images[3];
  for (int i = 0; i < 3; ++i) {
    f.arena.Restore(nullptr);
    std::memset(f.blocks[static_cast<size_t>(i) * 150], 'a' + i, kBlock);
    f.Make('x');
    images[i] = f.arena.SaveDifference();
  }
  for (size_t i = 0; i < 3000; ++i) {
    const size_t which = i * i % 3;
    f.arena.Restore(i % 5 == 4 ? nullptr : &images[which]);
    for (size_t k = 0; k < 3; ++k) {
      const char expected =
          i % 5 != 4 && k == which ? static_cast<char>('a' + k) : static_cast<char>(k * 150);
      ASSERT_EQ(f.blocks[k * 150][kBlock - 1], expected) << i;
    }
  }
}

TEST(Arena, AnImageBroughtBackAgainIsCopiedWhereItWasWritten) {
  Filled f;
  f.arena.Restore(nullptr);
  for (const size_t i : {0, 150, 300}) f.blocks[i][9] = '!';
  const ArenaImage image = f.arena.SaveDifference();
  // Until the pages are learnt anew.
  for (int i = 0; i < 2000 && f.arena.written_pages() != 0; ++i) f.arena.Restore(&image);
  EXPECT_EQ(f.arena.written_pages(), 0u);
  f.blocks[300][9] = '?';
  EXPECT_EQ(std::popcount(f.arena.written_pages()), 1);
  f.arena.Restore(&image);
  for (const size_t i : {0, 150, 300}) EXPECT_EQ(f.blocks[i][9], '!');
  f.arena.Restore(nullptr);
  EXPECT_TRUE(f.IsBase());
}

TEST(Arena, NewBlocksLieBehindTheBase) {
  LuaArena arena;
  auto* first = static_cast<char*>(LuaArena::Allocate(&arena, nullptr, 0, kBlock));
  // A free place that a new block would fit.
  LuaArena::Allocate(&arena, LuaArena::Allocate(&arena, nullptr, 0, kBlock), kBlock, 0);
  arena.KeepBase();
  EXPECT_EQ(arena.base_bytes(), kPage);
  arena.Restore(nullptr);
  auto* fresh = static_cast<char*>(LuaArena::Allocate(&arena, nullptr, 0, kBlock));
  EXPECT_GT(fresh - first, static_cast<ptrdiff_t>(kPage / 2));
}

// Threads come and go with arenas of their own.
TEST(Arena, ManyThreads) {
  for (int round = 0; round < 3; ++round) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([t] {
        Filled f;
        for (size_t i = 0; i < 2000; ++i) {
          f.arena.Restore(nullptr);
          f.blocks[(i * 7 + static_cast<size_t>(t)) % 400][0] = '!';
        }
        f.arena.Restore(nullptr);
        EXPECT_TRUE(f.IsBase());
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
}

// What is no page of an arena ends the process as ever.
TEST(ArenaDeathTest, OtherFaultsAreNotAnswered) {
  EXPECT_DEATH(
      {
        Filled f;
        f.arena.Restore(nullptr);
        // Beyond what the arena has committed.
        f.blocks[0][size_t{1} << 30] = '!';
      },
      "");
}

}  // namespace
}  // namespace mydis
