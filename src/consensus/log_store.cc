#include "consensus/log_store.h"

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "base/assert.h"
#include "base/mutex.h"
#include "base/random.h"
#include "consensus/log_index.h"
#include "consensus/log_recovery.h"
#include "consensus/log_segment.h"
#include "consensus/log_spares.h"
#include "consensus/storage_error.h"

namespace mydis {
namespace {

const std::string kZeroBlock(kDiskBlock, '\0');

class LogStoreImpl final : public LogStore {
 public:
  LogStoreImpl(Disk& disk, const std::string& directory, const LogOptions& options)
      : disk_(disk),
        directory_(directory),
        options_(options),
        seed_(options.seed ? options.seed : RandomSeed()),
        spares_(disk, directory, options.segment_size, static_cast<size_t>(options.max_spares)) {
    MYDIS_ASSERT(options.segment_size % kDiskBlock == 0 && options.segment_size >= 4 * kDiskBlock,
                 "log segment size");
  }

  Status OpenSpares(const std::vector<std::string>& names) { return spares_.Open(names); }
  Status StartEmpty(uint64_t base_index, uint64_t base_term);
  void StartFrom(RecoveredLog recovered);

  HardState hard_state() const override {
    MutexLock lock(mutex_);
    return hard_state_;
  }
  std::vector<LogEntry> Entries() const override {
    MutexLock lock(mutex_);
    return index_.Entries();
  }
  uint64_t FirstIndex() const override {
    MutexLock lock(mutex_);
    return index_.base_index() + 1;
  }
  uint64_t LastIndex() const override {
    MutexLock lock(mutex_);
    return index_.last_index();
  }
  Result<uint64_t> Term(uint64_t index) const override;
  Result<LogEntry> Read(uint64_t index) const override;
  Status Append(const WriteGroup& group) override;
  Status Reset(uint64_t index, uint64_t term, const HardState& hard_state) override;
  Status Compact(uint64_t through) override;
  Status PrepareSpare() override { return spares_.Prepare(); }
  bool HasSpare() const override { return spares_.count() > 0; }
  LogUsage Usage() const override;
  Status Sync() override;
  Status Settle() override;
  Status Close() override;

 private:
  // Writes head and data as one group, into a new segment if the current one is too full.
  Status Write(GroupHead head, std::span<const LogEntry> entries);
  Status WriteInto(LogSegment& segment, const GroupHead& head, std::span<const LogEntry> entries,
                   uint64_t offset, Durability durability);
  // Makes a new segment that has room for `bytes` the current one.
  Status StartSegment(uint64_t bytes);
  Status InstallSegment(LogSpares::Spare spare);
  Status MarkContinued();
  Status RecycleOldest();
  Status Poison(Status status);
  void Publish(const GroupHead& head, std::span<const LogEntry> entries);
  Result<EntryPlace> Find(uint64_t index, std::shared_ptr<LogSegment>* segment) const;

  Disk& disk_;
  const std::string directory_;
  const LogOptions options_;
  const uint64_t seed_;
  LogSpares spares_;

  // Of the writing thread alone.
  Status poisoned_;
  uint64_t next_sequence_ = 1;
  uint64_t durable_ = 0;  // Groups up to this sequence are on disk.
  // The next sequence at the last Settle(), and behind the empty group that it wrote last.
  uint64_t settling_ = 0;
  uint64_t settled_ = 0;
  // The former current segment, while it still lacks its kContinued group.
  std::shared_ptr<LogSegment> unmarked_;

  mutable Mutex mutex_;  // Guards what follows; only the writing thread changes it.
  std::deque<std::shared_ptr<LogSegment>> segments_;
  LogIndex index_;
  HardState hard_state_;
};

Status LogStoreImpl::Poison(Status status) {
  poisoned_ = Status(status.code(), status.message() + "; the log cannot be written any more");
  return status;
}

Status LogStoreImpl::StartEmpty(uint64_t base_index, uint64_t base_term) {
  index_.Reset(base_index, base_term);
  return StartSegment(0);
}

void LogStoreImpl::StartFrom(RecoveredLog recovered) {
  segments_.assign(recovered.segments.begin(), recovered.segments.end());
  index_ = std::move(recovered.index);
  hard_state_ = recovered.hard_state;
  next_sequence_ = recovered.next_sequence;
  durable_ = next_sequence_ - 1;
  if (segments_.size() > 1) unmarked_ = segments_[segments_.size() - 2];
}

Result<uint64_t> LogStoreImpl::Term(uint64_t index) const {
  MutexLock lock(mutex_);
  if (index == index_.base_index()) return index_.base_term();
  if (const EntryPlace* place = index_.Find(index)) return place->record.term;
  return Fail(ErrorCode::kNotFound, fmt::format("the log has no entry {}", index));
}

Result<EntryPlace> LogStoreImpl::Find(uint64_t index, std::shared_ptr<LogSegment>* segment) const {
  MutexLock lock(mutex_);
  const EntryPlace* place = index_.Find(index);
  if (!place) return Fail(ErrorCode::kNotFound, fmt::format("the log has no entry {}", index));
  *segment = segments_[place->segment - segments_.front()->header.number];
  return *place;
}

Result<LogEntry> LogStoreImpl::Read(uint64_t index) const {
  // Holding the segment keeps its file from being recycled meanwhile.
  std::shared_ptr<LogSegment> segment;
  auto place = Find(index, &segment);
  if (!place) return Fail(place.error());
  std::string data(place->record.length, '\0');
  if (Status s = ReadFully(*segment->file, segment->path, place->offset, data); !s.ok())
    return Fail(s);
  if (DataChecksum(data, segment->header.salt) != place->record.checksum)
    return Fail(CorruptFile(segment->path, place->offset,
                            fmt::format("entry {} of the log is damaged", index)));
  return LogEntry{index, place->record.term, place->record.kind, MakePayload(std::move(data))};
}

Status LogStoreImpl::WriteInto(LogSegment& segment, const GroupHead& head,
                               std::span<const LogEntry> entries, uint64_t offset,
                               Durability durability) {
  const std::string encoded = EncodeGroupHead(head);
  std::vector<std::string_view> pieces;
  pieces.reserve(entries.size() + 2);
  pieces.push_back(encoded);
  for (const LogEntry& entry : entries)
    if (!DataOf(entry).empty()) pieces.push_back(DataOf(entry));
  // Whole blocks, so that the system need not read what is in the file to complete them.
  const uint64_t padding = head.StoredSize() - head.HeadSize() - head.data_length;
  pieces.push_back(std::string_view(kZeroBlock).substr(0, padding));
  return segment.file->WriteAt(offset, pieces, durability);
}

Status LogStoreImpl::Write(GroupHead head, std::span<const LogEntry> entries) {
  if (!poisoned_.ok()) return poisoned_;
  if (unmarked_) {
    if (Status s = MarkContinued(); !s.ok()) return s;
  }
  const uint64_t size = StoredSizeOf(entries);
  if (size > segments_.back()->Room()) {
    if (Status s = StartSegment(size); !s.ok()) return s;
  }
  LogSegment& segment = *segments_.back();
  head.salt = segment.header.salt;
  head.sequence = next_sequence_;
  head.durable = durable_;
  AddEntries(entries, &head);
  Status s = WriteInto(segment, head, entries, segment.end,
                       options_.durable ? Durability::kDurable : Durability::kBuffered);
  if (s.code() == ErrorCode::kDiskFull) return s;
  if (!s.ok()) return Poison(s);
  if (options_.durable) durable_ = next_sequence_;
  ++next_sequence_;
  Publish(head, entries);
  return Status::Ok();
}

// Makes a written group visible to readers.
void LogStoreImpl::Publish(const GroupHead& head, std::span<const LogEntry> entries) {
  MutexLock lock(mutex_);
  LogSegment& segment = *segments_.back();
  hard_state_ = head.hard_state;
  if (head.flags & kReset) {
    index_.Reset(head.first_index, head.reset_term);
    for (const auto& s : segments_) s->max_index = std::min(s->max_index, head.first_index);
  }
  uint64_t offset = segment.end + head.HeadSize();
  for (size_t i = 0; i < entries.size(); ++i) {
    index_.Put(entries[i].index, {head.entries[i], segment.header.number, offset}, entries[i].data);
    offset += head.entries[i].length;
  }
  if (!entries.empty()) segment.max_index = std::max(segment.max_index, entries.back().index);
  segment.end += head.StoredSize();
}

Status LogStoreImpl::StartSegment(uint64_t bytes) {
  // The next segment's header will say that all before it is on disk.
  if (Status s = Sync(); !s.ok()) return s;
  auto spare = spares_.Take(LogSegment::SizeFor(bytes));
  if (!spare && spare.error().code() == ErrorCode::kDiskFull) return spare.error();
  if (!spare) return Poison(spare.error());
  return InstallSegment(std::move(*spare));
}

// Up to the rename nothing has happened that a crash or a full disk would have to undo; from then
// on the new segment is the current one, whether or not the old one has got its mark.
Status LogStoreImpl::InstallSegment(LogSpares::Spare spare) {
  auto segment = std::make_shared<LogSegment>();
  const uint64_t number = segments_.empty() ? 1 : segments_.back()->header.number + 1;
  const uint64_t salt = Random(seed_ ^ (number << 32) ^ next_sequence_).Next();
  segment->path = directory_ + "/" + SegmentName(number);
  segment->header = {number,         spare.size,          salt,
                     next_sequence_, index_.last_index(), index_.last_term(),
                     hard_state_};
  segment->max_index = index_.last_index();
  Status s = WriteAt(*spare.file, 0, EncodeSegmentHeader(segment->header), Durability::kDurable);
  if (s.ok()) s = disk_.Rename(spare.path, segment->path);
  if (s.code() == ErrorCode::kDiskFull) {
    spares_.Return(std::move(spare));
    return s;
  }
  if (s.ok()) s = disk_.SyncDirectory(directory_);
  if (!s.ok()) return Poison(s);
  segment->file = std::move(spare.file);
  if (!segments_.empty()) unmarked_ = segments_.back();
  {
    MutexLock lock(mutex_);
    segments_.push_back(std::move(segment));
  }
  return unmarked_ ? MarkContinued() : Status::Ok();
}

Status LogStoreImpl::MarkContinued() {
  const SegmentHeader& next = segments_.back()->header;
  GroupHead head;
  head.flags = kContinued;
  head.salt = unmarked_->header.salt;
  head.sequence = next.first_sequence;
  head.durable = next.first_sequence - 1;
  head.hard_state = next.hard_state;
  Status s = WriteInto(*unmarked_, head, {}, unmarked_->end, Durability::kDurable);
  if (s.code() == ErrorCode::kDiskFull) return s;
  if (!s.ok()) return Poison(s);
  unmarked_.reset();
  return s;
}

Status LogStoreImpl::Append(const WriteGroup& group) {
  for (size_t i = 0; i < group.entries.size(); ++i)
    MYDIS_ASSERT(group.entries[i].index == group.entries[0].index + i, "entries in order");
  if (!group.entries.empty())
    MYDIS_ASSERT(group.entries[0].index > index_.base_index() &&
                     group.entries[0].index <= index_.last_index() + 1,
                 "entries must follow those that the log has, or replace some of them");
  GroupHead head;
  head.hard_state = group.hard_state.value_or(hard_state_);
  const uint64_t last = group.entries.empty() ? index_.last_index() : group.entries.back().index;
  head.hard_state.commit = std::min(head.hard_state.commit, last);
  return Write(std::move(head), group.entries);
}

Status LogStoreImpl::Reset(uint64_t index, uint64_t term, const HardState& hard_state) {
  GroupHead head;
  head.flags = kReset;
  head.first_index = index;
  head.reset_term = term;
  head.hard_state = hard_state;
  head.hard_state.commit = std::min(hard_state.commit, index);
  return Write(std::move(head), {});
}

Status LogStoreImpl::Compact(uint64_t through) {
  if (!poisoned_.ok()) return poisoned_;
  MYDIS_ASSERT(through <= index_.last_index(), "compaction beyond the end of the log");
  {
    MutexLock lock(mutex_);
    if (through > index_.base_index()) index_.Compact(through);
  }
  while (segments_.size() > 1 && segments_.front()->max_index <= index_.base_index())
    if (Status s = RecycleOldest(); !s.ok()) return s;
  return Status::Ok();
}

// One at a time, each synced: after a crash those that are left still follow one another.
Status LogStoreImpl::RecycleOldest() {
  std::shared_ptr<LogSegment> segment;
  bool unread;
  {
    MutexLock lock(mutex_);
    segment = std::move(segments_.front());
    segments_.pop_front();
    if (unmarked_ == segment) unmarked_.reset();
    unread = segment.use_count() == 1;
  }
  Status s = spares_.Retire(segment->path, segment->header.size, unread);
  if (s.ok()) s = disk_.SyncDirectory(directory_);
  return s.ok() ? s : Poison(s);
}

LogUsage LogStoreImpl::Usage() const {
  LogUsage usage;
  usage.spares = spares_.count();
  MutexLock lock(mutex_);
  usage.segments = segments_.size();
  for (const auto& segment : segments_) usage.segment_bytes += segment->header.size;
  usage.room =
      segments_.back()->Room() + usage.spares * (options_.segment_size - LogSegment::SizeFor(0));
  return usage;
}

Status LogStoreImpl::Sync() {
  if (!poisoned_.ok()) return poisoned_;
  if (durable_ + 1 == next_sequence_) return Status::Ok();
  if (Status s = segments_.back()->file->Sync(); !s.ok()) return Poison(s);
  durable_ = next_sequence_ - 1;
  return Status::Ok();
}

Status LogStoreImpl::Settle() {
  if (Status s = Sync(); !s.ok()) return s;
  const bool active = std::exchange(settling_, next_sequence_) != next_sequence_;
  // A new segment is not worth it; its header would prove the same as soon as it is needed.
  if (active || settled_ == next_sequence_ || segments_.back()->Room() < kDiskBlock)
    return Status::Ok();
  if (Status s = Append({}); !s.ok()) return s.code() == ErrorCode::kDiskFull ? Status::Ok() : s;
  settling_ = settled_ = next_sequence_;
  return Status::Ok();
}

Status LogStoreImpl::Close() {
  if (Status s = Sync(); !s.ok()) return s;
  GroupHead head;
  head.flags = kClosed;
  head.hard_state = hard_state_;
  if (Status s = Write(std::move(head), {}); !s.ok()) return s;
  if (Status s = Sync(); !s.ok()) return s;
  poisoned_ = Status(ErrorCode::kInternal, "the log has been closed");
  return Status::Ok();
}

}  // namespace

Result<std::unique_ptr<LogStore>> LogStore::Create(Disk& disk, const std::string& directory,
                                                   const LogOptions& options, uint64_t base_index,
                                                   uint64_t base_term) {
  if (Status s = disk.CreateDirectory(directory); !s.ok()) return Fail(s);
  auto names = disk.List(directory);
  if (!names) return Fail(names.error());
  for (const std::string& name : *names)
    if (ParseSegmentName(name))
      return Fail(ErrorCode::kExists, fmt::format("{}: there is a log already", directory));
  auto store = std::make_unique<LogStoreImpl>(disk, directory, options);
  if (Status s = store->OpenSpares(*names); !s.ok()) return Fail(s);
  if (Status s = store->StartEmpty(base_index, base_term); !s.ok()) return Fail(s);
  return store;
}

Result<std::unique_ptr<LogStore>> LogStore::Open(Disk& disk, const std::string& directory,
                                                 const LogOptions& options) {
  auto names = disk.List(directory);
  if (!names && names.error().code() == ErrorCode::kNotFound) names = std::vector<std::string>();
  if (!names) return Fail(names.error());
  auto recovered = RecoverLog(disk, directory, *names);
  if (!recovered) return Fail(recovered.error());
  auto store = std::make_unique<LogStoreImpl>(disk, directory, options);
  if (Status s = store->OpenSpares(*names); !s.ok()) return Fail(s);
  store->StartFrom(std::move(*recovered));
  return store;
}

}  // namespace mydis
