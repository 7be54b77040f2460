#include "consensus/snapshot_sender.h"

#include <algorithm>
#include <vector>

#include "base/log.h"

namespace mydis {

SnapshotSender::SnapshotSender(SnapshotSenderOptions options, DiskQueue& disk, SnapshotStore& store,
                               Send send, Report report)
    : options_(options),
      disk_(disk),
      store_(store),
      send_(std::move(send)),
      report_(std::move(report)) {}

void SnapshotSender::Start(uint64_t to, SnapshotId id, std::string raft_message, uint64_t now_us) {
  auto source = store_.OpenSource(id);
  if (!source) {
    LogWarning("snapshot {} cannot be sent to member {}: {}", id.index, to,
               source.error().message());
    if (!raft_message.empty()) report_(to, false);
    return;
  }
  auto transfer = std::make_shared<Transfer>();
  transfer->to = to;
  transfer->id = id;
  transfer->size = (*source)->info().file_size;
  transfer->raft_message = std::move(raft_message);
  transfer->source = std::move(*source);
  transfer->heard_us = now_us;
  transfers_[to] = transfer;
  Offer(*transfer, now_us);
}

void SnapshotSender::Offer(Transfer& transfer, uint64_t now_us) {
  transfer.offered_us = now_us;
  transfer.answered = false;
  send_(transfer.to, Encode(WireSnapshotOffer{.index = transfer.id.index,
                                              .term = transfer.id.term,
                                              .size = transfer.size,
                                              .raft = transfer.raft_message}));
}

void SnapshotSender::OnWant(uint64_t from, const WireSnapshotWant& want, uint64_t now_us) {
  const auto it = transfers_.find(from);
  if (it == transfers_.end() || it->second->id != SnapshotId{want.index, want.term}) return;
  const std::shared_ptr<Transfer> transfer = it->second;
  transfer->heard_us = now_us;
  if (want.verdict != SnapshotVerdict::kContinue)
    return Finish(from, want.verdict == SnapshotVerdict::kDone);
  if (want.offset > transfer->size) return;
  if (!transfer->answered) {
    // The answer to an offer: what was on its way may be lost, so go on from what is there.
    transfer->answered = true;
    transfer->acked = want.offset;
    transfer->sent = want.offset;
  }
  transfer->acked = std::max(transfer->acked, want.offset);
  transfer->sent = std::max(transfer->sent, transfer->acked);
  ReadNext(transfer);
}

void SnapshotSender::Pump(uint64_t now_us) {
  std::vector<uint64_t> dead;
  for (auto& [to, transfer] : transfers_) {
    if (now_us - transfer->heard_us >= options_.give_up_us) {
      dead.push_back(to);
    } else if (now_us - std::max(transfer->heard_us, transfer->offered_us) >= options_.repeat_us) {
      Offer(*transfer, now_us);
    }
  }
  for (uint64_t to : dead) Finish(to, false);
}

void SnapshotSender::ReadNext(const std::shared_ptr<Transfer>& transfer) {
  if (transfer->reading || transfer->sent >= transfer->size ||
      transfer->sent - transfer->acked >= options_.window_chunks * options_.chunk_bytes)
    return;
  transfer->reading = true;
  const uint64_t offset = transfer->sent;
  auto bytes = std::make_shared<std::string>();
  disk_.Run(
      DiskLane::kSnapshot,
      [source = transfer->source, offset, bytes, length = options_.chunk_bytes]() -> Status {
        auto chunk = source->ReadChunk(offset, length);
        if (!chunk) return chunk.error();
        *bytes = std::move(*chunk);
        return Status::Ok();
      },
      [this, transfer, offset, bytes](Status status) {
        transfer->reading = false;
        const auto it = transfers_.find(transfer->to);
        if (it == transfers_.end() || it->second != transfer) return;
        if (!status.ok() || bytes->empty()) {
          LogWarning("snapshot {} cannot be read for member {}: {}", transfer->id.index,
                     transfer->to, status.message());
          return Finish(transfer->to, false);
        }
        // A new answer may have moved the place meanwhile.
        if (transfer->sent == offset) {
          WireMessage chunk = Encode(WireSnapshotChunk{
              .index = transfer->id.index, .term = transfer->id.term, .offset = offset});
          transfer->sent = offset + bytes->size();
          chunk.bodies.push_back(std::move(bytes));
          if (!send_(transfer->to, std::move(chunk))) return;  // Silence will show it.
        }
        ReadNext(transfer);
      });
}

void SnapshotSender::Finish(uint64_t to, bool ok) {
  const auto transfer = transfers_.extract(to);
  if (!transfer.mapped()->raft_message.empty()) report_(to, ok);
}

}  // namespace mydis
