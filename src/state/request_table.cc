#include "state/request_table.h"

#include <utility>

#include "base/assert.h"

namespace mydis {
namespace {

// What a record takes besides its bytes: itself, two allocations, its place in the index.
constexpr uint64_t kRecordCost = 176;

}  // namespace

uint64_t RequestTable::CostOf(const Record& record) {
  return kRecordCost + record.key.size() + record.reply.size();
}

const RememberedReply* RequestTable::Find(const RequestTag& tag) const {
  if (size() == 0) return nullptr;
  const RequesterId requester{tag.user, tag.id};
  if (tag.number != 0) return writers_.Find(requester, tag.number);
  const auto found = index_.find(requester.Key());
  return found == index_.end() ? nullptr : found->second;
}

void RequestTable::Add(const RequestTag& tag, std::string reply, uint64_t time_ms,
                       uint64_t revision) {
  RememberedReply remembered{.reply = std::move(reply), .words = tag.words, .revision = revision};
  const RequesterId requester{tag.user, tag.id};
  if (tag.number != 0) {
    writers_.Add(requester, tag.number, tag.oldest, std::move(remembered), time_ms);
    return;
  }
  Record record{{std::move(remembered)}, requester.Key(), time_ms};
  MYDIS_ASSERT(Push(std::move(record)), "a request is remembered once, and in the order of time");
}

bool RequestTable::Push(Record record) {
  if (!records_.empty() && records_.back().time_ms > record.time_ms) return false;
  const Record& kept = records_.emplace_back(std::move(record));
  if (!index_.emplace(kept.key, &kept).second) {
    records_.pop_back();
    return false;
  }
  bytes_ += CostOf(kept);
  return true;
}

void RequestTable::Drop(uint64_t time_ms, size_t most) {
  for (; most > 0 && !records_.empty() && records_.front().time_ms <= time_ms; --most) {
    const Record& oldest = records_.front();
    bytes_ -= CostOf(oldest);
    index_.erase(oldest.key);
    records_.pop_front();
  }
}

void RequestTable::Save(Encoder& out) const {
  out.Varint(records_.size());
  for (const Record& record : records_) {
    out.Bytes(record.key);
    out.U64(record.words);
    out.U64(record.time_ms);
    out.U64(record.revision);
    out.Bytes(record.reply);
  }
  writers_.Save(out);
}

bool RequestTable::Load(Decoder& in) {
  index_.clear();
  records_.clear();
  bytes_ = 0;
  for (uint64_t n = in.Varint(); n > 0 && in.ok(); --n) {
    Record record;
    record.key = in.Bytes();
    record.words = in.U64();
    record.time_ms = in.U64();
    record.revision = in.U64();
    record.reply = in.Bytes();
    if (!in.ok() || !Push(std::move(record))) return false;
  }
  return in.ok() && writers_.Load(in);
}

void RequestTable::CheckInvariants() const {
  MYDIS_ASSERT(index_.size() == records_.size(), "every record is found");
  uint64_t bytes = 0;
  uint64_t time_ms = 0;
  for (const Record& record : records_) {
    MYDIS_ASSERT(record.time_ms >= time_ms, "records stand in the order of their times");
    time_ms = record.time_ms;
    const auto found = index_.find(record.key);
    MYDIS_ASSERT(found != index_.end() && found->second == &record, "a record is found by its key");
    bytes += CostOf(record);
  }
  MYDIS_ASSERT(bytes == bytes_, "the table knows what it counts for");
  writers_.CheckInvariants();
}

}  // namespace mydis
