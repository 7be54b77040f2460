// Random commands of every family, written from the grammar of the command records: a new command
// is part of the workload without being written here again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "commands/grammar.h"
#include "commands/table.h"

namespace mydis::sim {

// Immutable once made.
class Workload {
 public:
  using Words = std::vector<std::string>;

  explicit Workload(const CommandTable& table);

  // `now_ms` is about the cluster's time, for deadlines that pass during the run.
  Words Write(Random& random, uint64_t now_ms) const;
  Words Read(Random& random, uint64_t now_ms) const;
  // A write that waits if there is nothing for it; its first key is its second word.
  Words Pop(Random& random) const;
  // Any key that these commands may use.
  std::string AnyKey(Random& random) const;
  // The full names of all commands that may come.
  std::vector<std::string> Names() const;
  // "get", or "xgroup|create".
  static std::string NameOf(const Words& words, const CommandTable& table);

 private:
  struct Command {
    const CommandSpec* spec;
    Words words;
    std::vector<Argument> arguments;
  };
  class Sentence;

  void Add(const CommandSpec& spec, Words words);

  std::string payload_;  // Of a DUMP.
  std::vector<Command> reads_;
  std::vector<Command> writes_;
};

}  // namespace mydis::sim
