// The leader's side of bringing a snapshot to a follower.
//
//   leader                                   follower
//   kSnapshotOffer(id, size, raft message) ─►
//                                          ◄─ kSnapshotWant(continue, offset it has)
//   kSnapshotChunk(offset, bytes) × window ─►
//                                          ◄─ kSnapshotWant(continue, offset) after each chunk
//                                          ◄─ kSnapshotWant(done): verified, handed to its core
//
// A chunk that is lost shows as silence: the offer is made again, and the answer to it says from
// where to go on.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "consensus/disk_queue.h"
#include "consensus/snapshot_store.h"
#include "consensus/wire.h"

namespace mydis {

struct SnapshotSenderOptions {
  uint64_t chunk_bytes = 256 << 10;
  uint64_t window_chunks = 16;
  uint64_t repeat_us = 500'000;      // Silence for so long: offer again.
  uint64_t give_up_us = 10'000'000;  // The same: tell the core that it failed.
};

// Thread: the replica's.
class SnapshotSender {
 public:
  using Send = std::function<bool(uint64_t to, WireMessage message)>;
  using Report = std::function<void(uint64_t peer, bool ok)>;

  SnapshotSender(SnapshotSenderOptions options, DiskQueue& disk, SnapshotStore& store, Send send,
                 Report report);

  // Replaces what is being sent to `to`. Without a raft message nothing is reported: the follower
  // has asked for it by itself, and asks again.
  void Start(uint64_t to, SnapshotId id, std::string raft_message, uint64_t now_us);
  void OnWant(uint64_t from, const WireSnapshotWant& want, uint64_t now_us);
  void Pump(uint64_t now_us);
  // No longer the leader, or the peer is gone: forget, without a report.
  void Drop(uint64_t to) { transfers_.erase(to); }
  void DropAll() { transfers_.clear(); }
  bool active() const { return !transfers_.empty(); }
  bool SendingTo(uint64_t to) const { return transfers_.contains(to); }

 private:
  struct Transfer {
    uint64_t to = 0;
    SnapshotId id;
    uint64_t size = 0;
    std::string raft_message;
    std::shared_ptr<SnapshotSource> source;
    uint64_t acked = 0;       // The follower has everything below.
    uint64_t sent = 0;        // Everything below is on its way.
    bool answered = false;    // To the last offer.
    bool reading = false;     // A job reads the next chunk.
    uint64_t heard_us = 0;    // The last answer.
    uint64_t offered_us = 0;  // The last offer.
  };
  void Offer(Transfer& transfer, uint64_t now_us);
  void ReadNext(const std::shared_ptr<Transfer>& transfer);
  void Finish(uint64_t to, bool ok);

  SnapshotSenderOptions options_;
  DiskQueue& disk_;
  SnapshotStore& store_;
  Send send_;
  Report report_;
  std::map<uint64_t, std::shared_ptr<Transfer>> transfers_;
};

}  // namespace mydis
