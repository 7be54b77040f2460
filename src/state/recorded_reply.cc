#include "state/recorded_reply.h"

#include <bit>
#include <vector>

namespace mydis {
namespace {

// Part of snapshots: numbers are never used again for something else.
enum class Call : uint8_t {
  kSimple = 1,
  kError = 2,
  kInteger = 3,
  kBulk = 4,
  kNull = 5,
  kNullArray = 6,
  kArray = 7,
  kMap = 8,
  kSet = 9,
  kPush = 10,
  kAttribute = 11,
  kDouble = 12,
  kDoubleText = 13,
  kFalse = 14,
  kTrue = 15,
  kBigNumber = 16,
  kVerbatim = 17,
  kOpenArray = 18,
  kCloseArray = 19,
};

void Begin(Encoder& out, Call call) { out.U8(static_cast<uint8_t>(call)); }

void Text(Encoder& out, Call call, std::string_view text) {
  Begin(out, call);
  out.Bytes(text);
}

void Count(Encoder& out, Call call, uint64_t count) {
  Begin(out, call);
  out.Varint(count);
}

// Reads the calls one after the other.
class Player {
 public:
  Player(std::string_view recorded, Reply& reply) : in_(recorded), reply_(reply) {}

  bool Play() {
    while (in_.ok() && !in_.AtEnd()) {
      if (!PlayOne(static_cast<Call>(in_.U8()))) return false;
    }
    return in_.ok() && open_.empty();
  }

 private:
  bool PlayOne(Call call) {
    switch (call) {
      case Call::kSimple:
        reply_.Simple(in_.Bytes());
        return true;
      case Call::kError:
        reply_.Error(in_.Bytes());
        return true;
      case Call::kInteger:
        reply_.Integer(static_cast<int64_t>(in_.U64()));
        return true;
      case Call::kBulk:
        reply_.Bulk(in_.Bytes());
        return true;
      case Call::kNull:
        reply_.Null();
        return true;
      case Call::kNullArray:
        reply_.NullArray();
        return true;
      case Call::kFalse:
      case Call::kTrue:
        reply_.Bool(call == Call::kTrue);
        return true;
      case Call::kBigNumber:
        reply_.BigNumber(in_.Bytes());
        return true;
      case Call::kDouble:
      case Call::kDoubleText:
      case Call::kVerbatim:
        return PlayPair(call);
      default:
        return PlayAggregate(call);
    }
  }

  bool PlayPair(Call call) {
    if (call == Call::kVerbatim) {
      const std::string_view format = in_.Raw(3);
      const std::string_view text = in_.Bytes();
      if (!in_.ok()) return false;
      reply_.Verbatim(format, text);
      return true;
    }
    const auto value = std::bit_cast<double>(in_.U64());
    if (call == Call::kDouble) {
      reply_.Double(value);
    } else {
      reply_.DoubleText(value, in_.Bytes());
    }
    return true;
  }

  bool PlayAggregate(Call call) {
    switch (call) {
      case Call::kArray:
        reply_.ArrayHeader(in_.Varint());
        return true;
      case Call::kMap:
        reply_.MapHeader(in_.Varint());
        return true;
      case Call::kSet:
        reply_.SetHeader(in_.Varint());
        return true;
      case Call::kPush:
        reply_.PushHeader(in_.Varint());
        return true;
      case Call::kAttribute: {
        const uint64_t pairs = in_.Varint();
        if (reply_.resp_version() < 3) return false;  // It has no form there.
        reply_.AttributeHeader(pairs);
        return true;
      }
      case Call::kOpenArray:
        open_.push_back(reply_.OpenArray());
        return true;
      case Call::kCloseArray:
        if (open_.empty()) return false;
        reply_.CloseArray(open_.back(), in_.Varint());
        open_.pop_back();
        return true;
      default:
        return false;
    }
  }

  Decoder in_;
  Reply& reply_;
  std::vector<size_t> open_;  // Tokens of arrays that are not closed yet.
};

}  // namespace

void ReplyRecorder::Simple(std::string_view text) { Text(out_, Call::kSimple, text); }
void ReplyRecorder::Error(std::string_view text) { Text(out_, Call::kError, text); }
void ReplyRecorder::Integer(int64_t value) {
  Begin(out_, Call::kInteger);
  out_.U64(static_cast<uint64_t>(value));
}
void ReplyRecorder::Bulk(std::string_view bytes) { Text(out_, Call::kBulk, bytes); }
void ReplyRecorder::Null() { Begin(out_, Call::kNull); }
void ReplyRecorder::NullArray() { Begin(out_, Call::kNullArray); }
void ReplyRecorder::ArrayHeader(size_t count) { Count(out_, Call::kArray, count); }
void ReplyRecorder::MapHeader(size_t pairs) { Count(out_, Call::kMap, pairs); }
void ReplyRecorder::SetHeader(size_t count) { Count(out_, Call::kSet, count); }
void ReplyRecorder::PushHeader(size_t count) { Count(out_, Call::kPush, count); }
void ReplyRecorder::AttributeHeader(size_t pairs) { Count(out_, Call::kAttribute, pairs); }
void ReplyRecorder::Double(double value) {
  Begin(out_, Call::kDouble);
  out_.U64(std::bit_cast<uint64_t>(value));
}
void ReplyRecorder::DoubleText(double value, std::string_view digits) {
  Begin(out_, Call::kDoubleText);
  out_.U64(std::bit_cast<uint64_t>(value));
  out_.Bytes(digits);
}
void ReplyRecorder::Bool(bool value) { Begin(out_, value ? Call::kTrue : Call::kFalse); }
void ReplyRecorder::BigNumber(std::string_view digits) { Text(out_, Call::kBigNumber, digits); }
void ReplyRecorder::Verbatim(std::string_view format, std::string_view text) {
  Begin(out_, Call::kVerbatim);
  out_.Raw(format.substr(0, 3));
  out_.Bytes(text);
}
size_t ReplyRecorder::OpenArray() {
  Begin(out_, Call::kOpenArray);
  return 0;
}
void ReplyRecorder::CloseArray(size_t, size_t count) { Count(out_, Call::kCloseArray, count); }

bool ReplayReply(std::string_view recorded, Reply& reply) { return Player(recorded, reply).Play(); }

}  // namespace mydis
