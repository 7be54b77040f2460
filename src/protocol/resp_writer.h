// Writes replies in the Redis protocol, version 2 or 3, to the end of a string. One thread.
//
// Each call writes one value (a header: the beginning of one whose elements follow). Where version
// 2 has no such type, the type that Redis uses instead is written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mydis {

class RespWriter {
 public:
  // Appends to `out`. `version` is 2 or 3.
  RespWriter(std::string& out, int version) : out_(&out), resp3_(version >= 3) {}

  int version() const { return resp3_ ? 3 : 2; }
  void set_version(int version) { resp3_ = version >= 3; }
  std::string& out() { return *out_; }
  // Appends to another string from now on. REQUIRES: nothing is open.
  void set_out(std::string& out) { out_ = &out; }

  void Ok() { out_->append("+OK\r\n"); }
  void Simple(std::string_view text);  // REQUIRES: no CR or LF in `text`.
  // `text` with its prefix ("ERR no such key"), without the dash. CR and LF in it become spaces.
  void Error(std::string_view text);
  void Integer(int64_t value);
  void Bulk(std::string_view bytes);
  void BulkInteger(int64_t value);  // A bulk string of digits.
  void Null() { out_->append(resp3_ ? "_\r\n" : "$-1\r\n"); }
  void NullArray() { out_->append(resp3_ ? "_\r\n" : "*-1\r\n"); }
  void ArrayHeader(size_t count) { Header('*', count); }
  void MapHeader(size_t pairs) { resp3_ ? Header('%', pairs) : Header('*', 2 * pairs); }
  void SetHeader(size_t count) { Header(resp3_ ? '~' : '*', count); }
  void PushHeader(size_t count) { Header(resp3_ ? '>' : '*', count); }
  void AttributeHeader(size_t pairs);        // REQUIRES: version 3.
  void Double(double value);                 // RESP2: a bulk string.
  void DoubleText(std::string_view digits);  // The same of a number that is text already.
  void Bool(bool value);                     // RESP2: 1 or 0.
  void BigNumber(std::string_view digits);   // RESP2: a bulk string.
  // `format` has three letters: "txt", "mkd". RESP2: a bulk string of the text.
  void Verbatim(std::string_view format, std::string_view text);
  // A reply that was encoded before.
  void Raw(std::string_view encoded) { out_->append(encoded); }

  // A collection whose length is known only at its end. They nest; the last opened is closed first.
  // Count elements for arrays, sets and pushes, pairs for maps.
  enum class Kind : uint8_t { kArray, kMap, kSet, kPush };
  size_t Open(Kind kind);
  void Close(size_t mark, Kind kind, size_t count);
  size_t OpenArray() { return Open(Kind::kArray); }
  void CloseArray(size_t mark, size_t count) { Close(mark, Kind::kArray, count); }

 private:
  void Header(char type, uint64_t count);

  std::string* out_;
  bool resp3_;
};

}  // namespace mydis
