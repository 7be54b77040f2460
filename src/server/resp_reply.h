// A command's Reply in RESP form, appended to a string.
#pragma once

#include <string>

#include "protocol/resp_writer.h"
#include "state/reply.h"

namespace mydis {

// One thread at a time.
class RespReply final : public Reply {
 public:
  RespReply(std::string& out, int version) : writer_(out, version), start_(out.size()) {}

  RespWriter& writer() { return writer_; }
  void set_version(int version) { writer_.set_version(version); }
  // True if the first thing written since construction or Restart() was an error.
  bool failed() const { return writer_.out().size() > start_ && writer_.out()[start_] == '-'; }
  std::string_view written() const { return std::string_view(writer_.out()).substr(start_); }
  void Restart() { start_ = writer_.out().size(); }

  void Simple(std::string_view text) override { writer_.Simple(text); }
  void Error(std::string_view text) override { writer_.Error(text); }
  void Integer(int64_t value) override { writer_.Integer(value); }
  void Bulk(std::string_view bytes) override { writer_.Bulk(bytes); }
  void Null() override { writer_.Null(); }
  void NullArray() override { writer_.NullArray(); }
  void ArrayHeader(size_t count) override { writer_.ArrayHeader(count); }
  void MapHeader(size_t pairs) override { writer_.MapHeader(pairs); }
  void SetHeader(size_t count) override { writer_.SetHeader(count); }
  void PushHeader(size_t count) override { writer_.PushHeader(count); }
  void AttributeHeader(size_t pairs) override { writer_.AttributeHeader(pairs); }
  void Double(double value) override { writer_.Double(value); }
  void DoubleText(double, std::string_view digits) override { writer_.DoubleText(digits); }
  void Bool(bool value) override { writer_.Bool(value); }
  void BigNumber(std::string_view digits) override { writer_.BigNumber(digits); }
  void Verbatim(std::string_view format, std::string_view text) override {
    writer_.Verbatim(format, text);
  }
  size_t OpenArray() override { return writer_.OpenArray(); }
  void CloseArray(size_t token, size_t count) override { writer_.CloseArray(token, count); }
  int resp_version() const override { return writer_.version(); }

 private:
  mutable RespWriter writer_;
  size_t start_;
};

}  // namespace mydis
