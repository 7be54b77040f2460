#include "types/member_table.h"

#include <malloc.h>

#include <cstdlib>

#include "base/assert.h"

namespace mydis {

MemberTable::~MemberTable() {
  for (uint32_t p = 0; p < size(); ++p) {
    if (const std::string_view record = records_.At(p); IsLarge(record)) std::free(LargeOf(record));
  }
}

void MemberTable::CopyFrom(const MemberTable& other) {
  MYDIS_ASSERT(size() == 0, "a copy starts empty");
  for (uint32_t p = 0; p < other.size(); ++p) {
    const Record record = other.At(p);
    Add(record.member, record.value);
  }
}

void MemberTable::WriteRecord(char* to, std::string_view member, std::string_view value) {
  if (1 + member.size() + value.size() <= kInlineMax) {
    *to++ = static_cast<char>(member.size());
    member.copy(to, member.size());  // Views of nothing may have no address.
    value.copy(to + member.size(), value.size());
    return;
  }
  auto* large = static_cast<Large*>(std::malloc(sizeof(Large) + member.size() + value.size()));
  MYDIS_ASSERT(large != nullptr, "out of memory");
  large->member_size = static_cast<uint32_t>(member.size());
  large->value_size = static_cast<uint32_t>(value.size());
  member.copy(large->bytes, member.size());
  value.copy(large->bytes + member.size(), value.size());
  *to++ = static_cast<char>(kOwnAllocation);
  StoreLittle(to, reinterpret_cast<uint64_t>(large));
}

MemberTable::Added MemberTable::Add(std::string_view member, std::string_view value) {
  const uint64_t hash = HashOf(member);
  if (const uint32_t found = FindHashed(member, hash); found != kNone) return {found, false};
  const uint32_t position = size();
  MYDIS_ASSERT(position < kMaxSize, "a table holds fewer than 2^32 members");
  index_.Insert(hash, position, Hasher());
  WriteRecord(records_.Append(RecordBytes(member.size(), value.size())), member, value);
  bytes_ += member.size() + value.size();
  return {position, true};
}

void MemberTable::SetValue(uint32_t position, std::string_view value) {
  const std::string_view record = records_.At(position);
  const Record old = Parse(record);
  bytes_ += value.size() - old.value.size();
  if (value.size() == old.value.size()) {
    value.copy(const_cast<char*>(old.value.data()), value.size());
    return;
  }
  const size_t member_size = old.member.size();
  const bool fits = 1 + member_size + value.size() <= kInlineMax;
  if (!IsLarge(record) && fits) {
    char* to = records_.Resize(position, RecordBytes(member_size, value.size()));
    value.copy(to + 1 + member_size, value.size());
    return;
  }
  if (IsLarge(record) && !fits) {
    auto* large = static_cast<Large*>(
        std::realloc(LargeOf(record), sizeof(Large) + member_size + value.size()));
    MYDIS_ASSERT(large != nullptr, "out of memory");
    large->value_size = static_cast<uint32_t>(value.size());
    value.copy(large->bytes + member_size, value.size());
    StoreLittle(records_.MutableAt(position) + 1, reinterpret_cast<uint64_t>(large));
    return;
  }
  // From one form to the other: the member's bytes move too.
  Large* const released = IsLarge(record) ? LargeOf(record) : nullptr;
  char kept[kInlineMax];
  std::string_view member = old.member;
  if (released == nullptr) {
    std::memcpy(kept, member.data(), member_size);
    member = {kept, member_size};
  }
  WriteRecord(records_.Resize(position, RecordBytes(member_size, value.size())), member, value);
  std::free(released);
}

void MemberTable::Remove(uint32_t position) {
  const std::string_view record = records_.At(position);
  const Record gone = Parse(record);
  Large* const released = IsLarge(record) ? LargeOf(record) : nullptr;
  bytes_ -= gone.member.size() + gone.value.size();
  const uint32_t last = size() - 1;
  const uint64_t hash = HashOf(gone.member);
  const uint64_t last_hash = position == last ? hash : HashAt(last);
  index_.Erase(hash, position, Hasher());
  if (position != last) index_.Move(last_hash, last, position);
  records_.Remove(position);
  std::free(released);
}

bool MemberTable::Erase(std::string_view member) {
  const uint32_t position = Find(member);
  if (position == kNone) return false;
  Remove(position);
  return true;
}

size_t MemberTable::Footprint() const {
  size_t bytes = sizeof *this + records_.Footprint() + index_.Footprint();
  for (uint32_t p = 0; p < size(); ++p) {
    if (const std::string_view record = records_.At(p); IsLarge(record))
      bytes += malloc_usable_size(LargeOf(record));
  }
  return bytes;
}

void MemberTable::CheckInvariants() const {
  records_.CheckInvariants();
  MYDIS_ASSERT(index_.size() == size(), "every member is in the index");
  index_.CheckInvariants(Hasher());
  size_t bytes = 0;
  for (uint32_t p = 0; p < size(); ++p) {
    const Record record = At(p);
    bytes += record.member.size() + record.value.size();
    MYDIS_ASSERT(
        IsLarge(records_.At(p)) == (1 + record.member.size() + record.value.size() > kInlineMax),
        "a record's form follows from its size");
    MYDIS_ASSERT(Find(record.member) == p, "every member is found by its name");
  }
  MYDIS_ASSERT(bytes == bytes_, "the bytes are counted");
}

}  // namespace mydis
