// Takes a snapshot of the state while service goes on, without a fork.
//
// Stream:  bytes head (StateMachine::SaveHead), then per partition that holds anything
//          varint partition + 1, bytes contents; then varint 0.
// The same state gives the same stream on every instance.
#pragma once

#include <map>
#include <string>
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
  std::string head_;
  uint32_t next_ = 0;  // Partitions below are written.
  bool head_written_ = false;
  bool finished_ = false;
  bool spoiled_ = false;
  std::map<uint32_t, std::string>
      saved_;  // Old forms of partitions that changed before their turn.
};

// Reads the stream again, in pieces of any size.
class SnapshotLoader {
 public:
  explicit SnapshotLoader(StateMachine& machine) : machine_(machine) {}
  Status Add(std::string_view bytes);
  // To be called after the last piece: fails if anything is missing.
  Status Finish();

 private:
  enum class Step : uint8_t { kHead, kKeys, kDone };
  // Consumes whole items from the front of the buffer.
  Result<size_t> Consume(std::string_view bytes);

  StateMachine& machine_;
  std::string buffer_;
  Step step_ = Step::kHead;
};

}  // namespace mydis
