// The replies of writes that a client has numbered (NUMBERED), as far as it still waits for them:
// docs/retries.md. A part of RequestTable.
//
// Format, as Save writes it:
//   varint writers, the longest silent first, each { bytes key, u64 oldest, u64 time_ms, varint
//   replies, in the order of their numbers, each { u64 number, u64 words, u64 revision, bytes reply
//   } }; a key is the user's name as bytes, then the client
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <string_view>

#include "base/codec.h"

namespace mydis {

struct RememberedReply {
  std::string_view reply;  // ReplyRecorder's bytes; of a transaction see state_machine_once.cc.
  uint64_t words = 0;      // As RequestTag has it.
  uint64_t revision = 0;   // The state's behind it.
  bool forgotten = false;  // It was carried out, and its client has said that it knows the reply.
};

// Whose id it is, and the id: of a request, or of a client that numbers its own.
struct RequesterId {
  std::string_view user;
  std::string_view id;
  // Both as one string, which no others give.
  std::string Key() const;
  bool HasKey(std::string_view key) const;
};

// Part of the state. Changed by the applying thread alone.
class WriterTable {
 public:
  WriterTable() = default;
  WriterTable(const WriterTable&) = delete;
  WriterTable& operator=(const WriterTable&) = delete;

  // None: not known. Valid until the table changes.
  std::optional<RememberedReply> Find(const RequesterId& requester, uint64_t number) const;
  // Forgets the client's replies before `oldest`. REQUIRES: the number is not known, and time_ms is
  // not less than ever before.
  void Add(const RequesterId& requester, uint64_t number, uint64_t oldest,
           const RememberedReply& reply, uint64_t time_ms);
  // Forgets clients that have written nothing since `time_ms`, `most` at the most.
  void DropUntil(uint64_t time_ms, size_t most);
  // When the client wrote that has been silent for longest; UINT64_MAX: there is none.
  uint64_t OldestMs() const { return writers_.empty() ? UINT64_MAX : writers_.front().time_ms; }
  size_t size() const { return writers_.size(); }
  uint64_t MemoryBytes() const { return bytes_; }

  void Save(Encoder& out) const;
  bool Load(Decoder& in);
  void CheckInvariants() const;

 private:
  struct Numbered {
    uint64_t number = 0;
    uint64_t words = 0;
    uint64_t revision = 0;
    std::string reply;
  };
  struct Writer {
    std::string key;
    uint64_t oldest = 1;   // Smaller numbers are forgotten.
    uint64_t time_ms = 0;  // Of its last write.
    std::deque<Numbered> replies = {};
  };
  using Place = std::list<Writer>::iterator;

  static uint64_t CostOf(const Numbered& numbered);
  static uint64_t CostOf(const Writer& writer);
  // nullptr: it is not known.
  const Writer* Known(const RequesterId& requester) const;
  // Makes it the last one, and known.
  Place WriterOf(std::string key);
  bool Insert(Writer& writer, Numbered numbered);

  std::list<Writer> writers_;                                 // In the order of their times.
  boost::unordered_flat_map<std::string_view, Place> index_;  // Views of their keys.
  uint64_t bytes_ = 0;
};

}  // namespace mydis
