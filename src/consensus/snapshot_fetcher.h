// The follower's side of a snapshot; see snapshot_sender.h. The file grows on the snapshot lane; an
// attempt that broke off goes on where it stopped, even after a restart.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "consensus/disk_queue.h"
#include "consensus/snapshot_store.h"
#include "consensus/wire.h"

namespace mydis {

// Thread: the replica's.
class SnapshotFetcher {
 public:
  using Send = std::function<bool(uint64_t to, WireMessage message)>;
  // The file is complete and verified (or not needed): step the message, if there is one.
  using Complete =
      std::function<void(uint64_t from, SnapshotId id, const std::string& raft_message)>;

  SnapshotFetcher(DiskQueue& disk, SnapshotStore& store, Send send, Complete complete);

  // `committed`: everything up to here is known to be committed, so no snapshot of it is needed,
  // but for one that this instance has asked for.
  void OnOffer(uint64_t from, WireSnapshotOffer offer, uint64_t committed);
  void OnChunk(uint64_t from, const WireSnapshotChunk& chunk, Payload body);
  bool active() const { return current_ != nullptr; }
  // Changes with every step of what is being received.
  uint64_t progress() const { return progress_; }

 private:
  struct Receiving {
    uint64_t from = 0;
    WireSnapshotOffer offer;
    bool begun = false;     // BeginReceive has answered.
    uint64_t expected = 0;  // Where the next chunk starts.
    uint64_t written = 0;   // What the store has.
    int writing = 0;        // Chunks that jobs are at.
    bool committing = false;
  };
  void Begin(const std::shared_ptr<Receiving>& receiving);
  void Commit(const std::shared_ptr<Receiving>& receiving);
  void Finish(const std::shared_ptr<Receiving>& receiving);
  void Failed(const std::shared_ptr<Receiving>& receiving, const Status& status);
  void Want(const Receiving& receiving, SnapshotVerdict verdict);
  bool IsCurrent(const std::shared_ptr<Receiving>& receiving) const {
    return current_ == receiving;
  }

  DiskQueue& disk_;
  SnapshotStore& store_;
  Send send_;
  Complete complete_;
  std::shared_ptr<Receiving> current_;
  uint64_t progress_ = 0;
};

}  // namespace mydis
