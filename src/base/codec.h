// Little-endian encoding of numbers and byte strings, used by every file format and wire frame.
//
//   fixed:   u8, u16, u32, u64, little endian
//   varint:  LEB128, at most 10 bytes
//   bytes:   varint length, then that many bytes
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace mydis {

static_assert(std::endian::native == std::endian::little, "formats are little endian");

template <typename T>
inline T LoadLittle(const char* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
template <typename T>
inline void StoreLittle(char* p, T v) {
  std::memcpy(p, &v, sizeof v);
}

// Appends encoded values to a string that the caller owns.
class Encoder {
 public:
  explicit Encoder(std::string& out) : out_(out) {}
  void U8(uint8_t v) { out_.push_back(static_cast<char>(v)); }
  void U16(uint16_t v) { Fixed(v); }
  void U32(uint32_t v) { Fixed(v); }
  void U64(uint64_t v) { Fixed(v); }
  void Varint(uint64_t v) {
    char buffer[10];
    size_t n = 0;
    for (; v >= 0x80; v >>= 7) buffer[n++] = static_cast<char>(v | 0x80);
    buffer[n++] = static_cast<char>(v);
    out_.append(buffer, n);
  }
  void Raw(std::string_view bytes) { out_.append(bytes); }
  void Bytes(std::string_view bytes) {
    Varint(bytes.size());
    out_.append(bytes);
  }

 private:
  template <typename T>
  void Fixed(T v) {
    out_.append(reinterpret_cast<const char*>(&v), sizeof v);
  }
  std::string& out_;
};

// Reads what Encoder wrote. After the first short or malformed read every call gives zero or
// empty, and ok() is false: a decoder reads everything and checks once. Views point into the input.
class Decoder {
 public:
  explicit Decoder(std::string_view in) : p_(in.data()), end_(in.data() + in.size()) {}
  bool ok() const { return ok_; }
  bool AtEnd() const { return p_ == end_; }
  size_t remaining() const { return static_cast<size_t>(end_ - p_); }
  uint8_t U8() { return Fixed<uint8_t>(); }
  uint16_t U16() { return Fixed<uint16_t>(); }
  uint32_t U32() { return Fixed<uint32_t>(); }
  uint64_t U64() { return Fixed<uint64_t>(); }
  uint64_t Varint() {
    uint64_t v = 0;
    for (int shift = 0; shift < 70 && p_ != end_; shift += 7) {
      const auto byte = static_cast<uint8_t>(*p_++);
      if (shift == 63 && byte > 1) break;
      v |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return v;
    }
    Failed();
    return 0;
  }
  std::string_view Raw(size_t n) {
    if (n > remaining()) {
      Failed();
      return {};
    }
    std::string_view v(p_, n);
    p_ += n;
    return v;
  }
  std::string_view Bytes() { return Raw(Varint()); }

 private:
  template <typename T>
  T Fixed() {
    if (sizeof(T) > remaining()) {
      Failed();
      return 0;
    }
    T v = LoadLittle<T>(p_);
    p_ += sizeof(T);
    return v;
  }
  void Failed() {
    ok_ = false;
    p_ = end_;
  }
  const char* p_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace mydis
