#include "state/snapshot_taker.h"

#include "base/codec.h"

namespace mydis {
namespace {

// What an empty partition saves: no deletion, no database.
constexpr std::string_view kEmptyPartition{"\0\0", 2};

}  // namespace

SnapshotTaker::SnapshotTaker(StateMachine& machine) : machine_(machine), head_(machine.SaveHead()) {
  machine_.set_before_change(
      [this](std::optional<uint32_t> partition) { BeforeChange(partition); });
}

SnapshotTaker::~SnapshotTaker() { machine_.set_before_change(nullptr); }

void SnapshotTaker::BeforeChange(std::optional<uint32_t> partition) {
  if (!partition) {
    spoiled_ = !finished_;
    saved_.clear();
    return;
  }
  if (*partition < next_ || spoiled_ || saved_.contains(*partition)) return;
  machine_.state().keyspace.SavePartition(*partition, saved_[*partition]);
}

Result<bool> SnapshotTaker::Next(size_t bytes, std::string& out) {
  if (spoiled_) return Fail(ErrorCode::kBusy, "the whole state was replaced during the snapshot");
  if (finished_) return false;
  Encoder encoder(out);
  if (!head_written_) {
    encoder.Bytes(head_);
    head_written_ = true;
  }
  const size_t limit = out.size() + bytes;
  std::string partition;
  for (; next_ < kPartitions && out.size() < limit; ++next_) {
    partition.clear();
    if (auto it = saved_.find(next_); it != saved_.end()) {
      partition = std::move(it->second);
      saved_.erase(it);
    } else {
      machine_.state().keyspace.SavePartition(next_, partition);
    }
    if (partition == kEmptyPartition) continue;
    encoder.Varint(next_ + 1);
    encoder.Bytes(partition);
  }
  if (next_ < kPartitions) return true;
  encoder.Varint(0);
  finished_ = true;
  return true;
}

Result<size_t> SnapshotLoader::Consume(std::string_view bytes) {
  size_t used = 0;
  while (step_ != Step::kDone && used < bytes.size()) {
    Decoder in(bytes.substr(used));
    const uint64_t partition = step_ == Step::kHead ? 1 : in.Varint();
    if (!in.ok()) break;
    if (partition == 0) {
      step_ = Step::kDone;
      used = bytes.size() - in.remaining();
      break;
    }
    const std::string_view contents = in.Bytes();
    if (!in.ok()) break;
    const Status status =
        step_ == Step::kHead
            ? machine_.LoadHead(contents)
            : machine_.LoadPartition(static_cast<uint32_t>(partition - 1), contents);
    if (!status.ok()) return Fail(status);
    step_ = Step::kKeys;
    used = bytes.size() - in.remaining();
  }
  return used;
}

Status SnapshotLoader::Add(std::string_view bytes) {
  buffer_.append(bytes);
  auto used = Consume(buffer_);
  if (!used) return used.error();
  buffer_.erase(0, *used);
  if (step_ == Step::kDone && !buffer_.empty())
    return Status(ErrorCode::kCorrupt, "the snapshot goes on after its end");
  return Status::Ok();
}

Status SnapshotLoader::Finish() {
  if (step_ != Step::kDone) return Status(ErrorCode::kCorrupt, "the snapshot ends too early");
  return Status::Ok();
}

}  // namespace mydis
