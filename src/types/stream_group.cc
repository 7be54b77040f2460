#include "types/stream_group.h"

namespace mydis {

StreamGroup::~StreamGroup() { memory_ -= CountMemory(); }

const StreamConsumer* StreamGroup::FindConsumer(std::string_view name) const {
  const auto found = consumers_.find(name);
  return found == consumers_.end() ? nullptr : &found->second;
}

StreamConsumer* StreamGroup::FindConsumer(std::string_view name) {
  const auto found = consumers_.find(name);
  return found == consumers_.end() ? nullptr : &found->second;
}

StreamConsumer& StreamGroup::CreateConsumer(std::string_view name, int64_t now_ms) {
  const auto [place, created] = consumers_.try_emplace(std::string(name));
  MYDIS_ASSERT(created, "there is no consumer of that name");
  place->second.name = place->first;
  place->second.seen_time_ms = now_ms;
  memory_ += kConsumerCost + name.size();
  return place->second;
}

void StreamGroup::DeleteConsumer(const StreamConsumer& consumer) {
  for (auto at = consumer.pending.Begin(); at.valid(); at.Next()) pending_.Erase(at->id);
  memory_ -= kConsumerCost + consumer.name.size() + consumer.pending.size() * kPendingCost;
  consumers_.erase(consumers_.find(consumer.name));
}

void StreamGroup::Deliver(StreamId id, StreamConsumer& consumer, int64_t now_ms) {
  // New entries come after all that were delivered before: no look-up for them.
  StreamPending* pending =
      pending_.empty() || pending_.back().id < id ? nullptr : pending_.Find(id);
  if (pending == nullptr) {
    AddPending(id, consumer, now_ms, 1);
    return;
  }
  Reassign(*pending, consumer);
  pending->delivery_time_ms = now_ms;
  pending->deliveries = 1;
}

StreamPending& StreamGroup::AddPending(StreamId id, StreamConsumer& consumer,
                                       int64_t delivery_time_ms, int64_t deliveries) {
  memory_ += kPendingCost;
  consumer.pending.Insert({id});
  return pending_.Insert({id, &consumer, delivery_time_ms, deliveries});
}

void StreamGroup::Reassign(StreamPending& pending, StreamConsumer& consumer) {
  if (pending.consumer == &consumer) return;
  pending.consumer->pending.Erase(pending.id);
  consumer.pending.Insert({pending.id});
  pending.consumer = &consumer;
}

bool StreamGroup::Acknowledge(StreamId id) {
  const auto found = pending_.LowerBound(id);
  if (!found.valid() || found->id != id) return false;
  found->consumer->pending.Erase(id);
  pending_.Erase(found);
  memory_ -= kPendingCost;
  return true;
}

void StreamGroup::CopyFrom(const StreamGroup& other) {
  last_id = other.last_id;
  entries_read = other.entries_read;
  for (const auto& [name, consumer] : other.consumers_) {
    StreamConsumer& copy = CreateConsumer(name, consumer.seen_time_ms);
    copy.active_time_ms = consumer.active_time_ms;
  }
  for (auto at = other.pending_.Begin(); at.valid(); at.Next())
    AddPending(at->id, *FindConsumer(at->consumer->name), at->delivery_time_ms, at->deliveries);
}

// last ID | entries read | consumers, each { name, seen, active } |
// pending entries, each { ID, position of the consumer, time, deliveries }
void StreamGroup::Save(Encoder& out) const {
  out.U64(last_id.ms);
  out.U64(last_id.seq);
  out.U64(static_cast<uint64_t>(entries_read));
  out.Varint(consumers_.size());
  std::vector<std::string_view> names;
  for (const auto& [name, consumer] : consumers_) {
    names.push_back(name);
    out.Bytes(name);
    out.U64(static_cast<uint64_t>(consumer.seen_time_ms));
    out.U64(static_cast<uint64_t>(consumer.active_time_ms));
  }
  out.Varint(pending_.size());
  for (auto at = pending_.Begin(); at.valid(); at.Next()) {
    out.U64(at->id.ms);
    out.U64(at->id.seq);
    const auto name = std::ranges::lower_bound(names, at->consumer->name);
    out.Varint(static_cast<uint64_t>(name - names.begin()));
    out.U64(static_cast<uint64_t>(at->delivery_time_ms));
    out.U64(static_cast<uint64_t>(at->deliveries));
  }
}

bool StreamGroup::Load(Decoder& in) {
  last_id.ms = in.U64();
  last_id.seq = in.U64();
  entries_read = static_cast<int64_t>(in.U64());
  std::vector<StreamConsumer*> by_position;
  for (uint64_t n = in.Varint(); n > 0 && in.ok(); --n) {
    const std::string_view name = in.Bytes();
    // Strictly ascending.
    if (!by_position.empty() && name <= by_position.back()->name) return false;
    StreamConsumer& consumer = CreateConsumer(name, static_cast<int64_t>(in.U64()));
    consumer.active_time_ms = static_cast<int64_t>(in.U64());
    by_position.push_back(&consumer);
  }
  for (uint64_t n = in.Varint(); n > 0 && in.ok(); --n) {
    StreamId id;
    id.ms = in.U64();
    id.seq = in.U64();
    const uint64_t position = in.Varint();
    const auto time = static_cast<int64_t>(in.U64());
    const auto deliveries = static_cast<int64_t>(in.U64());
    if (!in.ok() || position >= by_position.size()) return false;
    if (!pending_.empty() && id <= pending_.back().id) return false;
    AddPending(id, *by_position[position], time, deliveries);
  }
  return in.ok();
}

size_t StreamGroup::CountMemory() const {
  size_t bytes = pending_.size() * kPendingCost;
  for (const auto& [name, consumer] : consumers_) bytes += kConsumerCost + name.size();
  return bytes;
}

void StreamGroup::CheckInvariants() const {
  pending_.CheckInvariants();
  size_t of_consumers = 0;
  for (const auto& [name, consumer] : consumers_) {
    MYDIS_ASSERT(consumer.name == name, "a consumer knows its name");
    consumer.pending.CheckInvariants();
    of_consumers += consumer.pending.size();
    for (auto at = consumer.pending.Begin(); at.valid(); at.Next()) {
      const StreamPending* pending = pending_.Find(at->id);
      MYDIS_ASSERT(pending != nullptr && pending->consumer == &consumer, "both lists agree");
    }
  }
  MYDIS_ASSERT(of_consumers == pending_.size(), "each pending entry has one consumer");
}

}  // namespace mydis
