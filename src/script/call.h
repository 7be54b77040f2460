// A script or function that is running: who it acts for and what it may do.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/random.h"
#include "commands/table.h"

namespace mydis {

// What a script declares (`#!lua flags=…`) or a function is registered with.
enum ScriptFlag : uint32_t {
  kScriptNoWrites = 1u << 0,
  kScriptAllowOom = 1u << 1,
  kScriptAllowStale = 1u << 2,
  kScriptNoCluster = 1u << 3,
  kScriptAllowCrossSlot = 1u << 4,
  // A script without a first line `#!lua`: Redis's rules from before there were flags.
  kScriptCompat = 1u << 5,
};

// What math.random gives, number by number the same as in Redis after the same math.randomseed:
// the generator of POSIX's lrand48.
class ScriptChance {
 public:
  explicit ScriptChance(uint32_t seed = 0) : state_(uint64_t{seed} << 16 | 0x330e) {}
  // 31 bits.
  uint32_t Next() {
    state_ = (state_ * 0x5deece66d + 0xb) & 0xffffffffffff;
    return static_cast<uint32_t>(state_ >> 17);
  }

 private:
  uint64_t state_;
};

// On the stack of the command that runs it.
struct ScriptCall {
  // Exactly one of the two is there.
  WriteContext* write = nullptr;
  ReadContext* read = nullptr;

  const CommandTable* table = nullptr;
  std::string_view name;  // The script's SHA1 or the function's name.
  Args keys;
  Args args;
  bool is_eval = true;
  bool read_only = false;
  bool allow_oom = false;
  bool out_of_memory = false;  // When the call began.
  bool wrote = false;
  uint32_t db = 0;       // SELECT changes it until the end of the call.
  int resp_version = 2;  // Of replies to the script: redis.setresp().
  ScriptChance chance;   // Of math.random.

  const State& state() const { return write != nullptr ? write->state : read->state; }
  // Whose rights bound the call; empty: nobody's.
  std::string_view user() const { return write != nullptr ? write->user : read->user; }
  uint64_t now_ms() const { return write != nullptr ? write->now_ms : read->now_ms; }
  Random& command_random() { return write != nullptr ? write->random : read->random; }
};

// command_gate.cc: every command that a script calls passes here.
// Whether the call may be made; otherwise `error` says why, in Redis's words.
bool MayCall(ScriptCall& call, const CommandSpec* spec, Args args, std::string* error);
// Runs a command that MayCall has let pass.
void RunCalled(ScriptCall& call, const CommandSpec& spec, Args args, Reply& reply);
// Whether the caller's user may run this; otherwise `why` (if given) says what he lacks.
bool UserMayRun(const ScriptCall& call, const CommandSpec& spec, Args args);

}  // namespace mydis
