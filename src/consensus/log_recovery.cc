#include "consensus/log_recovery.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "base/log.h"
#include "consensus/log_group_reader.h"
#include "consensus/storage_error.h"

namespace mydis {
namespace {

constexpr uint64_t kUnknownTerm = 0;

// One recovery, from the list of names to the log that may be written on.
class Recovery {
 public:
  Recovery(Disk& disk, const std::string& directory) : disk_(disk), directory_(directory) {}

  Status Run(const std::vector<std::string>& names) {
    if (Status s = OpenSegments(names); !s.ok()) return s;
    for (size_t i = 0; i < log_.segments.size(); ++i)
      if (Status s = ReplaySegment(i); !s.ok()) return s;
    if (Status s = CheckTail(); !s.ok()) return s;
    if (log_.index.base_index() > 0 && log_.index.base_term() == kUnknownTerm &&
        log_.index.last_index() > log_.index.base_index())
      log_.index.Compact(log_.index.base_index() + 1);
    return Repair();
  }

  RecoveredLog Take() { return std::move(log_); }

 private:
  LogSegment& active() { return *log_.segments.back(); }

  Status OpenSegments(const std::vector<std::string>& names) {
    std::vector<uint64_t> numbers;
    for (const std::string& name : names)
      if (auto number = ParseSegmentName(name)) numbers.push_back(*number);
    std::sort(numbers.begin(), numbers.end());
    if (numbers.empty())
      return Status(ErrorCode::kNotFound,
                    fmt::format("{}: the log has no segment file; {}", directory_, kCorruptHint));
    for (size_t i = 0; i < numbers.size(); ++i) {
      if (i > 0 && numbers[i] != numbers[i - 1] + 1) return MissingSegment(numbers[i - 1] + 1);
      auto segment = OpenSegment(disk_, directory_, numbers[i]);
      if (!segment) return segment.error();
      log_.segments.push_back(std::move(*segment));
    }
    const SegmentHeader& first = log_.segments.front()->header;
    log_.index.Reset(first.base_index, first.base_term);
    log_.hard_state = first.hard_state;
    log_.next_sequence = first.first_sequence;
    durable_ = first.first_sequence - 1;
    return Status::Ok();
  }

  Status MissingSegment(uint64_t number) const {
    return CorruptFile(directory_ + "/" + SegmentName(number), 0,
                       "this segment of the log is missing");
  }

  Status ReplaySegment(size_t i) {
    LogSegment& segment = *log_.segments[i];
    const SegmentHeader* next =
        i + 1 < log_.segments.size() ? &log_.segments[i + 1]->header : nullptr;
    if (Status s = CheckJoint(segment); !s.ok()) return s;
    durable_ = std::max(durable_, segment.header.first_sequence - 1);
    places_.clear();
    GroupReader reader(segment);
    // Behind the next segment's first sequence there may be an attempt that did not fit after all.
    while (!next || log_.next_sequence < next->first_sequence) {
      auto group = reader.ReadGroup(segment.end);
      if (!group) return group.error();
      if (!*group || (*group)->head.sequence != log_.next_sequence) {
        if (next) return CorruptFile(segment.path, segment.end, "this part of the log is damaged");
        break;
      }
      if ((*group)->head.flags & kContinued) return MissingSegment(segment.header.number + 1);
      if (Status s = ReplayGroup(**group, &segment); !s.ok()) return s;
    }
    return Status::Ok();
  }

  // A segment must begin where the one before ended.
  Status CheckJoint(const LogSegment& segment) const {
    const SegmentHeader& header = segment.header;
    if (header.first_sequence == log_.next_sequence &&
        header.base_index == log_.index.last_index() &&
        header.base_term == log_.index.last_term() && header.hard_state == log_.hard_state)
      return Status::Ok();
    return CorruptFile(
        segment.path, 48,
        fmt::format("the segment begins after group {}, index {}, term {}, but the one "
                    "before ends with group {}, index {}, term {}",
                    header.first_sequence - 1, header.base_index, header.base_term,
                    log_.next_sequence - 1, log_.index.last_index(), log_.index.last_term()));
  }

  Status ReplayGroup(const StoredGroup& group, LogSegment* segment) {
    const GroupHead& head = group.head;
    log_.hard_state = head.hard_state;
    durable_ = std::max(durable_, head.durable);
    if (head.flags & kReset) {
      log_.index.Reset(head.first_index, head.reset_term);
      for (const auto& s : log_.segments) s->max_index = std::min(s->max_index, head.first_index);
    }
    if (!head.entries.empty()) {
      if (head.first_index == 0 || head.first_index > log_.index.last_index() + 1)
        return CorruptFile(segment->path, segment->end,
                           fmt::format("the entries of this group begin with index {}, but the log "
                                       "ends at {}",
                                       head.first_index, log_.index.last_index()));
      ReplayEntries(group, *segment);
      segment->max_index = std::max(segment->max_index, head.first_index + head.entries.size() - 1);
    }
    places_.push_back({segment->end, head.sequence});
    segment->end += head.StoredSize();
    ++log_.next_sequence;
    return Status::Ok();
  }

  void ReplayEntries(const StoredGroup& group, const LogSegment& segment) {
    uint64_t index = group.head.first_index;
    // These replace some that went with a recycled segment. Compaction has gone beyond them, so
    // that nobody will miss the term of the entry before.
    if (index <= log_.index.base_index()) log_.index.Reset(index - 1, kUnknownTerm);
    uint64_t in_data = 0;
    for (const EntryRecord& record : group.head.entries) {
      const uint64_t offset = segment.end + group.head.HeadSize() + in_data;
      Payload data;
      if (record.kind == EntryKind::kConfChange)
        data = MakePayload(group.data.substr(in_data, record.length));
      log_.index.Put(index++, {record, segment.header.number, offset}, data);
      in_data += record.length;
    }
  }

  // Looks behind the end for proof that there was more.
  Status CheckTail() {
    LogSegment& segment = active();
    GroupReader reader(segment);
    uint64_t offset = segment.end;
    while (true) {
      auto claim = reader.FindClaim(offset);
      if (!claim) return claim.error();
      if (!*claim) return Status::Ok();
      auto head = reader.ReadHead(**claim);
      if (!head) return head.error();
      if (*head && ((*head)->durable >= log_.next_sequence || ((*head)->flags & kContinued)))
        return CorruptFile(
            segment.path, segment.end,
            fmt::format("this part of the log is damaged (a later part, at byte {}, is "
                        "there and proves that it was written)",
                        **claim));
      torn_.push_back(**claim);
      offset = **claim + kDiskBlock;
    }
  }

  Status Repair() {
    LogSegment& segment = active();
    if (!torn_.empty())
      LogWarning(
          "{}: byte {}: dropped a write that was not completed before the last stop; nothing "
          "that was acknowledged is lost",
          segment.path, segment.end);
    for (uint64_t offset : torn_)
      if (Status s =
              WriteAt(*segment.file, offset, std::string(kDiskBlock, '\0'), Durability::kDurable);
          !s.ok())
        return s;
    if (Status s = WriteUnprovenAgain(); !s.ok()) return s;
    return disk_.SyncDirectory(directory_);
  }

  Status WriteUnprovenAgain() {
    LogSegment& segment = active();
    const auto unproven = std::find_if(places_.begin(), places_.end(), [&](const Place& place) {
      return place.sequence > durable_;
    });
    if (unproven == places_.end()) return Status::Ok();
    std::string bytes;
    for (uint64_t offset = unproven->offset; offset < segment.end; offset += bytes.size()) {
      bytes.resize(std::min<uint64_t>(1 << 20, segment.end - offset));
      if (Status s = ReadFully(*segment.file, segment.path, offset, bytes); !s.ok()) return s;
      if (Status s = WriteAt(*segment.file, offset, bytes, Durability::kDurable); !s.ok()) return s;
    }
    return Status::Ok();
  }

  struct Place {
    uint64_t offset;
    uint64_t sequence;
  };

  Disk& disk_;
  const std::string& directory_;
  RecoveredLog log_;
  uint64_t durable_ = 0;        // Groups up to here are proven to be on disk.
  std::vector<Place> places_;   // Of the last segment's groups.
  std::vector<uint64_t> torn_;  // Blocks behind the end that look like groups.
};

}  // namespace

Result<RecoveredLog> RecoverLog(Disk& disk, const std::string& directory,
                                const std::vector<std::string>& names) {
  Recovery recovery(disk, directory);
  if (Status s = recovery.Run(names); !s.ok()) return Fail(s);
  return recovery.Take();
}

}  // namespace mydis
