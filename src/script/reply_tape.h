// The reply of a command that a script called, kept until the command is over and then pushed as
// Lua values. It is not pushed at once, since a Lua error (no memory) must not unwind a command
// that is half done.
#pragma once

#include <string>
#include <string_view>

#include "script/lua.h"
#include "state/reply.h"

namespace mydis {

// One thread at a time.
class ReplyTape final : public Reply {
 public:
  void Clear(int resp_version) {
    bytes_.clear();
    resp_version_ = resp_version;
  }
  bool is_error() const { return !bytes_.empty() && bytes_[0] == kError; }
  // REQUIRES: is_error().
  std::string_view error() const {
    size_t at = 1;
    return TextAt(&at);
  }
  size_t size() const { return bytes_.size(); }
  // Pushes the one value.
  void Push(lua_State* L) const;

  void Simple(std::string_view text) override { Text(kSimple, text); }
  void Error(std::string_view text) override { Text(kError, text); }
  void Integer(int64_t value) override { Number(kInteger, static_cast<uint64_t>(value)); }
  void Bulk(std::string_view bytes) override { Text(kBulk, bytes); }
  void Null() override { bytes_ += resp_version_ == 2 ? kFalse : kNil; }
  void NullArray() override { Null(); }
  void ArrayHeader(size_t count) override { Number(kArray, count); }
  void MapHeader(size_t pairs) override {
    resp_version_ == 2 ? ArrayHeader(pairs * 2) : Number(kMap, pairs);
  }
  void SetHeader(size_t count) override {
    resp_version_ == 2 ? ArrayHeader(count) : Number(kSet, count);
  }
  void PushHeader(size_t count) override { ArrayHeader(count); }
  void AttributeHeader(size_t pairs) override { Number(kAttribute, pairs); }
  void Double(double value) override;
  void Bool(bool value) override {
    if (resp_version_ == 2) return Integer(value);
    bytes_ += value ? kTrue : kFalse;
  }
  void BigNumber(std::string_view digits) override {
    resp_version_ == 2 ? Bulk(digits) : Text(kBigNumber, digits);
  }
  void Verbatim(std::string_view format, std::string_view text) override;
  size_t OpenArray() override {
    const size_t at = bytes_.size();
    ArrayHeader(0);
    return at;
  }
  void CloseArray(size_t token, size_t count) override;
  int resp_version() const override { return resp_version_; }

 private:
  static constexpr char kSimple = '+';
  static constexpr char kError = '-';
  static constexpr char kInteger = ':';
  static constexpr char kBulk = '$';
  static constexpr char kFalse = 'f';
  static constexpr char kTrue = 't';
  static constexpr char kNil = '_';
  static constexpr char kArray = '*';
  static constexpr char kMap = '%';
  static constexpr char kSet = '~';
  static constexpr char kAttribute = '|';
  static constexpr char kDouble = ',';
  static constexpr char kBigNumber = '(';
  static constexpr char kVerbatim = '=';  // Three bytes of format, then as kBulk.

  void Number(char kind, uint64_t value);
  void Text(char kind, std::string_view text);
  // Pushes the value at `at`, or only walks over it; gives where it ends.
  size_t PushAt(lua_State* L, size_t at) const;
  size_t Skip(size_t at) const;
  size_t PushAggregate(lua_State* L, char kind, size_t at, size_t count) const;
  std::string_view TextAt(size_t* at) const;
  uint64_t NumberAt(size_t* at) const;

  std::string bytes_;
  int resp_version_ = 2;
};

}  // namespace mydis
