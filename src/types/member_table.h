// A dense array of members, found by hash: the large form of sets and hashes, and the index of
// sorted sets. A member has a value, which may be empty (a set's), text (a hash's) or a payload of
// 8 bytes (a sorted set's score).
//
// The order of the array is part of the state: a new member stands at its end, and the last one
// takes the place of one that is removed. What is beside it (the hash index, how records lie in
// memory) is not, and nothing that users see depends on it.
//
// Records of up to kInlineMax bytes lie together in blocks; longer ones have an allocation each:
//
//   record   u8 size of the member, member, value        or
//            u8 255, address of {u32 size of the member, u32 size of the value, member, value}
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/codec.h"
#include "base/hash.h"
#include "types/position_index.h"
#include "types/record_blocks.h"

namespace mydis {

// Const calls: any thread that holds the state's lock shared. Others: the applying thread alone.
// Views are good until the next change; those given to a changing call must not point in here.
class MemberTable {
 public:
  static constexpr uint32_t kNone = PositionIndex::kNone;
  // Positions are 32 bits: more members than a machine that Mydis runs on could hold.
  static constexpr uint32_t kMaxSize = 0xfffffff0;

  struct Record {
    std::string_view member;
    std::string_view value;
  };

  MemberTable() = default;
  ~MemberTable();
  MemberTable(const MemberTable&) = delete;
  MemberTable& operator=(const MemberTable&) = delete;
  void CopyFrom(const MemberTable& other);  // REQUIRES: this one is empty.

  uint32_t size() const { return records_.size(); }
  // What the members and values count for: their bytes and what each takes beside them. A function
  // of the contents alone.
  size_t MemoryBytes() const { return size_t{size()} * kCostOfRecord + bytes_; }

  // Where the member is, or kNone.
  uint32_t Find(std::string_view member) const { return FindHashed(member, HashOf(member)); }
  bool Contains(std::string_view member) const { return Find(member) != kNone; }
  // REQUIRES (here and below): position < size().
  Record At(uint32_t position) const { return Parse(records_.At(position)); }
  std::string_view MemberAt(uint32_t position) const { return At(position).member; }
  std::string_view ValueAt(uint32_t position) const { return At(position).value; }
  // For a value of 8 bytes.
  uint64_t PayloadAt(uint32_t position) const {
    return LoadLittle<uint64_t>(ValueAt(position).data());
  }

  struct Added {
    uint32_t position;
    bool fresh;  // False: the member was there, and is as it was.
  };
  // Adds the member at the end unless it is there.
  Added Add(std::string_view member, std::string_view value = {});
  Added AddPayload(std::string_view member, uint64_t payload) {
    char bytes[sizeof payload];
    StoreLittle(bytes, payload);
    return Add(member, {bytes, sizeof bytes});
  }
  void SetValue(uint32_t position, std::string_view value);
  // REQUIRES: the value has 8 bytes.
  void SetPayload(uint32_t position, uint64_t payload) {
    StoreLittle(const_cast<char*>(ValueAt(position).data()), payload);
  }
  // The last member, if it is another, is at `position` afterwards.
  void Remove(uint32_t position);
  // False if there is no such member.
  bool Erase(std::string_view member);

  // One step of SSCAN and its like: from the end to the beginning of the array, so that what is
  // there all the time is never moved to a place that was not visited yet. Calls visit(position)
  // for up to `count` members and returns the next cursor. The cursor, 0 at the start and at the
  // end, is the number of members not visited yet; any value is safe.
  template <typename Visit>
  uint64_t Scan(uint64_t cursor, uint64_t count, Visit visit) const {
    uint64_t left = cursor == 0 || cursor > size() ? size() : cursor;
    for (; left > 0 && count > 0; --count) visit(static_cast<uint32_t>(--left));
    return left;
  }

  // Starts to bring what a Find() of the member looks at into the cache.
  void Prefetch(std::string_view member) const { index_.Prefetch(HashOf(member)); }
  // Bytes really held, for measurements.
  size_t Footprint() const;
  void CheckInvariants() const;

 private:
  static constexpr size_t kInlineMax = 250;
  static constexpr uint8_t kOwnAllocation = 255;
  // Header, place in a block, and a share of the index.
  static constexpr size_t kCostOfRecord = 12;

  struct Large {
    uint32_t member_size;
    uint32_t value_size;
    char bytes[];
  };

  static uint64_t HashOf(std::string_view member) { return Hash64(member, TableHashSeed()); }
  static bool IsLarge(std::string_view record) {
    return static_cast<uint8_t>(record[0]) == kOwnAllocation;
  }
  static Large* LargeOf(std::string_view record) {
    return reinterpret_cast<Large*>(LoadLittle<uint64_t>(record.data() + 1));
  }
  static Record Parse(std::string_view record) {
    if (IsLarge(record)) [[unlikely]] {
      const Large* large = LargeOf(record);
      return {{large->bytes, large->member_size},
              {large->bytes + large->member_size, large->value_size}};
    }
    const auto size = static_cast<uint8_t>(record[0]);
    return {record.substr(1, size), record.substr(1 + size)};
  }
  // How many bytes the record takes in its block.
  static size_t RecordBytes(size_t member, size_t value) {
    return 1 + member + value <= kInlineMax ? 1 + member + value : 1 + sizeof(uint64_t);
  }
  static void WriteRecord(char* to, std::string_view member, std::string_view value);
  uint32_t FindHashed(std::string_view member, uint64_t hash) const {
    return index_.Find(hash, [&](uint32_t position) { return MemberAt(position) == member; });
  }
  uint64_t HashAt(uint32_t position) const { return HashOf(MemberAt(position)); }
  auto Hasher() const {
    return [this](uint32_t position) { return HashAt(position); };
  }

  RecordBlocks records_;
  PositionIndex index_;
  size_t bytes_ = 0;  // Of all members and values.
};

}  // namespace mydis
