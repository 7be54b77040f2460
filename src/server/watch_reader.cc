#include "server/watch_reader.h"

#include <algorithm>

#include "base/glob.h"
#include "commands/keys.h"
#include "protocol/resp_writer.h"

namespace mydis {
namespace {

// What one watch reads, or sends, before others have their turn.
constexpr size_t kRecordsAtOnce = 8192;
constexpr size_t kOutputAtOnce = 256 << 10;
// Longer ones the client has to read itself.
constexpr size_t kMaxValueBytes = 1 << 20;

std::string_view WordOf(HistoryRecord::Kind kind) {
  constexpr std::string_view kWords[] = {"put",   "delete", "expire", "evict",
                                         "flush", "swap",   "message"};
  return kWords[static_cast<size_t>(kind)];
}

}  // namespace

bool WatchReader::Concerns(const HistoryRecord& record) const {
  switch (watch_.kind) {
    case Watch::Kind::kChannel:
      return record.name == watch_.name;
    case Watch::Kind::kPattern:
      return GlobMatches(watch_.name, record.name);
    case Watch::Kind::kKeys:
      break;
  }
  if (record.db != watch_.db && record.db != HistoryRecord::kAllDatabases) return false;
  return record.whole() || (record.name.starts_with(watch_.name) && may_tell_(record.name));
}

void WatchReader::WriteValue(std::string_view key) {
  RespWriter out(out_, 3);
  const Entry* entry = state_.keyspace.FindHashed(watch_.db, key, state_.keyspace.HashOf(key));
  Entry::Scratch scratch;
  if (entry != nullptr && entry->is_string() && entry->string_size() <= kMaxValueBytes) {
    out.Bulk(entry->string(scratch));
  } else {
    out.Null();
  }
  if (entry != nullptr) {
    out.Integer(static_cast<int64_t>(entry->revision()));
  } else {
    out.Null();
  }
}

void WatchReader::Tell(bool last) {
  const HistoryRecord record = *std::exchange(found_, std::nullopt);
  const bool message = record.kind == HistoryRecord::Kind::kMessage;
  const bool values = watch_.values && !message;
  RespWriter out(out_, 3);
  out.PushHeader(message ? 6 : values ? 9 : 7);
  out.Bulk(message ? "watch-message" : "watch-change");
  out.Integer(static_cast<int64_t>(watch_.number));
  out.Integer(static_cast<int64_t>(record.revision));
  out.Bool(last);
  if (message) {
    out.Bulk(record.name);
    out.Bulk(record.text);
  } else {
    out.Bulk(WordOf(record.kind));
    record.whole() ? out.Null() : out.Bulk(record.name);
    record.kind == HistoryRecord::Kind::kPut ? out.Bulk(TypeName(record.type)) : out.Null();
  }
  if (values) {
    if (record.whole()) {
      out.Null();
      out.Null();
    } else {
      WriteValue(record.name);
    }
  }
  watch_.part_of = last ? 0 : record.revision;
  if (!last) return;
  watch_.told = record.revision;
  watch_.told_ms = now_ms_;
  watch_.silent_bytes = 0;
}

void WatchReader::TellComplete() {
  if (watch_.complete <= watch_.told) return;
  watch_.told = watch_.complete;
  watch_.told_ms = now_ms_;
  watch_.silent_bytes = 0;
  if (watch_.part_of <= watch_.told) watch_.part_of = 0;
  RespWriter out(out_, 3);
  out.PushHeader(3);
  out.Bulk("watch-revision");
  out.Integer(static_cast<int64_t>(watch_.number));
  out.Integer(static_cast<int64_t>(watch_.told));
}

void WatchReader::WriteGone() {
  const uint64_t oldest = history_.recording() ? history_.oldest() : state_.revision;
  RespWriter out(out_, 3);
  out.PushHeader(4);
  out.Bulk("watch-gone");
  out.Integer(static_cast<int64_t>(watch_.number));
  out.Integer(static_cast<int64_t>(oldest));
  out.Integer(static_cast<int64_t>(state_.revision));
}

void WatchReader::EndRevisions(uint64_t revision) {
  watch_.complete = std::max(watch_.complete, revision);
  if (found_ && found_->revision <= revision) {
    Tell(true);
  } else if (watch_.part_of != 0 && watch_.part_of <= revision) {
    // The rest of it was of no concern.
    TellComplete();
  }
}

WatchReader::Result WatchReader::Run() {
  if (!history_.IsKept(watch_.place)) {
    WriteGone();
    return Result::kGone;
  }
  const size_t output_before = out_.size();
  Result result = Result::kMore;
  for (size_t n = 0; n < kRecordsAtOnce; ++n) {
    HistoryRecord record;
    ChangeHistory::Place next = watch_.place;
    if (!history_.Read(&next, &record)) {
      EndRevisions(state_.revision);
      result = Result::kCaughtUp;
      break;
    }
    EndRevisions(record.revision - 1);
    // Rather between two revisions than inside of one.
    const size_t output = out_.size() - output_before;
    if (output >= kOutputAtOnce && (!found_ || output >= 2 * kOutputAtOnce)) break;
    watch_.place = next;
    watch_.silent_bytes += record.name.size() + record.text.size() + sizeof(HistoryRecord);
    if (!Concerns(record)) continue;
    if (found_) Tell(false);
    found_ = record;
  }
  if (found_) Tell(false);
  if (watch_.silent_bytes > SilentLimit(state_)) TellComplete();
  return result;
}

}  // namespace mydis
