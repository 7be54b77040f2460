// What a command handler gets to work with.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/random.h"
#include "state/keyspace.h"
#include "state/reply.h"
#include "state/state.h"

namespace mydis {

// A command's words, name first.
using Args = std::span<const std::string_view>;

// For commands that read: they run on one instance, under the shared lock or inside Apply.
struct ReadContext {
  Args args;
  Reply& reply;
  const State& state;
  const Keyspace& keyspace;
  uint32_t db;
  uint64_t
      now_ms;  // The cluster's time: of the entry being applied, or extrapolated from the last.
  Random& random;
  bool in_script = false;  // Called by a script, which cannot wait.
  // Whose rights bound what a script may do; empty: nobody's, it may do everything.
  std::string_view user = {};
  // The reply goes into the state (request_table.h): it must be the same on every instance.
  bool reply_is_kept = false;

  // The context of a command that this one (a script) calls.
  ReadContext Called(Args words, Reply& to, uint32_t in_db) const {
    return {words, to, state, keyspace, in_db, now_ms, random, true, user, reply_is_kept};
  }
};

// For commands that write: they run on every instance, at the same place in the log.
struct WriteContext {
  Args args;
  Reply& reply;
  State& state;
  Keyspace& keyspace;
  uint32_t db;
  uint64_t now_ms;
  Random& random;
  // Called by a script, which sees the reply: it must be the same on every instance.
  bool in_script = false;
  std::string_view user = {};  // As ReadContext has it.
  bool reply_is_kept = false;  // Likewise.

  ReadContext AsRead() const {
    return {args, reply, state, keyspace, db, now_ms, random, in_script, user, reply_is_kept};
  }
  // The context of a command that this one (a script) calls.
  WriteContext Called(Args words, Reply& to, uint32_t in_db) const {
    return {words, to, state, keyspace, in_db, now_ms, random, true, user, reply_is_kept};
  }
};

inline constexpr std::string_view kErrOutOfMemory =
    "OOM command not allowed when used memory > 'maxmemory'.";

// Runs a command by its name; given to the state machine, which knows no command itself.
class CommandRunner {
 public:
  virtual ~CommandRunner() = default;
  enum class Kind : uint8_t { kUnknown, kRead, kWrite };
  // What a command's words mean.
  struct Meaning {
    Kind kind = Kind::kUnknown;     // Also for a wrong number of words.
    bool needs_memory = false;      // It is refused while memory is out.
    const void* command = nullptr;  // The runner's own.
  };
  virtual Meaning Look(Args args) const = 0;
  // REQUIRES: `meaning` is what Look gave for context.args, and not kUnknown.
  virtual void Run(const Meaning& meaning, WriteContext& context) const = 0;
};

}  // namespace mydis
