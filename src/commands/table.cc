#include "commands/table.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/ascii.h"
#include "base/assert.h"
#include "base/read_trace.h"
#include "commands/introspection.h"

namespace mydis {
namespace {

// Slots per name: sparse enough that nearly every lookup ends at its first slot.
constexpr size_t kSlotsPerName = 8;

// Folding covers every byte of names up to this length.
constexpr size_t kFoldedBytes = 16;

// Up to eight bytes in one word, the bit set that tells lower-case letters from upper-case ones.
uint64_t FoldedWord(const char* p, size_t n) {
  uint64_t word = 0;
  if (n >= 8) {
    std::memcpy(&word, p, 8);
  } else if (n >= 4) {
    uint32_t low;
    uint32_t high;
    std::memcpy(&low, p, 4);
    std::memcpy(&high, p + n - 4, 4);
    word = low | static_cast<uint64_t>(high) << 32;
  } else if (n > 0) {
    word = static_cast<uint8_t>(p[0]) | static_cast<uint64_t>(static_cast<uint8_t>(p[n / 2])) << 8 |
           static_cast<uint64_t>(static_cast<uint8_t>(p[n - 1])) << 16;
  }
  return word | 0x2020202020202020ULL;
}

bool HasHandler(const CommandSpec& spec) {
  return spec.handler.read != nullptr || spec.handler.write != nullptr ||
         spec.handler.local != nullptr;
}

void CheckRecord(const CommandSpec& spec) {
  MYDIS_ASSERT(!spec.name.empty(), "a command has a name");
  MYDIS_ASSERT(spec.arity != 0, "a command has an arity");
  const int handlers = (spec.handler.read != nullptr) + (spec.handler.write != nullptr) +
                       (spec.handler.local != nullptr);
  MYDIS_ASSERT(handlers == 1 || (handlers == 0 && !spec.subcommands.empty()),
               "a command has one handler, or subcommands that have");
  const bool fits = handlers == 0 || (spec.effect == Effect::kRead && spec.handler.read) ||
                    (spec.effect == Effect::kWrite && spec.handler.write) ||
                    (spec.effect == Effect::kLocal && spec.handler.local);
  MYDIS_ASSERT(fits, "a command's handler fits its effect");
  for (const CommandSpec& sub : spec.subcommands) CheckRecord(sub);
}

}  // namespace

CommandTable::CommandTable(Families families, Families more) {
  for (const Families list : {families, more}) {
    for (const auto& family : list) {
      for (const CommandSpec& spec : family) {
        CheckRecord(spec);
        Add(spec);
      }
    }
  }
  std::ranges::sort(sorted_, {}, [](const CommandSpec* spec) { return spec->name; });
  FillSlots();
  FillPlaces();
}

void CommandTable::Add(const CommandSpec& spec) {
  for (const CommandSpec*& known : sorted_) {
    if (known->name != spec.name) continue;
    MYDIS_ASSERT(!known->subcommands.empty() && !spec.subcommands.empty(),
                 "a command is declared once");
    Merge(known, spec);
    return;
  }
  sorted_.push_back(&spec);
}

void CommandTable::Merge(const CommandSpec*& container, const CommandSpec& more) {
  auto& subcommands = merged_subcommands_.emplace_back(container->subcommands.begin(),
                                                       container->subcommands.end());
  for (const CommandSpec& sub : more.subcommands) {
    MYDIS_ASSERT(FindSubcommand(*container, sub.name) == nullptr, "a subcommand is declared once");
    subcommands.push_back(sub);
  }
  // The record that can be called without a subcommand describes the container.
  CommandSpec& merged = merged_.emplace_back(HasHandler(more) ? more : *container);
  merged.subcommands = subcommands;
  container = &merged;
}

CommandTable::Folded CommandTable::Fold(std::string_view name) {
  const size_t n = name.size();
  return {FoldedWord(name.data(), n), n > 8 ? FoldedWord(name.data() + n - 8, 8) : 0, n};
}

size_t CommandTable::Folded::Hash() const {
  uint64_t hash = (head ^ size) * 0x9e3779b97f4a7c15ULL;
  hash ^= std::rotl(tail, 23) * 0xbf58476d1ce4e5b9ULL;
  return hash ^ (hash >> 32);
}

void CommandTable::FillSlots() {
  slots_.resize(std::bit_ceil(std::max<size_t>(sorted_.size(), 1) * kSlotsPerName));
  for (const CommandSpec* spec : sorted_) {
    const Folded folded = Fold(spec->name);
    size_t at = folded.Hash() & (slots_.size() - 1);
    while (slots_[at].spec != nullptr) at = (at + 1) & (slots_.size() - 1);
    // Bytes other than letters may fold alike.
    const bool letters =
        std::ranges::all_of(spec->name, [](char c) { return c >= 'a' && c <= 'z'; });
    slots_[at] = {folded, letters && spec->name.size() <= kFoldedBytes, spec};
  }
}

void CommandTable::FillPlaces() {
  const auto add = [this](const CommandSpec& spec, const CommandSpec* container) {
    const size_t place = places_.size();
    places_[&spec] = {place, container, CategoriesOf(spec)};
  };
  for (const CommandSpec* spec : sorted_) {
    add(*spec, nullptr);
    for (const CommandSpec& sub : spec->subcommands) add(sub, spec);
  }
}

const CommandSpec* CommandTable::Find(std::string_view name) const {
  const Folded folded = Fold(name);
  size_t at = folded.Hash() & (slots_.size() - 1);
  while (slots_[at].spec != nullptr) {
    const Slot& slot = slots_[at];
    if (slot.folded == folded && (slot.exact || EqualsIgnoreCase(slot.spec->name, name))) {
      return slot.spec;
    }
    at = (at + 1) & (slots_.size() - 1);
  }
  return nullptr;
}

const CommandSpec* CommandTable::Resolve(Args args) const {
  const CommandSpec* spec = Find(args[0]);
  if (spec == nullptr || spec->subcommands.empty() || args.size() < 2) return spec;
  const CommandSpec* sub = FindSubcommand(*spec, args[1]);
  return sub != nullptr ? sub : spec;
}

const CommandSpec* CommandTable::ContainerOf(const CommandSpec& spec) const {
  const auto it = places_.find(&spec);
  return it == places_.end() ? nullptr : it->second.container;
}

std::string CommandTable::FullName(const CommandSpec& spec) const {
  const CommandSpec* container = ContainerOf(spec);
  if (container == nullptr) return std::string(spec.name);
  return std::string(container->name) + "|" + std::string(spec.name);
}

const CommandSpec* CommandTable::FindFullName(std::string_view full_name) const {
  const size_t bar = full_name.find('|');
  const CommandSpec* spec = Find(full_name.substr(0, bar));
  if (spec == nullptr || bar == std::string_view::npos) return spec;
  return FindSubcommand(*spec, full_name.substr(bar + 1));
}

CommandRunner::Meaning CommandTable::Look(Args args) const {
  const CommandSpec* spec = args.empty() ? nullptr : Resolve(args);
  if (spec == nullptr || !ArityFits(*spec, args.size())) return {};
  const Kind kind = spec->handler.write != nullptr  ? Kind::kWrite
                    : spec->handler.read != nullptr ? Kind::kRead
                                                    : Kind::kUnknown;
  return {kind, (spec->flags & kDenyOom) != 0, spec};
}

void CommandTable::Run(const Meaning& meaning, WriteContext& context) const {
  const auto* spec = static_cast<const CommandSpec*>(meaning.command);
  if (spec->handler.write != nullptr) {
    if (thread_read_trace.missing == nullptr) return spec->handler.write(context);
    const QuietLookups quiet;
    spec->handler.write(context);
    return;
  }
  MYDIS_ASSERT(spec->handler.read != nullptr, "the caller has looked what the words mean");
  if (thread_read_trace.keys != nullptr) NoteRead(*spec, context.args);
  ReadContext read = context.AsRead();
  spec->handler.read(read);
}

std::vector<std::string> KeysRead(const CommandSpec& spec, Args args) {
  std::vector<std::string> names;
  std::vector<FoundKey> keys;
  if ((spec.flags & kPubSubFlag) != 0 || !FindKeys(spec, args, &keys)) return names;
  for (const FoundKey& key : keys) names.emplace_back(args[key.position]);
  return names;
}

void NoteRead(const CommandSpec& spec, Args args) {
  if (thread_read_trace.keys == nullptr) return;
  for (std::string& key : KeysRead(spec, args)) thread_read_trace.keys->push_back(std::move(key));
}

const CommandTable& CommandsOf(const State& state) {
  MYDIS_ASSERT(state.commands != nullptr, "a state that runs commands knows them");
  return static_cast<const CommandTable&>(*state.commands);
}

const CommandSpec* FindSubcommand(const CommandSpec& container, std::string_view word) {
  for (const CommandSpec& sub : container.subcommands) {
    if (EqualsIgnoreCase(sub.name, word)) return &sub;
  }
  return nullptr;
}

bool ArityFits(const CommandSpec& spec, size_t words) {
  return spec.arity > 0 ? words == static_cast<size_t>(spec.arity)
                        : words >= static_cast<size_t>(-spec.arity);
}

}  // namespace mydis
