// Snapshots on disk: files named by index and term, streamed in and out, never whole in memory.
// snapshot_format.h holds the byte grammar. The bytes of a file depend on nothing but what it
// holds, so that instances with equal state have equal files.
//
// Threads: SnapshotStore may be used from any thread. A writer, reader or source belongs to one
// thread at a time; any number of them may be open at once, and none outlives the store.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/disk.h"

namespace mydis {

// Names a snapshot: the state after applying the entry `index` of `term`.
struct SnapshotId {
  uint64_t index = 0;
  uint64_t term = 0;
  bool operator==(const SnapshotId&) const = default;
};

struct SnapshotInfo {
  SnapshotId id;
  uint64_t file_size = 0;
  std::string meta;  // The caller's bytes: the configuration and the members at `index`.
  bool operator==(const SnapshotInfo&) const = default;
};

// Takes the state as a stream of bytes. Destroyed without Commit(), it leaves nothing behind.
class SnapshotWriter {
 public:
  virtual ~SnapshotWriter() = default;
  // kDiskFull and other errors are final: destroy the writer.
  virtual Status Append(std::string_view bytes) = 0;
  // Makes the file durable and puts it in place under its name. The last call.
  virtual Result<SnapshotInfo> Commit() = 0;
};

// Gives the stream back, verified piece by piece.
class SnapshotReader {
 public:
  virtual ~SnapshotReader() = default;
  virtual const SnapshotInfo& info() const = 0;
  // The next bytes, valid until the next call; empty at the end, when the whole has been verified.
  // kCorrupt, naming file and offset, when bytes fail their checksum: what was read before is
  // to be thrown away.
  virtual Result<std::string_view> Next() = 0;
};

// The bytes of the file as they are, to send to a peer. Stays readable when the store removes the
// snapshot meanwhile.
class SnapshotSource {
 public:
  virtual ~SnapshotSource() = default;
  virtual const SnapshotInfo& info() const = 0;
  // `length` bytes at `offset`; fewer only at the end of the file.
  virtual Result<std::string> ReadChunk(uint64_t offset, size_t length) = 0;
};

class SnapshotStore {
 public:
  // Opens `directory`, which is created if need be. Removes what was being written at a crash;
  // keeps what was being received, to be resumed. Reads no snapshot's content yet: see Choose().
  static Result<std::unique_ptr<SnapshotStore>> Open(Disk& disk, const std::string& directory,
                                                     uint64_t cluster_id);
  virtual ~SnapshotStore() = default;

  // The snapshots there are, oldest first; their headers have been verified, not their content.
  virtual std::vector<SnapshotInfo> List() const = 0;
  virtual std::optional<SnapshotInfo> Newest() const = 0;

  // The snapshot to start from: the newest, verified whole; none if there is none. When it is
  // broken: an older one that is whole and not before `log_base` (LogStore::FirstIndex() - 1), so
  // that the log replays the rest, with a loud line in the process log; else kCorrupt with file and
  // offset. kCorrupt too when the log begins after the newest snapshot's end: log_base > its index.
  virtual Result<std::optional<SnapshotInfo>> Choose(uint64_t log_base) = 0;

  // Starts a snapshot. `meta` is returned with it, here and on instances that receive it.
  virtual Result<std::unique_ptr<SnapshotWriter>> Create(SnapshotId id, std::string_view meta) = 0;
  virtual Result<std::unique_ptr<SnapshotReader>> OpenReader(SnapshotId id) = 0;
  virtual Result<std::unique_ptr<SnapshotSource>> OpenSource(SnapshotId id) = 0;

  // Receiving, one snapshot at a time. BeginReceive says from which offset on bytes are wanted: 0,
  // or where an earlier attempt at the same snapshot broke off, even before a restart. An attempt
  // at another snapshot is thrown away. If the snapshot is here already it is `file_size`.
  virtual Result<uint64_t> BeginReceive(SnapshotId id, uint64_t file_size) = 0;
  // `offset` is where the last chunk ended; kInvalid otherwise (ask BeginReceive again).
  virtual Status ReceiveChunk(SnapshotId id, uint64_t offset, std::string_view bytes) = 0;
  // Verifies the whole and puts it in place. kCorrupt: thrown away, to be received again from 0.
  virtual Result<SnapshotInfo> CommitReceive(SnapshotId id) = 0;

  // Removes all but the newest `keep` snapshots (1 or 2), and parts received of no newer ones.
  virtual Status RemoveOld(size_t keep = 2) = 0;
};

}  // namespace mydis
