// Takes a snapshot of the state while service goes on, without a fork.
//
// Stream:  bytes head (StateMachine::SaveHead), then per partition that holds anything
//          varint partition + 1, bytes contents; then varint 0.
// The same state gives the same stream on every instance.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mydis/status.h"
#include "state/state_machine.h"

namespace mydis {

// Made, destroyed and told of changes by the applying thread (exclusive lock); Next() is called by
// whichever thread writes the snapshot, holding the lock shared.
class SnapshotTaker {
 public:
  explicit SnapshotTaker(StateMachine& machine);
  ~SnapshotTaker();
  SnapshotTaker(const SnapshotTaker&) = delete;
  SnapshotTaker& operator=(const SnapshotTaker&) = delete;

  // Appends the next part (about `bytes` long) to `out`. False when the stream is complete.
  // kBusy if everything was changed at once meanwhile (FLUSHALL, SWAPDB): begin anew.
  Result<bool> Next(size_t bytes, std::string& out);

 private:
  void BeforeChange(std::optional<uint32_t> partition);

  StateMachine& machine_;
  const std::vector<SharedBytes> head_;
  size_t next_of_head_ = 0;  // Parts below are written.
  uint32_t next_ = 0;        // Partitions below are written.
  bool finished_ = false;
  bool spoiled_ = false;
  std::map<uint32_t, std::string>
      saved_;  // Old forms of partitions that changed before their turn.
};

// An item of the stream: the head, or a partition with its contents.
struct SnapshotItem {
  std::optional<uint32_t> partition;
  std::string_view contents;  // Valid until Add.
};

// Finds the items in the stream, which comes in pieces of any size. One thread.
class SnapshotSplitter {
 public:
  void Add(std::string_view bytes);
  // None: more is needed, or the end has come. kCorrupt if the stream goes on after its end.
  Result<std::optional<SnapshotItem>> Next();
  // The end has come.
  bool done() const { return done_; }

 private:
  std::string buffer_;
  size_t used_ = 0;  // Of the buffer, by items that were given out.
  bool head_due_ = true;
  bool done_ = false;
};

// Reads the stream again, in pieces of any size.
class SnapshotLoader {
 public:
  explicit SnapshotLoader(StateMachine& machine) : machine_(machine) {}
  Status Add(std::string_view bytes);
  // To be called after the last piece: fails if anything is missing.
  Status Finish();

 private:
  StateMachine& machine_;
  SnapshotSplitter splitter_;
};

}  // namespace mydis
