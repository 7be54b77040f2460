// The replies of writes that clients have given ids (ONCE), so that one that is sent again is not
// carried out again: docs/retries.md.
//
// Format, as Save writes it:
//   varint records, oldest first, each { bytes key, u64 words, u64 time_ms, u64 revision, bytes
//   reply }; a key is the user's name as bytes, then the id
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "base/codec.h"

namespace mydis {

inline constexpr size_t kMaxRequestId = 128;

// What a client says of a write that is to happen once. The views' owner is whoever made it.
struct RequestTag {
  std::string_view user;     // Ids are each user's own.
  std::string_view id;       // 1 to kMaxRequestId bytes; empty: the write has none.
  uint64_t words = 0;        // Hash of the command's words: the id is not good for others.
  uint8_t resp_version = 2;  // Of the client.
  bool given() const { return !id.empty(); }
};

// Part of the state. Changed by the applying thread alone.
class RequestTable {
 public:
  struct Record {
    std::string key;        // Its user and id, see AppendKey.
    std::string reply;      // ReplyRecorder's bytes; of a transaction see state_machine_once.cc.
    uint64_t words = 0;     // As RequestTag has it.
    uint64_t time_ms = 0;   // The cluster's time when it was carried out.
    uint64_t revision = 0;  // The state's behind it.
  };

  RequestTable() = default;
  RequestTable(const RequestTable&) = delete;
  RequestTable& operator=(const RequestTable&) = delete;

  // nullptr: not known, or known no more. Valid until the table changes.
  const Record* Find(std::string_view user, std::string_view id) const;
  // REQUIRES: it is not known.
  void Add(const RequestTag& tag, std::string reply, uint64_t time_ms, uint64_t revision);
  // Forgets what was carried out at `time_ms` or before, the oldest first and `most` at the most.
  void DropUntil(uint64_t time_ms, size_t most) {
    if (records_.empty() || records_.front().time_ms > time_ms) [[likely]]
      return;
    Drop(time_ms, most);
  }
  // When the oldest was carried out; UINT64_MAX: there is none.
  uint64_t OldestMs() const { return records_.empty() ? UINT64_MAX : records_.front().time_ms; }
  size_t size() const { return records_.size(); }
  // What it counts for: the same on every instance.
  uint64_t MemoryBytes() const { return bytes_; }

  void Save(Encoder& out) const;
  // Replaces everything; false if the bytes are not what Save writes.
  bool Load(Decoder& in);

  void CheckInvariants() const;

 private:
  // A user's name and an id as one string, which no others give.
  static void AppendKey(std::string_view user, std::string_view id, std::string& out);
  static uint64_t CostOf(const Record& record);
  bool Push(Record record);
  void Drop(uint64_t time_ms, size_t most);

  std::deque<Record> records_;  // In the order of their times. They stay where they are.
  boost::unordered_flat_map<std::string_view, const Record*> index_;  // Views of their keys.
  uint64_t bytes_ = 0;
};

}  // namespace mydis
