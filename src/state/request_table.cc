#include "state/request_table.h"

#include "base/assert.h"

namespace mydis {
namespace {

// What a record takes besides its key and its reply: its numbers, and its place in the index.
constexpr uint64_t kRecordCost = 72;
// What is kept for the next record's bytes: one was large, the others are not.
constexpr size_t kMostScratch = 64 << 10;

}  // namespace

uint64_t RequestTable::CostOf(const Record& record) {
  return kRecordCost + record.key.size() + record.reply.size();
}

RequestTable::Record RequestTable::Read(Decoder& in) {
  Record record;
  record.key = in.Bytes();
  record.words = in.U64();
  record.time_ms = in.U64();
  record.revision = in.U64();
  record.reply = in.Bytes();
  return record;
}

std::optional<RememberedReply> RequestTable::Find(const RequestTag& tag) const {
  if (size() == 0) return std::nullopt;
  const RequesterId requester{tag.user, tag.id};
  if (tag.number != 0) return writers_.Find(requester, tag.number);
  const std::string key = requester.Key();
  const Index& index = IndexOf(key);
  const auto found = index.find(key);
  if (found == index.end()) return std::nullopt;
  Decoder in({found->first.data() + found->first.size(), found->second});
  RememberedReply known;
  known.words = in.U64();
  in.U64();  // Its time.
  known.revision = in.U64();
  known.reply = in.Bytes();
  return known;
}

void RequestTable::Add(const RequestTag& tag, std::string_view reply, uint64_t time_ms,
                       uint64_t revision) {
  const RememberedReply remembered{.reply = reply, .words = tag.words, .revision = revision};
  const RequesterId requester{tag.user, tag.id};
  if (tag.number != 0) return writers_.Add(requester, tag.number, tag.oldest, remembered, time_ms);
  const std::string key = requester.Key();
  MYDIS_ASSERT(Push({remembered, key, time_ms}),
               "a request is remembered once, and in the order of time");
}

bool RequestTable::Push(const Record& record) {
  if (newest_ms_ > record.time_ms || IndexOf(record.key).contains(record.key)) return false;
  scratch_.clear();
  Encoder out(scratch_);
  out.Bytes(record.key);
  const size_t behind_key = scratch_.size();
  out.U64(record.words);
  out.U64(record.time_ms);
  out.U64(record.revision);
  out.Bytes(record.reply);
  const std::string_view kept = records_.Append(scratch_);
  if (scratch_.capacity() > kMostScratch) scratch_ = {};
  const std::string_view key = kept.substr(behind_key - record.key.size(), record.key.size());
  IndexOf(key).emplace(key, kept.size() - behind_key);
  ++count_;
  oldest_ms_ = std::min(oldest_ms_, record.time_ms);
  newest_ms_ = record.time_ms;
  bytes_ += CostOf(record);
  return true;
}

void RequestTable::Drop(uint64_t time_ms, size_t most) {
  for (; most > 0 && oldest_ms_ <= time_ms; --most) {
    const std::string_view front = records_.Front();
    Decoder in(front);
    const Record oldest = Read(in);
    bytes_ -= CostOf(oldest);
    IndexOf(oldest.key).erase(oldest.key);
    records_.DropFront(front.size() - in.remaining());
    --count_;
    if (records_.empty()) {
      oldest_ms_ = UINT64_MAX;
      newest_ms_ = 0;
    } else {
      Decoder next(records_.Front());
      oldest_ms_ = Read(next).time_ms;
    }
  }
}

void RequestTable::Clear() {
  for (Index& index : index_) index.clear();
  records_.Clear();
  count_ = 0;
  oldest_ms_ = UINT64_MAX;
  newest_ms_ = 0;
  bytes_ = 0;
}

void RequestTable::Share(std::vector<SharedBytes>& out) const {
  std::string small;
  Encoder(small).Varint(count_);
  out.push_back(ShareCopy(small));
  records_.Share(out);
  small.clear();
  Encoder encoder(small);
  writers_.Save(encoder);
  out.push_back(ShareCopy(small));
}

void RequestTable::Save(Encoder& out) const {
  std::vector<SharedBytes> all;
  Share(all);
  for (const SharedBytes& part : all) out.Raw(part.bytes);
}

bool RequestTable::Load(Decoder& in) {
  Clear();
  for (uint64_t n = in.Varint(); n > 0 && in.ok(); --n) {
    const Record record = Read(in);
    if (!in.ok() || !Push(record)) return false;
  }
  return in.ok() && writers_.Load(in);
}

void RequestTable::CheckInvariants() const {
  std::string all;
  Encoder out(all);
  Save(out);
  Decoder in(all);
  const uint64_t count = in.Varint();
  uint64_t bytes = 0;
  uint64_t time_ms = 0;
  size_t indexed = 0;
  for (const Index& index : index_) indexed += index.size();
  MYDIS_ASSERT(count == count_ && indexed == count_, "every record is found");
  for (uint64_t i = 0; i < count; ++i) {
    const Record record = Read(in);
    MYDIS_ASSERT(in.ok() && record.time_ms >= time_ms, "records stand in the order of their times");
    MYDIS_ASSERT(i > 0 || record.time_ms == oldest_ms_, "the table knows the oldest");
    time_ms = record.time_ms;
    bytes += CostOf(record);
    const Index& index = IndexOf(record.key);
    MYDIS_ASSERT(index.contains(record.key), "a record is found by its key");
  }
  MYDIS_ASSERT(bytes == bytes_ && time_ms == newest_ms_, "the table knows what it counts for");
  writers_.CheckInvariants();
}

}  // namespace mydis
