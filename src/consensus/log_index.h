// Where each entry of the log is on disk. Not locked: its owner does that.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "base/assert.h"
#include "consensus/log_record.h"
#include "consensus/types.h"

namespace mydis {

struct EntryPlace {
  EntryRecord record;
  uint64_t segment = 0;  // The number of the segment.
  uint64_t offset = 0;   // Of the entry's data in it.
};

class LogIndex {
 public:
  void Reset(uint64_t base_index, uint64_t base_term) {
    places_.clear();
    conf_changes_.clear();
    base_index_ = base_index;
    base_term_ = base_term;
  }

  // The entry before the first one.
  uint64_t base_index() const { return base_index_; }
  uint64_t base_term() const { return base_term_; }
  uint64_t last_index() const { return base_index_ + places_.size(); }
  uint64_t last_term() const { return places_.empty() ? base_term_ : places_.back().record.term; }

  // Null outside of the log.
  const EntryPlace* Find(uint64_t index) const {
    if (index <= base_index_ || index > last_index()) return nullptr;
    return &places_[index - base_index_ - 1];
  }

  // Puts an entry at `index`, in place of those from there on. `data` is kept for a kConfChange
  // alone. REQUIRES: base_index() < index <= last_index() + 1.
  void Put(uint64_t index, const EntryPlace& place, const Payload& data) {
    MYDIS_ASSERT(index > base_index_ && index <= last_index() + 1, "a gap in the log");
    places_.resize(index - base_index_ - 1);
    places_.push_back(place);
    conf_changes_.erase(conf_changes_.lower_bound(index), conf_changes_.end());
    if (place.record.kind == EntryKind::kConfChange) conf_changes_[index] = data;
  }

  // Forgets entries up to `through`. REQUIRES: base_index() <= through <= last_index().
  void Compact(uint64_t through) {
    if (through == base_index_) return;
    base_term_ = Find(through)->record.term;
    places_.erase(places_.begin(),
                  places_.begin() + static_cast<std::ptrdiff_t>(through - base_index_));
    conf_changes_.erase(conf_changes_.begin(), conf_changes_.upper_bound(through));
    base_index_ = through;
  }

  // All entries; data only for kConfChange.
  std::vector<LogEntry> Entries() const {
    std::vector<LogEntry> entries;
    entries.reserve(places_.size());
    uint64_t index = base_index_;
    for (const EntryPlace& place : places_)
      entries.push_back(
          {++index, place.record.term, place.record.kind, nullptr, place.record.length});
    for (const auto& [at, data] : conf_changes_) entries[at - base_index_ - 1].data = data;
    return entries;
  }

 private:
  uint64_t base_index_ = 0;
  uint64_t base_term_ = 0;
  std::deque<EntryPlace> places_;  // The entry base_index_ + 1 + i at i.
  std::map<uint64_t, Payload> conf_changes_;
};

}  // namespace mydis
