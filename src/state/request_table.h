// The replies of writes that clients have given ids (ONCE) or numbers (NUMBERED), so that one that
// is sent again is not carried out again: docs/retries.md.
//
// Format, as Save writes it:
//   varint records, oldest first, each { bytes key, u64 words, u64 time_ms, u64 revision, bytes
//   reply }; a key is the user's name as bytes, then the id. Then what WriterTable writes.
#pragma once

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/codec.h"
#include "base/hash.h"
#include "state/shared_bytes.h"
#include "state/writer_table.h"

namespace mydis {

inline constexpr size_t kMaxRequestId = 128;

// What a client says of a write that is to happen once. The views' owner is whoever made it.
struct RequestTag {
  std::string_view user;  // Ids are each user's own.
  // Of the request, or, with a number, of the client that numbers its requests: 1 to kMaxRequestId
  // bytes. Empty: the write has none.
  std::string_view id;
  uint64_t words = 0;        // Hash of the command's words: the id is not good for others.
  uint8_t resp_version = 2;  // Of the client.
  uint64_t number = 0;       // 1, 2, 3 …; 0: the id is that of the request.
  uint64_t oldest = 0;       // The smallest number whose reply the client still waits for.
  bool given() const { return !id.empty(); }
};

// Part of the state. Changed by the applying thread alone.
class RequestTable {
 public:
  RequestTable() = default;
  RequestTable(const RequestTable&) = delete;
  RequestTable& operator=(const RequestTable&) = delete;

  // None: not known, or known no more. Valid until the table changes.
  std::optional<RememberedReply> Find(const RequestTag& tag) const;
  // REQUIRES: it is not known.
  void Add(const RequestTag& tag, std::string_view reply, uint64_t time_ms, uint64_t revision);
  // Forgets what was carried out `retention_ms` ago or before, the oldest first and `most` at the
  // most; and as many clients that have numbered nothing for so long.
  void DropOld(uint64_t time_ms, uint64_t retention_ms, size_t most) {
    if (EndMs(retention_ms) > time_ms) [[likely]]
      return;
    if (time_ms >= retention_ms) Drop(time_ms - retention_ms, most);
    const uint64_t of_writers_ms = OfWriters(retention_ms);
    if (time_ms >= of_writers_ms) writers_.DropUntil(time_ms - of_writers_ms, most);
  }
  // When the first of them is old enough to go; UINT64_MAX: there is none.
  uint64_t EndMs(uint64_t retention_ms) const {
    return std::min(SumOrMax(oldest_ms_, retention_ms),
                    SumOrMax(writers_.OldestMs(), OfWriters(retention_ms)));
  }
  // Requests with ids, and clients with numbers.
  size_t size() const { return count_ + writers_.size(); }
  // What it counts for: the same on every instance.
  uint64_t MemoryBytes() const { return bytes_ + writers_.MemoryBytes(); }

  void Save(Encoder& out) const;
  // Appends what Save would write to `out`, most of it without a copy.
  void Share(std::vector<SharedBytes>& out) const;
  // Replaces everything; false if the bytes are not what Save writes.
  bool Load(Decoder& in);

  void CheckInvariants() const;

 private:
  // Mydis's own client numbers its writes and sends one again for four minutes, so that it is known
  // for longer whatever the setting says: the memory of a client that is silent is small.
  static uint64_t OfWriters(uint64_t retention_ms) {
    return std::max(retention_ms, uint64_t{300'000});
  }
  static uint64_t SumOrMax(uint64_t time_ms, uint64_t more_ms) {
    return time_ms == UINT64_MAX ? UINT64_MAX : time_ms + more_ms;
  }
  // One of records_.
  struct Record : RememberedReply {
    std::string_view key;  // RequesterId::Key of its user and id.
    uint64_t time_ms = 0;  // The cluster's time when it was carried out.
  };
  struct KeyHash {
    using is_avalanching = void;
    uint64_t operator()(std::string_view key) const { return Hash64(key); }
  };
  // From a key, which is a view of the record's, to the size of the record behind it.
  using Index = boost::unordered_flat_map<std::string_view, size_t, KeyHash>;

  static Record Read(Decoder& in);
  static uint64_t CostOf(const Record& record);
  // Which of index_, by bits that a small table makes no use of: neither the first nor the last.
  static size_t Shard(std::string_view key) { return KeyHash()(key) >> 8 & 0xff; }
  Index& IndexOf(std::string_view key) { return index_[Shard(key)]; }
  const Index& IndexOf(std::string_view key) const { return index_[Shard(key)]; }
  bool Push(const Record& record);
  void Drop(uint64_t time_ms, size_t most);
  void Clear();

  ByteQueue records_;  // As Save writes them, in the order of their times.
  // Many small ones, since one of millions holds everybody up whenever it grows.
  std::array<Index, 256> index_;
  size_t count_ = 0;                 // Of records_.
  uint64_t oldest_ms_ = UINT64_MAX;  // The first one's time; UINT64_MAX: there is none.
  uint64_t newest_ms_ = 0;           // The last one's.
  uint64_t bytes_ = 0;               // What they count for.
  std::string scratch_;              // Of Push.
  WriterTable writers_;
};

}  // namespace mydis
