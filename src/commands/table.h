// All declared commands, found by name.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>
#include <span>
#include <string>
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
  // The commands of both lists. A name that stands in both is a bug, but for containers: their
  // subcommands are put together, so that a container may have subcommands that are submitted
  // and others that the session answers.
  explicit CommandTable(Families families, Families more = {});
  CommandTable(const CommandTable&) = delete;
  CommandTable& operator=(const CommandTable&) = delete;

  // The command, whatever the case of `name`; nullptr if there is none.
  const CommandSpec* Find(std::string_view name) const;
  // Resolves a subcommand too: CLIENT with args[1] = "id". The container itself if args[1] is
  // missing or unknown; nullptr if there is no such command. REQUIRES: !args.empty().
  const CommandSpec* Resolve(Args args) const;
  // The container that `spec` is a subcommand of; nullptr for a top-level command.
  const CommandSpec* ContainerOf(const CommandSpec& spec) const;
  // "get", or "client|setname" for a subcommand.
  std::string FullName(const CommandSpec& spec) const;
  // The command or subcommand of that full name, in any case; nullptr if there is none.
  const CommandSpec* FindFullName(std::string_view full_name) const;
  // Every command and subcommand has a place: 0, 1, 2 … places() − 1, in the order of their names.
  // REQUIRES: `spec` is of this table.
  size_t PlaceOf(const CommandSpec& spec) const { return places_.at(&spec).place; }
  size_t places() const { return places_.size(); }
  // CategoriesOf (introspection.h), made once. REQUIRES: as above.
  uint32_t Categories(const CommandSpec& spec) const { return places_.at(&spec).categories; }
  // All top-level commands in alphabetical order.
  std::span<const CommandSpec* const> all() const { return sorted_; }

  Meaning Look(Args args) const override;
  void Run(const Meaning& meaning, WriteContext& context) const override;

 private:
  // A name as lookups compare it.
  struct Folded {
    uint64_t head = 0;  // Its first eight bytes, case bits set.
    uint64_t tail = 0;  // Its last eight bytes, if there are more than eight.
    size_t size = 0;
    bool operator==(const Folded&) const = default;
    size_t Hash() const;
  };
  struct Slot {
    Folded folded;
    bool exact = false;  // A name that folds alike is this name.
    const CommandSpec* spec = nullptr;
  };
  struct Place {
    size_t place;
    const CommandSpec* container;
    uint32_t categories;
  };
  static Folded Fold(std::string_view name);
  void Add(const CommandSpec& spec);
  void Merge(const CommandSpec*& container, const CommandSpec& more);
  void FillSlots();
  void FillPlaces();

  // Containers whose subcommands come from both lists. Deques: pointers into them stay valid.
  std::deque<CommandSpec> merged_;
  std::deque<std::vector<CommandSpec>> merged_subcommands_;
  std::vector<Slot> slots_;  // Open addressing, a power of two.
  std::vector<const CommandSpec*> sorted_;
  boost::unordered_flat_map<const CommandSpec*, Place> places_;  // Looked up, never walked.
};

// The table that the state was given.
const CommandTable& CommandsOf(const State& state);

// The subcommand `word` of a container, in any case; nullptr if there is none.
const CommandSpec* FindSubcommand(const CommandSpec& container, std::string_view word);

// Whether `words` is as many words as the command wants.
bool ArityFits(const CommandSpec& spec, size_t words);

// Finds every key among the words, in the order of the specifications. False if the words do not
// fit them (a key count that is no number, say). A command without keys has none and gives true.
bool FindKeys(const CommandSpec& spec, Args args, std::vector<FoundKey>* keys);

// The keys that a command reads, as client-side caching counts them.
std::vector<std::string> KeysRead(const CommandSpec& spec, Args args);
// A command that reads is run inside a script or a transaction: its keys go to whoever traces.
void NoteRead(const CommandSpec& spec, Args args);

}  // namespace mydis
