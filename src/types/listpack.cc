#include "types/listpack.h"

#include <malloc.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <new>

#include "base/assert.h"

namespace mydis {
namespace {

constexpr char kEmpty[Listpack::kEmptyBytes + 1] = "\x07\0\0\0\0\0\xff";

constexpr uint8_t kString32 = 0xf0;
constexpr uint8_t kInteger16 = 0xf1;
constexpr uint8_t kInteger24 = 0xf2;
constexpr uint8_t kInteger32 = 0xf3;
constexpr uint8_t kInteger64 = 0xf4;
constexpr size_t kMaxBackBytes = 5;

uint8_t ByteAt(const char* p) { return static_cast<uint8_t>(*p); }

// Size of the back length of an element whose body has `size` bytes. The bounds are Redis's, one
// below what would fit.
size_t BackSize(size_t size) {
  if (size <= 127) return 1;
  if (size < 16383) return 2;
  if (size < 2097151) return 3;
  return size < 268435455 ? 4 : 5;
}

void WriteBack(char* p, size_t size) {
  const size_t bytes = BackSize(size);
  for (size_t i = bytes; i-- > 0; size >>= 7)
    p[i] = static_cast<char>((size & 0x7f) | (i > 0 ? 0x80 : 0));
}

// The back length that ends before `end`.
size_t ReadBack(const char* end) {
  size_t size = 0;
  for (size_t i = 0; i < kMaxBackBytes; ++i) {
    const uint8_t byte = ByteAt(--end);
    size |= size_t{byte & 0x7fu} << (7 * i);
    if (byte < 0x80) break;
  }
  return size;
}

// Size of the encoding before a string's data, or of a whole integer; zero for bytes that are no
// encoding.
size_t HeadSize(uint8_t first) {
  if (first < 0xc0) return 1;
  if (first < 0xf0) return 2;
  switch (first) {
    case kString32:
      return 5;
    case kInteger16:
      return 3;
    case kInteger24:
      return 4;
    case kInteger32:
      return 5;
    case kInteger64:
      return 9;
    default:
      return 0;
  }
}

// Length of the string at `p`, zero for an integer.
size_t DataSize(const char* p) {
  const uint8_t first = ByteAt(p);
  if ((first & 0xc0) == 0x80) return first & 0x3f;
  if ((first & 0xf0) == 0xe0) return size_t{first & 0x0fu} << 8 | ByteAt(p + 1);
  if (first == kString32) return LoadLittle<uint32_t>(p + 1);
  return 0;
}

template <size_t kBytes>
int64_t ReadSigned(const char* p) {
  uint64_t v = 0;
  std::memcpy(&v, p, kBytes);
  constexpr int kUnused = 64 - 8 * static_cast<int>(kBytes);
  return static_cast<int64_t>(v << kUnused) >> kUnused;
}

bool FitsIn(int64_t value, int bits) {
  const int64_t limit = int64_t{1} << (bits - 1);
  return value >= -limit && value < limit;
}

}  // namespace

// The encoding (of an integer: all of it) and the string's data behind.
struct Listpack::Element {
  explicit Element(int64_t value) {
    if (value >= 0 && value <= 127) {
      head[0] = static_cast<char>(value);
      head_size = 1;
    } else if (FitsIn(value, 13)) {
      head[0] = static_cast<char>(0xc0 | ((value >> 8) & 0x1f));
      head[1] = static_cast<char>(value);
      head_size = 2;
    } else {
      const size_t bytes = FitsIn(value, 16)   ? 2
                           : FitsIn(value, 24) ? 3
                           : FitsIn(value, 32) ? 4
                                               : 8;
      head[0] = static_cast<char>(bytes == 8 ? kInteger64 : kInteger16 + (bytes - 2));
      std::memcpy(head + 1, &value, bytes);
      head_size = 1 + bytes;
    }
  }
  explicit Element(std::string_view value) {
    if (const std::optional<int64_t> integer = ParseCanonicalInteger(value)) {
      *this = Element(*integer);
      return;
    }
    data = value;
    if (value.size() < 64) {
      head[0] = static_cast<char>(0x80 | value.size());
      head_size = 1;
    } else if (value.size() < 4096) {
      head[0] = static_cast<char>(0xe0 | (value.size() >> 8));
      head[1] = static_cast<char>(value.size());
      head_size = 2;
    } else {
      head[0] = static_cast<char>(kString32);
      StoreLittle(head + 1, static_cast<uint32_t>(value.size()));
      head_size = 5;
    }
  }
  size_t body_size() const { return head_size + data.size(); }
  size_t size() const { return body_size() + BackSize(body_size()); }
  void WriteTo(char* p) const {
    std::memcpy(p, head, head_size);
    if (!data.empty()) std::memcpy(p + head_size, data.data(), data.size());
    WriteBack(p + body_size(), body_size());
  }

  char head[9];
  size_t head_size;
  std::string_view data;
};

std::optional<int64_t> ParseCanonicalInteger(std::string_view text) {
  if (text.empty() || text.size() > 20) return std::nullopt;
  const char first = text[0];
  if (first == '0') return text.size() == 1 ? std::optional<int64_t>(0) : std::nullopt;
  if (first == '-' ? text.size() < 2 || text[1] < '1' || text[1] > '9' : first < '1' || first > '9')
    return std::nullopt;
  int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::string_view ListpackValue::Digits(Scratch& scratch) const {
  const auto end = std::to_chars(scratch.digits, scratch.digits + sizeof scratch.digits, integer);
  return {scratch.digits, static_cast<size_t>(end.ptr - scratch.digits)};
}

Listpack Listpack::Clone() const { return block_ == nullptr ? Listpack() : FromBytes(bytes()); }

bool Listpack::Validate(std::string_view bytes) {
  if (bytes.size() < kEmptyBytes || LoadLittle<uint32_t>(bytes.data()) != bytes.size() ||
      ByteAt(&bytes.back()) != kEnd)
    return false;
  const char* p = bytes.data() + kHeaderBytes;
  const char* const end = &bytes.back();
  size_t count = 0;
  for (; p != end; ++count) {
    const auto left = static_cast<size_t>(end - p);
    const size_t head = HeadSize(ByteAt(p));
    if (head == 0 || head > left) return false;
    const size_t body = head + DataSize(p);
    const size_t back = BackSize(body);
    if (body + back > left) return false;
    char expected[kMaxBackBytes];
    WriteBack(expected, body);
    if (std::memcmp(p + body, expected, back) != 0) return false;
    p += body + back;
  }
  const size_t noted = LoadLittle<uint16_t>(bytes.data() + 4);
  return noted == count || noted == kManyElements;
}

Listpack Listpack::FromBytes(std::string_view bytes) {
  if (bytes.size() == kEmptyBytes) return Listpack();
  auto* block = static_cast<char*>(std::malloc(bytes.size()));
  if (block == nullptr) throw std::bad_alloc();
  std::memcpy(block, bytes.data(), bytes.size());
  Listpack listpack(block);
  // Others may say "many" of few.
  if (LoadLittle<uint16_t>(block + 4) == kManyElements)
    listpack.SetCount(listpack.CountFrom(kHeaderBytes));
  return listpack;
}

std::string_view Listpack::bytes() const {
  if (block_ == nullptr) return {kEmpty, kEmptyBytes};
  return {block_, total()};
}

size_t Listpack::ElementBytes(std::string_view value) { return Element(value).size(); }

size_t Listpack::BodySize(Pos pos) const {
  const char* p = block_ + pos;
  return HeadSize(ByteAt(p)) + DataSize(p);
}

size_t Listpack::ElementSize(Pos pos) const {
  const size_t body = BodySize(pos);
  return body + BackSize(body);
}

size_t Listpack::CountFrom(Pos pos) const {
  size_t count = 0;
  for (; ByteAt(block_ + pos) != kEnd; pos += ElementSize(pos)) ++count;
  return count;
}

Listpack::Pos Listpack::Prev(Pos pos) const {
  if (pos == kHeaderBytes) return kNone;
  const size_t body = ReadBack(block_ + pos);
  return pos - body - BackSize(body);
}

Listpack::Pos Listpack::Seek(int64_t index) const {
  const auto count = static_cast<int64_t>(size());
  if (index < 0) index += count;
  if (index < 0 || index >= count) return kNone;
  if (index < count / 2) {
    Pos pos = kHeaderBytes;
    for (; index > 0; --index) pos += ElementSize(pos);
    return pos;
  }
  Pos pos = total() - 1;
  for (; index < count; ++index) pos = Prev(pos);
  return pos;
}

ListpackValue Listpack::Get(Pos pos) const {
  const char* p = block_ + pos;
  const uint8_t first = ByteAt(p);
  if (first < 0x80) return {.is_int = true, .integer = first, .text = {}};
  if (first < 0xc0) return {.is_int = false, .integer = 0, .text = {p + 1, first & 0x3fu}};
  const auto integer = [](int64_t v) {
    return ListpackValue{.is_int = true, .integer = v, .text = {}};
  };
  if (first < 0xe0) {
    const int64_t v = (first & 0x1f) << 8 | ByteAt(p + 1);
    return integer(v < 4096 ? v : v - 8192);
  }
  switch (first) {
    case kInteger16:
      return integer(ReadSigned<2>(p + 1));
    case kInteger24:
      return integer(ReadSigned<3>(p + 1));
    case kInteger32:
      return integer(ReadSigned<4>(p + 1));
    case kInteger64:
      return integer(ReadSigned<8>(p + 1));
    default:
      return {.is_int = false, .integer = 0, .text = {p + HeadSize(first), DataSize(p)}};
  }
}

bool Listpack::IsCanonical(Pos pos) const {
  const ListpackValue value = Get(pos);
  // Most: too short for a longer form of its length, and plainly no number.
  if (ByteAt(block_ + pos) < 0xc0 && !value.is_int && !value.text.empty() && value.text[0] > '9')
    return true;
  // Every other form of a value is longer.
  const Element element = value.is_int ? Element(value.integer) : Element(value.text);
  return element.body_size() == BodySize(pos);
}

Listpack::Pos Listpack::Find(std::string_view value, Pos from, size_t skip) const {
  if (from == kNone) return kNone;
  const ListpackNeedle needle(value);
  size_t skipping = 0;
  for (Pos pos = from; ByteAt(block_ + pos) != kEnd; pos += ElementSize(pos)) {
    if (skipping > 0) {
      --skipping;
      continue;
    }
    skipping = skip;
    if (needle.Matches(Get(pos))) return pos;
  }
  return kNone;
}

Listpack::Pos Listpack::Insert(Pos before, std::string_view value) {
  if (before == kNone) before = byte_size() - 1;
  Put(before, 0, Element(value));
  AddToCount(1, true);
  return before;
}

Listpack::Pos Listpack::InsertInteger(Pos before, int64_t value) {
  if (before == kNone) before = byte_size() - 1;
  Put(before, 0, Element(value));
  AddToCount(1, true);
  return before;
}

void Listpack::Replace(Pos pos, std::string_view value) {
  Put(pos, ElementSize(pos), Element(value));
}

void Listpack::ReplaceInteger(Pos pos, int64_t value) {
  Put(pos, ElementSize(pos), Element(value));
}

Listpack::Pos Listpack::Erase(Pos pos, size_t count) {
  size_t erased = 0;
  Pos end = pos;
  for (; erased < count && ByteAt(block_ + end) != kEnd; ++erased) end += ElementSize(end);
  if (pos == kHeaderBytes && end == total() - 1) {
    Free();
    return kNone;
  }
  Resize(pos, end - pos, 0);
  AddToCount(erased, false);
  return ByteAt(block_ + pos) == kEnd ? kNone : pos;
}

size_t Listpack::EraseMatches(const ListpackNeedle& needle, size_t limit, bool from_back) {
  size_t erased = 0;
  for (Pos pos = from_back ? Last() : First(); pos != kNone && erased < limit;) {
    const Pos prev = from_back ? Prev(pos) : kNone;
    Pos next = kNone;
    if (needle.Matches(Get(pos))) {
      ++erased;
      next = Erase(pos);
    } else {
      next = Next(pos);
    }
    pos = from_back ? prev : next;
  }
  return erased;
}

Listpack Listpack::SplitOff(Pos pos) {
  if (pos == kNone) return Listpack();
  if (pos == kHeaderBytes) return std::move(*this);
  const size_t moved = CountFrom(pos);
  const size_t kept = size() - moved;
  const size_t size = total() - 1 - pos;
  Listpack tail;
  tail.Resize(kHeaderBytes, 0, size);
  std::memcpy(tail.block_ + kHeaderBytes, block_ + pos, size);
  tail.SetCount(moved);
  Resize(pos, size, 0);
  SetCount(kept);
  return tail;
}

void Listpack::Concatenate(const Listpack& other) {
  if (other.empty()) return;
  const size_t count = size() + other.size();
  const size_t size = other.total() - kEmptyBytes;
  const Pos end = byte_size() - 1;
  Resize(end, 0, size);
  std::memcpy(block_ + end, other.block_ + kHeaderBytes, size);
  SetCount(count);
}

void Listpack::Reserve(size_t bytes) {
  if (bytes <= byte_size()) return;
  const bool fresh = block_ == nullptr;
  Reallocate(bytes);
  if (fresh) std::memcpy(block_, kEmpty, kEmptyBytes);
}

void Listpack::ShrinkToFit() {
  if (block_ != nullptr && malloc_usable_size(block_) > total()) Reallocate(total());
}

void Listpack::CheckInvariants() const {
  if (block_ == nullptr) return;
  MYDIS_ASSERT(Validate(bytes()), "a listpack's bytes make sense");
  MYDIS_ASSERT(total() > kEmptyBytes, "an empty listpack has no block");
  MYDIS_ASSERT(malloc_usable_size(block_) >= total(), "a listpack lies within its block");
  MYDIS_ASSERT(LoadLittle<uint16_t>(block_ + 4) == std::min(CountFrom(kHeaderBytes), kManyElements),
               "a listpack's count is exact where it can be");
}

void Listpack::Put(Pos pos, size_t old_size, const Element& element) {
  Resize(pos, old_size, element.size());
  element.WriteTo(block_ + pos);
}

void Listpack::Resize(Pos pos, size_t old_size, size_t new_size) {
  const size_t old_total = byte_size();
  const size_t new_total = old_total - old_size + new_size;
  MYDIS_ASSERT(new_total <= UINT32_MAX, "a listpack's size fits its header");
  if (block_ == nullptr) {
    Reallocate(new_total);
    std::memcpy(block_, kEmpty, kEmptyBytes);
  } else if (new_total > old_total && new_total > malloc_usable_size(block_)) {
    // Allocators round small sizes up themselves.
    Reallocate(new_total < 4096 ? new_total : new_total + new_total / 8);
  }
  std::memmove(block_ + pos + new_size, block_ + pos + old_size, old_total - pos - old_size);
  StoreLittle(block_, static_cast<uint32_t>(new_total));
  if (new_total < old_total && malloc_usable_size(block_) / 2 > new_total) Reallocate(new_total);
}

void Listpack::SetCount(size_t count) {
  StoreLittle(block_ + 4, static_cast<uint16_t>(std::min(count, kManyElements)));
}

void Listpack::AddToCount(size_t count, bool more) {
  const size_t noted = LoadLittle<uint16_t>(block_ + 4);
  // Where the number was not noted, the elements tell whether it can be now.
  if (noted == kManyElements) return more ? void() : SetCount(CountFrom(kHeaderBytes));
  SetCount(more ? noted + count : noted - count);
}

void Listpack::Reallocate(size_t bytes) {
  auto* block = static_cast<char*>(std::realloc(block_, bytes));
  if (block == nullptr) throw std::bad_alloc();
  block_ = block;
}

void Listpack::Free() {
  std::free(block_);
  block_ = nullptr;
}

}  // namespace mydis
