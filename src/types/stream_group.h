// Consumer groups of a stream: who got which entry and has not acknowledged it yet.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/codec.h"
#include "types/id_map.h"
#include "types/stream_id.h"

namespace mydis {

// One member of a group. Changed by its group alone, but for the times.
struct StreamConsumer {
  struct Pending {
    StreamId id;
  };

  std::string_view name;  // Kept by the group.
  int64_t seen_time_ms = 0;
  int64_t active_time_ms = -1;  // -1: nothing was ever delivered to it.
  IdMap<Pending> pending;       // What the group's list gives to this consumer.
};

// An entry that was delivered and not acknowledged.
struct StreamPending {
  StreamId id;
  StreamConsumer* consumer;
  int64_t delivery_time_ms;
  int64_t deliveries;
};

// Consumers and groups are kept in the order of their names' bytes, which clients see. Lives inside
// its stream; not thread-safe: the state's lock guards it.
class StreamGroup {
 public:
  using Consumers = std::map<std::string, StreamConsumer, std::less<>>;
  using PendingMap = IdMap<StreamPending>;
  static constexpr int64_t kUnknownEntriesRead = -1;

  // `memory` is the stream's count of bytes, which the group keeps right.
  explicit StreamGroup(size_t& memory) : memory_(memory) {}
  ~StreamGroup();
  StreamGroup(const StreamGroup&) = delete;
  StreamGroup& operator=(const StreamGroup&) = delete;

  // The last entry delivered, and how many of the stream's entries come up to it.
  StreamId last_id;
  int64_t entries_read = kUnknownEntriesRead;

  const PendingMap& pending() const { return pending_; }
  const Consumers& consumers() const { return consumers_; }
  // nullptr if there is no such consumer.
  const StreamConsumer* FindConsumer(std::string_view name) const;
  StreamConsumer* FindConsumer(std::string_view name);
  // REQUIRES: there is no consumer of that name.
  StreamConsumer& CreateConsumer(std::string_view name, int64_t now_ms);
  // With all that is pending for it. REQUIRES: the consumer is of this group.
  void DeleteConsumer(const StreamConsumer& consumer);

  // nullptr if nothing of that ID is pending. The record's times and counts may be changed.
  StreamPending* FindPending(StreamId id) { return pending_.Find(id); }
  // Makes the entry pending for `consumer`, with one delivery now, whoever had it before.
  void Deliver(StreamId id, StreamConsumer& consumer, int64_t now_ms);
  // Adds a pending entry. REQUIRES: nothing of that ID is pending.
  StreamPending& AddPending(StreamId id, StreamConsumer& consumer, int64_t delivery_time_ms,
                            int64_t deliveries);
  // Gives a pending entry to `consumer`, which may have it already.
  void Reassign(StreamPending& pending, StreamConsumer& consumer);
  // False if nothing of that ID is pending.
  bool Acknowledge(StreamId id);

  void CopyFrom(const StreamGroup& other);
  void Save(Encoder& out) const;
  bool Load(Decoder& in);
  // What the group counts for, without its own name.
  size_t CountMemory() const;
  void CheckInvariants() const;

 private:
  static constexpr size_t kConsumerCost = 128;
  static constexpr size_t kPendingCost = sizeof(StreamPending) + sizeof(StreamConsumer::Pending);

  size_t& memory_;
  PendingMap pending_;
  Consumers consumers_;
};

}  // namespace mydis
