// Reads a log entry's commands a little ahead of their application and prefetches the keys that
// they will touch, so that the cache misses of many commands overlap.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "state/entry_codec.h"
#include "state/keyspace.h"

namespace mydis {

// Lives for one entry, on the applying thread. Only a hint: what it guesses wrong costs time, never
// correctness.
class ApplyPrefetch {
 public:
  ApplyPrefetch(std::string_view body, uint32_t operations, const Keyspace& keyspace)
      : in_(body, operations), keyspace_(keyspace), useful_(operations > 1) {}

  // To be called before each command is applied, those of transactions too.
  void BeforeCommand() {
    if (!useful_) return;
    const uint32_t command = applied_++;
    while (read_ < command + kTablesAhead && FindCommand()) ReadCommand();
    for (; slots_ < std::min(read_, command + kSlotsAhead); ++slots_) {
      const Key& key = ring_[slots_ % kTablesAhead];
      if (key.known) keyspace_.PrefetchSlot(key.db, key.hash);
    }
    for (; entries_ < std::min(read_, command + kEntriesAhead); ++entries_) {
      const Key& key = ring_[entries_ % kTablesAhead];
      if (key.known) keyspace_.PrefetchEntry(key.db, key.hash);
    }
  }

 private:
  // What one step prefetches has arrived when the next needs it.
  static constexpr uint32_t kTablesAhead = 32;
  static constexpr uint32_t kSlotsAhead = 24;
  static constexpr uint32_t kEntriesAhead = 12;

  struct Key {
    bool known = false;
    uint32_t db = 0;
    uint64_t hash = 0;
  };

  // True if the next command can be read.
  bool FindCommand() {
    while (elements_ == 0 && in_.HasNext()) {
      elements_ = 1;
      if (in_.NextOpcode() != Opcode::kTransaction) continue;
      uint32_t db = 0;
      std::string_view key;
      uint64_t revision = 0;
      for (uint64_t n = in_.Count(); n > 0 && in_.ok(); --n) in_.Watched(&db, &key, &revision);
      elements_ = in_.ok() ? in_.Count() : 0;
    }
    return elements_ > 0 && in_.ok();
  }
  // The first word after a command's name is nearly always its key.
  void ReadCommand() {
    --elements_;
    Key& key = ring_[read_++ % kTablesAhead];
    key.known = false;
    const auto words = in_.Command(&key.db);
    if (!in_.ok() || words.size() < 2 || key.db >= keyspace_.databases()) return;
    key.known = true;
    key.hash = keyspace_.HashOf(words[1]);
    keyspace_.PrefetchTable(key.db, key.hash);
  }

  EntryReader in_;
  const Keyspace& keyspace_;
  bool useful_;
  uint64_t elements_ = 0;  // Commands of the operation at hand that have not been read.
  uint32_t applied_ = 0;
  // How many commands have been read, and how many of them have had their slots and entries.
  uint32_t read_ = 0;
  uint32_t slots_ = 0;
  uint32_t entries_ = 0;
  std::array<Key, kTablesAhead> ring_;
};

}  // namespace mydis
