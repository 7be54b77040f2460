// What the record of a command says about a client that has lost its answer. Main thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace mydis {

// How a command may be sent again when its connection has ended.
enum class Resend : uint8_t {
  kFreely,    // It changes nothing, or nothing but its own session.
  kNumbered,  // With the number that it had: the cluster carries it out once.
  kNever,     // It does something to one instance, or elsewhere: nobody would remember that.
};

struct CommandTraits {
  // Commands that change how those behind them are meant.
  enum class Kind : uint8_t { kPlain, kMulti, kExec, kDiscard, kLogin, kReset };
  Resend resend = Resend::kNumbered;
  Kind kind = Kind::kPlain;
  bool blocks = false;  // It may wait for a key.
  // Like all but subscriptions and such: as many answers as commands, in their order.
  bool has_one_answer = true;
  size_t prefixes = 0;  // Words before the command itself.
};

// Prefixes (STRONG, ONCE id …) are looked past. A command that this program does not know may be a
// write. REQUIRES: !words.empty().
CommandTraits TraitsOf(std::span<const std::string_view> words);

}  // namespace mydis
