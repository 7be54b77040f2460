// The Raft log on disk: hard state and entries in checksummed groups, in pre-zeroed segment files
// that are recycled. log_record.h and log_segment.h hold the byte grammar.
//
// One Append() is one durable write. What a crash may take away is the last group, if it was not
// acknowledged; anything else that is missing or broken makes Open() refuse with one line that
// names file and offset.
//
// Threads: Append, Reset, Compact, Sync and Close belong to one thread at a time (the disk thread).
// Everything else may be called from any thread at any time. Entries become visible to readers when
// the Append() that brought them is about to return success.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "consensus/disk.h"
#include "consensus/types.h"

namespace mydis {

struct LogOptions {
  uint64_t segment_size =
      32 << 20;        // Bytes of a segment file; a multiple of kDiskBlock, at least 4.
  int max_spares = 2;  // How many empty segments are kept ready.
  // False: --durability relaxed. Append() returns when the system has the bytes; Sync() makes them
  // durable. A crash may then take everything since the last Sync() away, but never a part of the
  // middle.
  bool durable = true;
  // Where segment salts come from; 0 takes the operating system's. The simulator gives its own.
  uint64_t seed = 0;
};

// What one write carries. Entries have consecutive indexes; the first is at most LastIndex() + 1,
// and if it is less, the entries from there on are replaced (Raft's conflict rule). Both parts
// empty is allowed: it proves the group before it durable (see Close()).
struct WriteGroup {
  // None: unchanged. A commit index beyond the entries that are stored (a snapshot's installation
  // that is cut off between two calls may leave such a one) is stored as the end of the log.
  std::optional<HardState> hard_state;
  std::span<const LogEntry> entries;
};

// How much the log holds and how much it can still take.
struct LogUsage {
  uint64_t segments = 0;       // Segment files that hold entries or are being written.
  uint64_t segment_bytes = 0;  // Their sizes added up.
  uint64_t spares = 0;         // Empty segments ready for use.
  uint64_t room = 0;  // Bytes that Append() can take before it needs a segment that is not there:
                      // what is left in the current segment, plus the spares.
};

class LogStore {
 public:
  // Makes an empty log in `directory`, which is created; kExists if there is one already.
  // `base_index` and `base_term` name the entry before its first: 0, 0 for a new cluster.
  static Result<std::unique_ptr<LogStore>> Create(Disk& disk, const std::string& directory,
                                                  const LogOptions& options,
                                                  uint64_t base_index = 0, uint64_t base_term = 0);
  // Opens and verifies an existing log, every byte of it. kNotFound if there is no segment file;
  // kCorrupt if less can be had than was acknowledged, with the file, the offset and what to do.
  // A torn last group is dropped, with a line in the process log.
  static Result<std::unique_ptr<LogStore>> Open(Disk& disk, const std::string& directory,
                                                const LogOptions& options);
  virtual ~LogStore() = default;

  // What Open() found, for the engine's start. Entries are in order from FirstIndex(); their data
  // is null for kNormal ones (Read() has it) and complete for kConfChange.
  virtual HardState hard_state() const = 0;
  virtual std::vector<LogEntry> Entries() const = 0;

  // The log holds FirstIndex() … LastIndex(); it is empty when LastIndex() + 1 == FirstIndex().
  virtual uint64_t FirstIndex() const = 0;
  virtual uint64_t LastIndex() const = 0;
  // The term of an entry, also of FirstIndex() - 1. kNotFound outside.
  virtual Result<uint64_t> Term(uint64_t index) const = 0;
  // One entry with its data. kNotFound outside of the log; kCorrupt if the bytes on disk have
  // changed.
  virtual Result<LogEntry> Read(uint64_t index) const = 0;

  // Writes one group; when it returns success the group is on disk (see LogOptions::durable).
  // kDiskFull: a new segment was needed and there is no room; nothing has happened, and the same
  // call succeeds later, once there is room. Any other error poisons the store: what the disk holds
  // is unknown, every later call fails, and the caller stops the process.
  virtual Status Append(const WriteGroup& group) = 0;

  // Forgets all entries and goes on after `index`, for an installed snapshot that is ahead of the
  // log. Durable, like Append(); the snapshot has been committed to the SnapshotStore before. The
  // files of the forgotten entries are given back by the next Compact().
  virtual Status Reset(uint64_t index, uint64_t term, const HardState& hard_state) = 0;

  // Entries up to `through` are not needed any more: FirstIndex() becomes through + 1, and segments
  // that hold nothing else are recycled. No effect if it is less than FirstIndex(). After a restart
  // entries that shared a segment with later ones are there again. REQUIRES: through <=
  // LastIndex(), and a durable snapshot at `through` or later.
  virtual Status Compact(uint64_t through) = 0;

  // Makes ready one more spare segment, which takes a while (it writes all of it), unless
  // LogOptions::max_spares are there. kDiskFull when there is no room for one. Called ahead of
  // need, from a thread that nobody waits for; the simulator calls it when it likes.
  virtual Status PrepareSpare() = 0;
  // False: when the current segment is full, Append() will have to make a segment itself. Call
  // PrepareSpare(); if that says kDiskFull, refuse clients' writes, so that the room that is left
  // serves Raft itself.
  virtual bool HasSpare() const = 0;
  virtual LogUsage Usage() const = 0;

  // Makes everything appended so far durable; nothing to do unless LogOptions::durable is false.
  virtual Status Sync() = 0;
  // To be called about once a second. Calls Sync(); and when nothing has been appended since the
  // last call, an empty group is written behind the last one, once, so that the next Open() can
  // tell a flipped bit in that from a torn write even if there is no clean stop.
  virtual Status Settle() = 0;
  // Writes a closing group, so that the next Open() can tell a flipped bit in the last group from a
  // torn write. The last call of a clean stop.
  virtual Status Close() = 0;
};

}  // namespace mydis
