// What a blocking command says about its waiting; docs/blocking.md explains the whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "state/context.h"

namespace mydis {

inline constexpr size_t kUnlimitedSupply = SIZE_MAX;

// What makes a key able to serve. A constant for each kind of waiting: its address tells it from
// others, and those who wait for one key by one rule (and tag) stand in one queue.
struct WaitRule {
  // How many waiters the key could serve now. `entry` is null for a missing key: more than 0 there
  // wakes waiters when the key is deleted. Of a command that writes it must be exact in this: while
  // it is not 0, the command finds something. Called with the state as it is, by any thread.
  size_t (*supply)(const Entry* entry, std::string_view tag);
  // The command is a write: CLIENT PAUSE WRITE holds it back.
  bool writes = true;
};

// Where and how long to wait. The views are into the command's words.
struct WaitPlan {
  const WaitRule* rule = nullptr;
  std::string_view tag;  // Told to `supply`: a consumer group's name.
  std::vector<std::string_view> keys;
  int64_t timeout_ms = 0;   // 0: for ever.
  size_t timeout_word = 0;  // Which word said it, if that means nothing to the handler.
  bool ready = false;       // One of the keys could serve the command now.
  // The words alone say that it waits if it finds nothing: true too if the keys do not let it wait.
  bool asks = false;
  // The attempt itself leaves a trace (XREADGROUP's consumer, and that it was seen): it is made
  // once before the command waits, even behind others.
  bool announces = false;
  std::vector<std::string> words;  // To run when woken, in place of the client's, if not empty.
};

// Finds out whether the command may wait. False: it is to run at once, whatever it will answer. Any
// thread that holds the state's lock shared; what is said to `context.reply` is thrown away.
using WaitPlanner = bool (*)(const ReadContext& context, WaitPlan* plan);

// Redis's reading of a time-out: milliseconds, or nothing, and the reason in `error`.
std::optional<int64_t> ParseTimeoutSeconds(std::string_view word, uint64_t now_ms,
                                           std::string_view* error);
std::optional<int64_t> ParseTimeoutMs(std::string_view word, uint64_t now_ms,
                                      std::string_view* error);

// The plan of a command that takes elements from the first of `keys` that has any; a key without
// elements does not exist. False if the time-out is wrong or a key before that is of another type.
bool PlanToPop(const ReadContext& context, std::span<const std::string_view> keys,
               std::string_view timeout_seconds, ValueType type, const WaitRule& rule,
               WaitPlan* plan);

}  // namespace mydis
