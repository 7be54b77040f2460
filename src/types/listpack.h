// A listpack: a short sequence of strings and integers in one allocation, in Redis's format.
//
//   u32 bytes in all | u16 elements, 65535: that many or more | element … | 0xff
//
//   element = encoding and data | back length: size of the former, to be read backwards
//
//   0xxxxxxx                 integer 0 … 127
//   10xxxxxx data            string of up to 63 bytes
//   110xxxxx b               signed integer of 13 bits, high bits first
//   1110xxxx b data          string of up to 4095 bytes, high bits first
//   11110000 u32 data        string
//   11110001 … 11110100      signed integer of 2, 3, 4, 8 bytes, little endian
//
// The back length has seven bits a byte, low bits last; all bytes but the first have the top bit
// set. A string in canonical decimal form is kept as an integer.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "base/codec.h"

namespace mydis {

// The number that `text` is the canonical decimal form of: printing it gives the same text.
std::optional<int64_t> ParseCanonicalInteger(std::string_view text);

// One element as it is kept. `text` points into the listpack: valid until its next change.
struct ListpackValue {
  bool is_int = false;
  int64_t integer = 0;
  std::string_view text;

  struct Scratch {
    char digits[24];
  };
  // The bytes of either form; `scratch` holds the digits of an integer.
  std::string_view string(Scratch& scratch) const { return is_int ? Digits(scratch) : text; }
  // True if the element's bytes are these.
  bool Equals(std::string_view bytes) const {
    if (!is_int) return text == bytes;
    Scratch scratch;
    return Digits(scratch) == bytes;
  }

 private:
  std::string_view Digits(Scratch& scratch) const;
};

// A text to compare elements with; reads it as a number once.
class ListpackNeedle {
 public:
  // `text` outlives this.
  explicit ListpackNeedle(std::string_view text)
      : text_(text), integer_(ParseCanonicalInteger(text)) {}
  bool Matches(const ListpackValue& value) const {
    return value.is_int ? integer_ && *integer_ == value.integer : value.text == text_;
  }

 private:
  std::string_view text_;
  std::optional<int64_t> integer_;
};

// One word that owns one malloc'd block; an empty listpack has none. The same elements give the
// same bytes, but for strings that came in by FromBytes in a longer form than necessary. A thread
// may read while others read; changes need it alone.
class Listpack {
 public:
  // Where an element begins: its offset in bytes(). Any change moves the elements behind it.
  using Pos = size_t;
  static constexpr Pos kNone = 0;
  // An empty listpack's bytes.
  static constexpr size_t kEmptyBytes = 7;
  // Callers keep listpacks below this, as Redis does (see CanTake).
  static constexpr size_t kMaxBytes = size_t{1} << 30;

  Listpack() = default;
  Listpack(Listpack&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Listpack& operator=(Listpack&& other) noexcept {
    if (this != &other) {
      Free();
      block_ = std::exchange(other.block_, nullptr);
    }
    return *this;
  }
  ~Listpack() { Free(); }
  Listpack Clone() const;

  // Deep check of bytes that anybody may have sent; every access to what passes stays within it.
  static bool Validate(std::string_view bytes);
  // REQUIRES: Validate(bytes).
  static Listpack FromBytes(std::string_view bytes);

  bool empty() const { return block_ == nullptr; }
  // Elements. O(1) below 65535, else a walk over all.
  size_t size() const {
    if (block_ == nullptr) return 0;
    const size_t count = LoadLittle<uint16_t>(block_ + 4);
    return count != kManyElements ? count : CountFrom(kHeaderBytes);
  }
  size_t byte_size() const { return block_ == nullptr ? kEmptyBytes : total(); }
  // The whole listpack in Redis's format.
  std::string_view bytes() const;
  // True if `more` bytes of elements leave it within kMaxBytes.
  bool CanTake(size_t more) const { return byte_size() + more <= kMaxBytes; }
  // What an element with this value takes in bytes().
  static size_t ElementBytes(std::string_view value);

  // --- Positions; kNone where there is no element ---
  Pos First() const { return block_ == nullptr ? kNone : kHeaderBytes; }
  Pos Last() const { return block_ == nullptr ? kNone : Prev(total() - 1); }
  Pos Next(Pos pos) const {
    pos += ElementSize(pos);
    return static_cast<uint8_t>(block_[pos]) == kEnd ? kNone : pos;
  }
  Pos Prev(Pos pos) const;
  // The element at `index`; negative ones count from the end, -1 being the last. Walks from the
  // nearer end.
  Pos Seek(int64_t index) const;

  ListpackValue Get(Pos pos) const;
  // True if Append() would write this element so: FromBytes takes longer forms too.
  bool IsCanonical(Pos pos) const;
  // The element at *pos, which moves on to the next.
  ListpackValue Read(Pos* pos) const {
    if (const auto first = static_cast<uint8_t>(block_[*pos]); (first & 0xc0) == 0x80) {
      // A string of up to 63 bytes, as most are; its back length is a byte.
      const size_t size = first & 0x3fu;
      const std::string_view text(block_ + *pos + 1, size);
      *pos += size + 2;
      if (static_cast<uint8_t>(block_[*pos]) == kEnd) *pos = kNone;
      return {.is_int = false, .integer = 0, .text = text};
    }
    const ListpackValue value = Get(*pos);
    *pos = Next(*pos);
    return value;
  }
  // The first element from `from` on that equals `value`, looking at one element in `skip` + 1.
  Pos Find(std::string_view value, Pos from, size_t skip = 0) const;
  Pos Find(std::string_view value) const { return Find(value, First()); }

  // --- Changes. REQUIRES: a `value` does not point into this listpack, and CanTake it ---
  // Puts it before `before`, at the end for kNone; gives the new element's position.
  Pos Insert(Pos before, std::string_view value);
  Pos InsertInteger(Pos before, int64_t value);
  Pos Append(std::string_view value) { return Insert(kNone, value); }
  Pos AppendInteger(int64_t value) { return InsertInteger(kNone, value); }
  Pos Prepend(std::string_view value) { return Insert(First(), value); }
  Pos PrependInteger(int64_t value) { return InsertInteger(First(), value); }
  // The element keeps its position.
  void Replace(Pos pos, std::string_view value);
  void ReplaceInteger(Pos pos, int64_t value);
  // Removes `count` elements, or as many as there are, from `pos` on; gives the position of what
  // follows them.
  Pos Erase(Pos pos, size_t count = 1);
  void Clear() { Free(); }
  // Removes the elements that match, at most `limit`, from either end on; gives how many.
  size_t EraseMatches(const ListpackNeedle& needle, size_t limit, bool from_back);
  // Moves the elements from `pos` on into a listpack of their own.
  Listpack SplitOff(Pos pos);
  // Adds the other's elements behind this one's own.
  void Concatenate(const Listpack& other);
  // Makes room for what is going to be `bytes` in all, so that adding it does not move it.
  void Reserve(size_t bytes);
  // Gives back room that changes left behind.
  void ShrinkToFit();

  void CheckInvariants() const;

 private:
  static constexpr size_t kHeaderBytes = 6;
  static constexpr size_t kManyElements = 65535;
  static constexpr uint8_t kEnd = 0xff;
  struct Element;  // An encoded element.

  explicit Listpack(char* block) : block_(block) {}
  size_t total() const { return LoadLittle<uint32_t>(block_); }
  // Size of the element's encoding and data.
  size_t BodySize(Pos pos) const;
  size_t ElementSize(Pos pos) const;
  size_t CountFrom(Pos pos) const;
  void Put(Pos pos, size_t old_size, const Element& element);
  // Makes the `old_size` bytes at `pos` `new_size` bytes long; what is there is the caller's.
  void Resize(Pos pos, size_t old_size, size_t new_size);
  void SetCount(size_t count);
  void AddToCount(size_t count, bool more);
  void Reallocate(size_t bytes);
  void Free();

  char* block_ = nullptr;
};
static_assert(sizeof(Listpack) == 8);

}  // namespace mydis
