#include "cli/bench_workload.h"

#include <gtest/gtest.h>

#include <set>

#include "protocol/resp_reader.h"

namespace mydis {
namespace {

// The words of commands one behind the other.
std::vector<std::vector<std::string>> Words(const std::string& bytes) {
  RespReader reader;
  reader.Feed(bytes);
  std::vector<std::vector<std::string>> commands;
  RespValue value;
  while (reader.Next(&value) == RespReader::Outcome::kValue) {
    std::vector<std::string>& words = commands.emplace_back();
    for (const RespValue& element : value.elements) words.push_back(element.text);
  }
  EXPECT_EQ(reader.pending(), 0u);
  return commands;
}

TEST(BenchWorkloadTest, Placeholders) {
  Random random(3);
  const CommandTemplate command(
      {"SET", "k:__rand_int__:__rand_int__", "<__data__>__rand_int__<__data__>"}, "abc");
  std::string bytes = "";
  for (int i = 0; i < 100; ++i) command.Append(bytes, random, 50);
  const auto commands = Words(bytes);
  ASSERT_EQ(commands.size(), 100u);
  std::set<std::string> numbers;
  for (const auto& words : commands) {
    ASSERT_EQ(words.size(), 3u);
    ASSERT_EQ(words[1].size(), 27u);
    EXPECT_EQ(words[2].substr(0, 5), "<abc>");
    EXPECT_EQ(words[2].substr(17), "<abc>");
    for (const std::string& number :
         {words[1].substr(2, 12), words[1].substr(15, 12), words[2].substr(5, 12)}) {
      EXPECT_LT(std::stoull(number), 50u);
      numbers.insert(number);
    }
  }
  EXPECT_EQ(numbers.size(), 50u);
}

TEST(BenchWorkloadTest, WithoutPlaceholders) {
  Random random(3);
  std::string bytes;
  CommandTemplate({"PING"}, "").Append(bytes, random, 1);
  EXPECT_EQ(bytes, "*1\r\n$4\r\nPING\r\n");
}

TEST(BenchWorkloadTest, CleaningRemovesEveryKeyOfEveryTest) {
  constexpr uint64_t kKeyspace = 2500;
  std::set<std::string> removed;
  for (uint64_t i = 0; i < CleanupCommands(kKeyspace); ++i) {
    const std::vector<std::string> command = CleanupCommand("bench:7:", i, kKeyspace);
    EXPECT_EQ(command[0], "UNLINK");
    EXPECT_GT(command.size(), 1u);
    removed.insert(command.begin() + 1, command.end());
  }
  Random random(4);
  for (const BenchTest& test : BenchTests("bench:7:")) {
    const CommandTemplate command(test.words, BenchData(3));
    std::string bytes;
    for (int i = 0; i < 5000; ++i) command.Append(bytes, random, kKeyspace);
    for (const auto& words : Words(bytes)) {
      for (const std::string& word : words) {
        if (word.starts_with("bench:")) {
          EXPECT_TRUE(removed.contains(word)) << word;
        }
      }
    }
  }
}

TEST(BenchWorkloadTest, EachRunHasKeysOfItsOwn) {
  const std::string prefix = RunPrefix();
  EXPECT_TRUE(prefix.starts_with(kKeptPrefix));
  EXPECT_GE(prefix.size(), kKeptPrefix.size() + 16);
  EXPECT_NE(prefix, RunPrefix());
}

TEST(BenchWorkloadTest, Data) {
  EXPECT_EQ(BenchData(0), "");
  EXPECT_EQ(BenchData(1000).size(), 1000u);
  EXPECT_EQ(BenchData(1000), BenchData(1000));
}

}  // namespace
}  // namespace mydis
