// What the commands that a thread runs have read, or were refused: kept beside the state for
// whoever runs them and asks for it. Nothing in the state depends on it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mydis {

struct MissingKey {
  uint32_t db;
  std::string key;
};

// What the rights of a user lack for a command, the strongest last.
enum class AclRefusal : uint8_t { kNone, kCommand, kKey, kChannel };

struct RefusedCall {
  AclRefusal refusal;
  std::string object;  // The command, key or channel.
};

// A command that a script has called.
struct CalledCommand {
  uint32_t db;
  std::vector<std::string> words;
};

struct CommandSpec;

// Is told of every command that scripts call, by the thread that runs them.
class CallCounter {
 public:
  enum class Outcome : uint8_t { kDone, kFailed, kRejected };
  virtual ~CallCounter() = default;
  // `spec` is null if there is no such command. `error`: the whole text, of what failed or was
  // rejected.
  virtual void CountCall(const CommandSpec* spec, Outcome outcome, std::string_view error) = 0;
};

struct ReadTrace {
  // Keys of commands that read, run inside scripts and transactions; null: nobody wants them.
  std::vector<std::string>* keys = nullptr;
  // Keys that were looked up and are not there; null: nobody wants them.
  std::vector<MissingKey>* missing = nullptr;
  // Commands that a script was refused; null: nobody wants them.
  std::vector<RefusedCall>* refused = nullptr;
  // Commands that scripts have called; null: nobody wants them.
  std::vector<CalledCommand>* calls = nullptr;
  // Counts the commands that scripts call; null: nobody counts.
  CallCounter* counter = nullptr;
  // Set when a script answers with the error of a command, which `counter` has seen.
  bool error_counted = false;
};

// Of the calling thread.
inline constinit thread_local ReadTrace thread_read_trace;

// For look-ups that find nothing without anybody being told: those of commands that write.
class QuietLookups {
 public:
  QuietLookups() : missing_(thread_read_trace.missing) { thread_read_trace.missing = nullptr; }
  ~QuietLookups() { thread_read_trace.missing = missing_; }
  QuietLookups(const QuietLookups&) = delete;
  QuietLookups& operator=(const QuietLookups&) = delete;

 private:
  std::vector<MissingKey>* const missing_;
};

}  // namespace mydis
