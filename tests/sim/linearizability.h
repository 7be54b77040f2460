// Decides whether what clients saw of one key can be explained by one order of the operations in
// which each takes effect at one moment between its call and its return.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace mydis::sim {

enum class OpKind : uint8_t {
  kSet,     // Answers OK.
  kGetSet,  // Answers the old value.
  kIncr,    // Answers the new number.
  kDel,     // Answers how many there were.
  kGet,     // Answers the value.
  // A transaction that watches the key: it sets the key if it is still `expected`. One that was
  // aborted is none: it may be for less than a changed value.
  kCas,
};

struct Operation {
  static constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();
  OpKind kind = OpKind::kGet;
  std::string argument;
  std::string answer;         // As TextReply writes it; empty: unknown.
  std::string expected = {};  // kCas: what kGet would answer.
  uint64_t called = 0;
  uint64_t returned =
      kNever;  // kNever: it may take effect at any time after the call, or not at all.
};

// kTooHard: given up after very many steps.
enum class Verdict : uint8_t { kLinearizable, kNot, kTooHard };

// The key does not exist before the first operation.
Verdict CheckLinearizable(const std::vector<Operation>& operations);

}  // namespace mydis::sim
