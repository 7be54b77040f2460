// What this instance has applied lately, in order, as far as its bytes are bounded: the history
// that watches read from; docs/watching.md. A ring of blocks; the oldest is dropped as a whole.
//
// Written by the thread that applies, which holds the state's lock exclusively; read by any thread
// that holds it shared.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "state/entry.h"

namespace mydis {

// There is one of each.
enum class HistoryOf : uint8_t { kChanges, kMessages };

struct HistoryRecord {
  enum class Kind : uint8_t {
    kPut,     // The key has a value, of `type`.
    kDelete,  // It is gone: deleted, …
    kExpire,  // … its time came, …
    kEvict,   // … or memory was short.
    kFlush,   // All keys of the database are gone.
    kSwap,    // All of them are others.
    kMessage,
  };
  static constexpr uint8_t kAllDatabases = 255;

  uint64_t revision = 0;
  Kind kind = Kind::kPut;
  uint8_t db = 0;  // kAllDatabases: of each.
  ValueType type = ValueType::kString;
  std::string_view name;  // The key or channel; views are good while the lock is held.
  std::string_view text;  // Of a message.

  // Whether it is about no key, but a whole database.
  bool whole() const { return kind == Kind::kFlush || kind == Kind::kSwap; }
};

class ChangeHistory {
 public:
  // Where to read on. One that is no longer kept is known to be.
  struct Place {
    uint64_t block = 0;
    size_t offset = 0;
    auto operator<=>(const Place&) const = default;
  };

  bool recording() const { return recording_; }
  // Keeps what comes after `revision`, about the last `limit_bytes` of it. What was kept before is
  // dropped, and so are the places in it.
  void Begin(uint64_t revision, uint64_t limit_bytes);
  // Drops everything.
  void Stop();
  // REQUIRES: recording(), and the revision is not less than the last one's.
  void Add(const HistoryRecord& record, uint64_t limit_bytes);

  // All that came after this revision is kept. REQUIRES: recording().
  uint64_t oldest() const { return oldest_; }
  // How many bytes there have been; they tell whether something was added.
  uint64_t added_bytes() const { return added_bytes_; }
  size_t bytes() const { return bytes_; }

  // Where what came after `revision` begins; nullopt: that is no longer kept.
  std::optional<Place> After(uint64_t revision) const;
  // Where what is added next will be. REQUIRES: recording().
  Place End() const { return {first_block_ + blocks_.size() - 1, blocks_.back().bytes.size()}; }
  bool IsKept(const Place& place) const {
    return recording_ && (place.block >= first_block_ || IsBeforeFirst(place));
  }
  // The record at the place, which is moved behind it; false: there is none yet.
  // REQUIRES: IsKept(*place).
  bool Read(Place* place, HistoryRecord* record) const;

 private:
  struct Block {
    std::string bytes;
    uint64_t first_revision = 0;
    uint64_t last_revision = 0;
  };
  void AddBlock(size_t capacity);
  // Whether it is at the end of what was dropped: nothing behind it is missing.
  bool IsBeforeFirst(const Place& place) const {
    return place.block + 1 == first_block_ && place.offset == dropped_end_;
  }

  bool recording_ = false;
  std::deque<Block> blocks_;  // Numbered from first_block_ on; never empty while recording.
  uint64_t first_block_ = 0;  // Numbers are not used again.
  // Where the block before the first one ended, if nothing is missing between them.
  size_t dropped_end_ = SIZE_MAX;
  uint64_t oldest_ = 0;
  uint64_t added_bytes_ = 0;
  size_t bytes_ = 0;  // That the blocks have room for.
};

}  // namespace mydis
