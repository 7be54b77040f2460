// All declared commands, found by name.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "commands/spec.h"

namespace mydis {

using Families = std::span<const std::span<const CommandSpec>>;

// The families that touch the state, in one list (families.cc). Families of local commands are
// listed by the server (server/local_families.cc).
Families StateFamilies();

// Immutable once made. Any thread.
class CommandTable final : public CommandRunner {
 public:
  // The commands of both lists; a name that stands in both is a bug.
  explicit CommandTable(Families families, Families more = {});

  // The command, whatever the case of `name`; nullptr if there is none.
  const CommandSpec* Find(std::string_view name) const;
  // Resolves a subcommand too: CLIENT with args[1] = "id". The container itself if args[1] is
  // missing or unknown; nullptr if there is no such command. REQUIRES: !args.empty().
  const CommandSpec* Resolve(Args args) const;
  // All top-level commands in alphabetical order.
  std::span<const CommandSpec* const> all() const { return sorted_; }

  Kind KindOf(Args args) const override;
  void Run(WriteContext& context) const override;

 private:
  struct Slot {
    std::string_view name;
    const CommandSpec* spec = nullptr;
  };
  std::vector<Slot> slots_;  // Open addressing, a power of two.
  std::vector<const CommandSpec*> sorted_;
};

// Whether `words` is as many words as the command wants.
bool ArityFits(const CommandSpec& spec, size_t words);

// Positions of the keys among the words, with the flags of the specification that found each.
struct FoundKey {
  size_t position;
  uint16_t flags;
};
// False if the words do not fit the specification (a key count that is no number, say).
bool FindKeys(const CommandSpec& spec, Args args, std::vector<FoundKey>* keys);

}  // namespace mydis
