#include "state/snapshot_taker.h"

#include "base/codec.h"

namespace mydis {
namespace {

// What an empty partition saves: no deletion, no database.
constexpr std::string_view kEmptyPartition{"\0\0", 2};

}  // namespace

SnapshotTaker::SnapshotTaker(StateMachine& machine)
    : machine_(machine), head_(machine.ShareHead()) {
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
  const size_t limit = out.size() + bytes;
  Encoder encoder(out);
  if (next_of_head_ == 0) {
    size_t size = 0;
    for (const SharedBytes& part : head_) size += part.bytes.size();
    encoder.Varint(size);
  }
  for (; next_of_head_ < head_.size() && out.size() < limit; ++next_of_head_)
    encoder.Raw(head_[next_of_head_].bytes);
  if (next_of_head_ < head_.size()) return true;
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

void SnapshotSplitter::Add(std::string_view bytes) {
  buffer_.erase(0, used_);
  used_ = 0;
  buffer_.append(bytes);
}

Result<std::optional<SnapshotItem>> SnapshotSplitter::Next() {
  const std::string_view rest = std::string_view(buffer_).substr(used_);
  if (rest.empty()) return std::optional<SnapshotItem>();
  if (done_) return Fail(ErrorCode::kCorrupt, "the snapshot goes on after its end");
  Decoder in(rest);
  const uint64_t partition = head_due_ ? 0 : in.Varint();
  if (!in.ok()) return std::optional<SnapshotItem>();
  SnapshotItem item;
  if (!head_due_) {
    if (partition == 0) {
      done_ = true;
      used_ += rest.size() - in.remaining();
      return Next();
    }
    if (partition > kPartitions)
      return Fail(ErrorCode::kCorrupt, "the snapshot has a partition that there is none of");
    item.partition = static_cast<uint32_t>(partition - 1);
  }
  item.contents = in.Bytes();
  if (!in.ok()) return std::optional<SnapshotItem>();
  head_due_ = false;
  used_ += rest.size() - in.remaining();
  return std::optional(item);
}

Status SnapshotLoader::Add(std::string_view bytes) {
  splitter_.Add(bytes);
  while (true) {
    auto item = splitter_.Next();
    if (!item) return item.error();
    if (!*item) return Status::Ok();
    const Status status = (*item)->partition
                              ? machine_.LoadPartition(*(*item)->partition, (*item)->contents)
                              : machine_.LoadHead((*item)->contents);
    if (!status.ok()) return status;
  }
}

Status SnapshotLoader::Finish() {
  if (!splitter_.done()) return Status(ErrorCode::kCorrupt, "the snapshot ends too early");
  return Status::Ok();
}

}  // namespace mydis
