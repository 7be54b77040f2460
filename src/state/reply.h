// How a command says its answer. The session gives it RESP form, HTTP gives it JSON form, a script
// takes it as values; instances that did not submit the command throw it away.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace mydis {

// One call per element; a header announces how many elements follow. Used by one thread at a time.
class Reply {
 public:
  virtual ~Reply() = default;
  virtual void Simple(std::string_view text) = 0;
  // The whole text with its prefix and without the dash: "ERR syntax error".
  virtual void Error(std::string_view text) = 0;
  virtual void Integer(int64_t value) = 0;
  virtual void Bulk(std::string_view bytes) = 0;
  virtual void Null() = 0;
  // What RESP2 tells apart as `*-1`; the same as Null() in RESP3.
  virtual void NullArray() = 0;
  virtual void ArrayHeader(size_t count) = 0;
  virtual void MapHeader(size_t pairs) = 0;
  virtual void SetHeader(size_t count) = 0;
  virtual void PushHeader(size_t count) = 0;
  virtual void AttributeHeader(size_t pairs) = 0;
  virtual void Double(double value) = 0;
  // A number with more digits than a double needs; `digits` is what `value` is written as where
  // there is text.
  virtual void DoubleText(double value, std::string_view digits) {
    resp_version() > 2 ? Double(value) : Bulk(digits);
  }
  virtual void Bool(bool value) = 0;
  virtual void BigNumber(std::string_view digits) = 0;
  // `format` is three characters: "txt" or "mkd".
  virtual void Verbatim(std::string_view format, std::string_view text) = 0;
  // An array whose length is known only afterwards. Nest properly: last opened, first closed.
  virtual size_t OpenArray() = 0;
  virtual void CloseArray(size_t token, size_t count) = 0;
  // 2 or 3: for the few commands whose shape, not only whose form, depends on it.
  virtual int resp_version() const = 0;

  void Ok() { Simple("OK"); }

  // A blocking command found nothing to take (docs/blocking.md): where nobody can wait this is the
  // null reply; a session that can takes it as the word to wait.
  enum class NullForm : uint8_t { kNull, kArray };
  void WouldBlock(NullForm form) {
    would_block_ = true;
    form == NullForm::kNull ? Null() : NullArray();
  }
  // Whether WouldBlock was said since the last call.
  bool TakeWouldBlock() { return std::exchange(would_block_, false); }

 private:
  bool would_block_ = false;
};

// Takes everything, keeps nothing.
class NullReply final : public Reply {
 public:
  void Simple(std::string_view) override {}
  void Error(std::string_view) override {}
  void Integer(int64_t) override {}
  void Bulk(std::string_view) override {}
  void Null() override {}
  void NullArray() override {}
  void ArrayHeader(size_t) override {}
  void MapHeader(size_t) override {}
  void SetHeader(size_t) override {}
  void PushHeader(size_t) override {}
  void AttributeHeader(size_t) override {}
  void Double(double) override {}
  void Bool(bool) override {}
  void BigNumber(std::string_view) override {}
  void Verbatim(std::string_view, std::string_view) override {}
  size_t OpenArray() override { return 0; }
  void CloseArray(size_t, size_t) override {}
  int resp_version() const override { return 2; }
};

}  // namespace mydis
