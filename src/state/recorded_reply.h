// A command's reply, kept so that it can be given again, in whatever form the one who asks wants
// it.
//
//   one u8 for each call of Reply, then what the call was given: texts as bytes, counts as varint,
//   integers as u64, doubles as the u64 of their bits.
#pragma once

#include <string>
#include <string_view>

#include "base/codec.h"
#include "state/reply.h"

namespace mydis {

// Appends what it is told to `out`, which must outlive it. One thread at a time.
class ReplyRecorder final : public Reply {
 public:
  // `resp_version`: of the client that sent the command, for the few whose shape depends on it.
  ReplyRecorder(std::string& out, int resp_version) : out_(out), version_(resp_version) {}

  void Simple(std::string_view text) override;
  void Error(std::string_view text) override;
  void Integer(int64_t value) override;
  void Bulk(std::string_view bytes) override;
  void Null() override;
  void NullArray() override;
  void ArrayHeader(size_t count) override;
  void MapHeader(size_t pairs) override;
  void SetHeader(size_t count) override;
  void PushHeader(size_t count) override;
  void AttributeHeader(size_t pairs) override;
  void Double(double value) override;
  void DoubleText(double value, std::string_view digits) override;
  void Bool(bool value) override;
  void BigNumber(std::string_view digits) override;
  void Verbatim(std::string_view format, std::string_view text) override;
  size_t OpenArray() override;
  void CloseArray(size_t token, size_t count) override;
  int resp_version() const override { return version_; }

 private:
  Encoder out_;
  int version_;
};

// Says to `reply` what was said to the recorder. False if the bytes are not what a recorder writes;
// what could be read has been said.
bool ReplayReply(std::string_view recorded, Reply& reply);

}  // namespace mydis
