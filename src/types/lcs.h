// The longest common subsequence of two byte strings.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mydis {

// A run of bytes that both strings have; positions from 0, both ends included.
struct CommonRange {
  uint32_t a_first;
  uint32_t a_last;
  uint32_t b_first;
  uint32_t b_last;
  uint32_t size() const { return a_last - a_first + 1; }
  bool operator==(const CommonRange&) const = default;
};

struct CommonSubsequence {
  std::string text;
  std::vector<CommonRange> ranges;  // From the end of the strings to their beginning.
};

// Time O(|a| |b|). Both shorter than 2^32 - 2 bytes.
uint32_t CommonSubsequenceLength(std::string_view a, std::string_view b);
// Of several that are longest, the one that Redis chooses. Takes |a| |b| / 8 bytes of memory.
CommonSubsequence FindCommonSubsequence(std::string_view a, std::string_view b);

}  // namespace mydis
