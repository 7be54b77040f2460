#include "state/writer_table.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/assert.h"

namespace mydis {
namespace {

// What a client takes besides its key and replies, and a reply besides its bytes.
constexpr uint64_t kWriterCost = 768;
constexpr uint64_t kReplyCost = 72;

}  // namespace

std::string RequesterId::Key() const {
  std::string key;
  Encoder encoder(key);
  encoder.Bytes(user);
  encoder.Raw(id);
  return key;
}

bool RequesterId::HasKey(std::string_view key) const {
  // The length of a name that is so short is one byte.
  if (user.size() > 0x7f) return key == Key();
  return key.size() == 1 + user.size() + id.size() && static_cast<size_t>(key[0]) == user.size() &&
         key.ends_with(id) && key.substr(1).starts_with(user);
}

uint64_t WriterTable::CostOf(const Numbered& numbered) {
  return kReplyCost + numbered.reply.size();
}

uint64_t WriterTable::CostOf(const Writer& writer) { return kWriterCost + writer.key.size(); }

const WriterTable::Writer* WriterTable::Known(const RequesterId& requester) const {
  // Who wrote last stands there, and often writes next.
  if (!writers_.empty() && requester.HasKey(writers_.back().key)) return &writers_.back();
  const auto found = index_.find(requester.Key());
  return found == index_.end() ? nullptr : &*found->second;
}

std::optional<RememberedReply> WriterTable::Find(const RequesterId& requester,
                                                 uint64_t number) const {
  const Writer* known = Known(requester);
  if (known == nullptr) return std::nullopt;
  const Writer& writer = *known;
  if (number < writer.oldest) return RememberedReply{.forgotten = true};
  if (writer.replies.empty() || writer.replies.back().number < number) [[likely]]
    return std::nullopt;
  const auto place = std::ranges::lower_bound(writer.replies, number, {}, &Numbered::number);
  if (place->number != number) return std::nullopt;
  return RememberedReply{place->reply, place->words, place->revision};
}

WriterTable::Place WriterTable::WriterOf(std::string key) {
  const auto found = index_.find(key);
  if (found != index_.end()) {
    writers_.splice(writers_.end(), writers_, found->second);
    return found->second;
  }
  const Place made = writers_.insert(writers_.end(), Writer{.key = std::move(key)});
  index_.emplace(made->key, made);
  bytes_ += CostOf(*made);
  return made;
}

bool WriterTable::Insert(Writer& writer, Numbered numbered) {
  std::deque<Numbered>& replies = writer.replies;
  if (replies.empty() || replies.back().number < numbered.number) [[likely]] {
    bytes_ += CostOf(numbered);
    replies.push_back(std::move(numbered));
    return true;
  }
  const auto place = std::ranges::lower_bound(replies, numbered.number, {}, &Numbered::number);
  if (place->number == numbered.number) return false;
  bytes_ += CostOf(numbered);
  replies.insert(place, std::move(numbered));
  return true;
}

void WriterTable::Add(const RequesterId& requester, uint64_t number, uint64_t oldest,
                      const RememberedReply& reply, uint64_t time_ms) {
  const bool is_last = !writers_.empty() && requester.HasKey(writers_.back().key);
  Writer& writer = is_last ? writers_.back() : *WriterOf(requester.Key());
  MYDIS_ASSERT(time_ms >= writer.time_ms, "clients write in the order of time");
  writer.time_ms = time_ms;
  writer.oldest = std::max(writer.oldest, oldest);
  while (!writer.replies.empty() && writer.replies.front().number < writer.oldest) {
    bytes_ -= CostOf(writer.replies.front());
    writer.replies.pop_front();
  }
  MYDIS_ASSERT(Insert(writer, {number, reply.words, reply.revision, std::string(reply.reply)}),
               "a request is remembered once");
}

void WriterTable::DropUntil(uint64_t time_ms, size_t most) {
  for (; most > 0 && OldestMs() <= time_ms; --most) {
    const Writer& writer = writers_.front();
    bytes_ -= CostOf(writer);
    for (const Numbered& numbered : writer.replies) bytes_ -= CostOf(numbered);
    index_.erase(writer.key);
    writers_.pop_front();
  }
}

void WriterTable::Save(Encoder& out) const {
  out.Varint(writers_.size());
  for (const Writer& writer : writers_) {
    out.Bytes(writer.key);
    out.U64(writer.oldest);
    out.U64(writer.time_ms);
    out.Varint(writer.replies.size());
    for (const Numbered& numbered : writer.replies) {
      out.U64(numbered.number);
      out.U64(numbered.words);
      out.U64(numbered.revision);
      out.Bytes(numbered.reply);
    }
  }
}

bool WriterTable::Load(Decoder& in) {
  index_.clear();
  writers_.clear();
  bytes_ = 0;
  for (uint64_t n = in.Varint(); n > 0 && in.ok(); --n) {
    std::string key(in.Bytes());
    if (index_.contains(key)) return false;
    const uint64_t before_ms = writers_.empty() ? 0 : writers_.back().time_ms;
    Writer& writer = *WriterOf(std::move(key));
    writer.oldest = in.U64();
    writer.time_ms = in.U64();
    if (writer.time_ms < before_ms) return false;
    for (uint64_t replies = in.Varint(); replies > 0 && in.ok(); --replies) {
      Numbered numbered;
      numbered.number = in.U64();
      numbered.words = in.U64();
      numbered.revision = in.U64();
      numbered.reply = in.Bytes();
      if (!in.ok() || numbered.number < writer.oldest || !Insert(writer, std::move(numbered)))
        return false;
    }
  }
  return in.ok();
}

void WriterTable::CheckInvariants() const {
  MYDIS_ASSERT(index_.size() == writers_.size(), "every client is found");
  uint64_t bytes = 0;
  uint64_t time_ms = 0;
  for (const Writer& writer : writers_) {
    MYDIS_ASSERT(writer.time_ms >= time_ms, "clients stand in the order of their times");
    time_ms = writer.time_ms;
    bytes += CostOf(writer);
    uint64_t number = 0;
    for (const Numbered& numbered : writer.replies) {
      MYDIS_ASSERT(numbered.number > number && numbered.number >= writer.oldest,
                   "replies stand in the order of their numbers, and none is forgotten");
      number = numbered.number;
      bytes += CostOf(numbered);
    }
  }
  MYDIS_ASSERT(bytes == bytes_, "the table knows what it counts for");
}

}  // namespace mydis
