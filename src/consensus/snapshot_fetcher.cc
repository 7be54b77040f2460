#include "consensus/snapshot_fetcher.h"

#include "base/log.h"

namespace mydis {

SnapshotFetcher::SnapshotFetcher(DiskQueue& disk, SnapshotStore& store, Send send,
                                 Complete complete)
    : disk_(disk), store_(store), send_(std::move(send)), complete_(std::move(complete)) {}

void SnapshotFetcher::OnOffer(uint64_t from, WireSnapshotOffer offer, uint64_t committed) {
  auto receiving = std::make_shared<Receiving>();
  receiving->from = from;
  receiving->offer = std::move(offer);
  if (receiving->offer.index <= committed && !receiving->offer.raft.empty()) {
    // The core will answer that it has come further.
    complete_(from, {receiving->offer.index, receiving->offer.term}, receiving->offer.raft);
    return Want(*receiving, SnapshotVerdict::kDone);
  }
  if (current_ && current_->offer.index == receiving->offer.index &&
      current_->offer.term == receiving->offer.term) {
    current_->from = from;
    current_->offer.raft = std::move(receiving->offer.raft);
    // While something is being done here, its end will be told anyway.
    if (!current_->begun || current_->committing || current_->writing > 0) return;
    // Chunks that were lost on the way are asked for again.
    current_->expected = current_->written;
    return Want(*current_, SnapshotVerdict::kContinue);
  }
  // One that is newer, or a new leader's. What jobs of the old one do is thrown away by the store.
  current_ = receiving;
  ++progress_;
  Begin(receiving);
}

void SnapshotFetcher::Begin(const std::shared_ptr<Receiving>& receiving) {
  const SnapshotId id{receiving->offer.index, receiving->offer.term};
  auto offset = std::make_shared<uint64_t>(0);
  disk_.Run(
      DiskLane::kSnapshot,
      [this, id, size = receiving->offer.size, offset]() -> Status {
        auto begun = store_.BeginReceive(id, size);
        if (!begun) return begun.error();
        *offset = *begun;
        return Status::Ok();
      },
      [this, receiving, offset](Status status) {
        if (!IsCurrent(receiving)) return;
        if (!status.ok()) return Failed(receiving, status);
        receiving->begun = true;
        receiving->expected = receiving->written = *offset;
        if (*offset == receiving->offer.size) return Commit(receiving);
        Want(*receiving, SnapshotVerdict::kContinue);
      });
}

void SnapshotFetcher::OnChunk(uint64_t from, const WireSnapshotChunk& chunk, Payload body) {
  const std::shared_ptr<Receiving> receiving = current_;
  if (!receiving || !receiving->begun || receiving->committing || receiving->from != from ||
      receiving->offer.index != chunk.index || receiving->offer.term != chunk.term ||
      chunk.offset != receiving->expected)
    return;
  const SnapshotId id{chunk.index, chunk.term};
  receiving->expected += body->size();
  ++receiving->writing;
  disk_.Run(
      DiskLane::kSnapshot,
      [this, id, offset = chunk.offset, body]() -> Status {
        return store_.ReceiveChunk(id, offset, *body);
      },
      [this, receiving, end = receiving->expected](Status status) {
        --receiving->writing;
        if (!IsCurrent(receiving)) return;
        if (!status.ok()) return Failed(receiving, status);
        receiving->written = end;
        ++progress_;
        if (end == receiving->offer.size) return Commit(receiving);
        Want(*receiving, SnapshotVerdict::kContinue);
      });
}

void SnapshotFetcher::Commit(const std::shared_ptr<Receiving>& receiving) {
  const SnapshotId id{receiving->offer.index, receiving->offer.term};
  receiving->committing = true;
  disk_.Run(
      DiskLane::kSnapshot,
      [this, id]() -> Status {
        for (const SnapshotInfo& info : store_.List())
          if (info.id == id) return Status::Ok();
        auto info = store_.CommitReceive(id);
        return info ? Status::Ok() : info.error();
      },
      [this, receiving](Status status) {
        if (!IsCurrent(receiving)) return;
        if (!status.ok()) return Failed(receiving, status);
        Finish(receiving);
      });
}

void SnapshotFetcher::Finish(const std::shared_ptr<Receiving>& receiving) {
  current_.reset();
  complete_(receiving->from, {receiving->offer.index, receiving->offer.term},
            receiving->offer.raft);
  Want(*receiving, SnapshotVerdict::kDone);
}

void SnapshotFetcher::Failed(const std::shared_ptr<Receiving>& receiving, const Status& status) {
  LogWarning("receiving snapshot {} from member {} failed: {}", receiving->offer.index,
             receiving->from, status.message());
  current_.reset();
  Want(*receiving, SnapshotVerdict::kFailed);
}

void SnapshotFetcher::Want(const Receiving& receiving, SnapshotVerdict verdict) {
  send_(receiving.from, Encode(WireSnapshotWant{.index = receiving.offer.index,
                                                .term = receiving.offer.term,
                                                .verdict = verdict,
                                                .offset = receiving.written}));
}

}  // namespace mydis
