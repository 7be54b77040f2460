// What `mydis bench` sends: the tests that it knows by name, and commands with placeholders. Any
// thread, once made.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"

namespace mydis {

// A command as the Redis protocol has it, with places where a number is put each time it is sent.
class CommandTemplate {
 public:
  // In the words, __rand_int__ stands for such a number of twelve digits, and __data__ for `data`,
  // which holds no placeholder itself.
  CommandTemplate(const std::vector<std::string>& words, std::string_view data);

  // Appends the command; each number is random in [0, keyspace). REQUIRES: keyspace > 0.
  void Append(std::string& out, Random& random, uint64_t keyspace) const;

 private:
  std::string bytes_;
  std::vector<size_t> numbers_;  // Where in bytes_ they belong.
};

struct BenchTest {
  std::string name;
  std::vector<std::string> words;
  // Commands that it needs to find something, sent once before.
  std::vector<std::vector<std::string>> before;
};

// What the keys of tests begin with that are kept, so that another run finds them.
inline constexpr std::string_view kKeptPrefix = "bench:";

// What the keys of one run's tests begin with: nobody else has keys like that, so they may be
// removed. Never the same twice.
std::string RunPrefix();

// Every test there is, in the order in which they are run. All their keys begin with `prefix`.
std::vector<BenchTest> BenchTests(std::string_view prefix);

// The commands that remove whatever the tests have written with random numbers below `keyspace`.
// Command `i` of how many there are; they differ in the keys that they name.
uint64_t CleanupCommands(uint64_t keyspace);
std::vector<std::string> CleanupCommand(std::string_view prefix, uint64_t i, uint64_t keyspace);

// `size` letters, always the same, with no pattern that a compressor finds.
std::string BenchData(size_t size);

}  // namespace mydis
