#include "client/value_reader.h"

#include <charconv>
#include <utility>
#include <vector>

namespace mydis {
namespace {

constexpr std::string_view kRevisionAttribute = "|1\r\n+revision\r\n:";
constexpr size_t kCompactAt = 64 * 1024;

Value ToValue(RespValue&& from) {
  switch (from.type) {
    case RespValue::Type::kNull:
      return Value();
    case RespValue::Type::kError:
      return Value::Error(std::move(from.text));
    case RespValue::Type::kInteger:
      return Value::Integer(from.integer);
    case RespValue::Type::kDouble:
      return Value::Double(from.number);
    case RespValue::Type::kBool:
      return Value::Bool(from.boolean);
    case RespValue::Type::kSimple:
    case RespValue::Type::kBulk:
    case RespValue::Type::kBigNumber:
    case RespValue::Type::kVerbatim:
      return Value::String(std::move(from.text));
    default:
      break;
  }
  std::vector<Value> elements;
  elements.reserve(from.elements.size());
  for (RespValue& element : from.elements) elements.push_back(ToValue(std::move(element)));
  Value::Kind kind = Value::Kind::kArray;
  if (from.type == RespValue::Type::kMap) kind = Value::Kind::kMap;
  if (from.type == RespValue::Type::kSet) kind = Value::Kind::kSet;
  if (from.type == RespValue::Type::kPush) kind = Value::Kind::kPush;
  return Value::Collection(kind, std::move(elements));
}

// A number up to the end of the line; moves `at` behind that. False: it is not all there, or none.
template <typename Number>
bool TakeNumber(std::string_view bytes, size_t* at, Number* number) {
  const char* end = bytes.data() + bytes.size();
  const auto [stop, error] = std::from_chars(bytes.data() + *at, end, *number);
  if (error != std::errc() || end - stop < 2 || stop[0] != '\r' || stop[1] != '\n') return false;
  *at = static_cast<size_t>(stop - bytes.data()) + 2;
  return true;
}

}  // namespace

void ValueReader::Feed(std::string_view bytes) {
  if (in_general_) return general_.Feed(bytes);
  if (start_ == buffer_.size()) {
    buffer_.clear();
    start_ = 0;
  } else if (start_ >= kCompactAt) {
    buffer_.erase(0, std::exchange(start_, 0));
  }
  buffer_.append(bytes);
}

ValueReader::Outcome ValueReader::Next(ReceivedValue* received) {
  if (!in_general_) {
    if (start_ == buffer_.size()) return Outcome::kNeedMore;
    if (NextShort(received)) [[likely]]
      return Outcome::kValue;
    general_.Feed(std::string_view(buffer_).substr(start_));
    buffer_.clear();
    start_ = 0;
    in_general_ = true;
  }
  return NextGeneral(received);
}

// False: it is of another kind, or not complete.
bool ValueReader::NextShort(ReceivedValue* received) {
  const std::string_view bytes(buffer_);
  size_t at = start_;
  uint64_t revision = 0;
  if (bytes[at] == '|') {
    if (!bytes.substr(at).starts_with(kRevisionAttribute)) return false;
    at += kRevisionAttribute.size();
    if (!TakeNumber(bytes, &at, &revision) || at == bytes.size() || revision > kMostRevision)
      return false;
  }
  const char type = bytes[at++];
  if (type == '$') {
    size_t size = 0;
    if (!TakeNumber(bytes, &at, &size) || size > bytes.size() - at || bytes.size() - at - size < 2)
      return false;
    if (bytes[at + size] != '\r' || bytes[at + size + 1] != '\n') return false;
    received->value = Value::String(std::string(bytes.substr(at, size)));
    at += size + 2;
  } else if (type == ':') {
    int64_t number = 0;
    if (!TakeNumber(bytes, &at, &number)) return false;
    received->value = Value::Integer(number);
  } else if (type == '+') {
    const size_t end = bytes.find("\r\n", at);
    if (end == std::string_view::npos) return false;
    received->value = Value::String(std::string(bytes.substr(at, end - at)));
    at = end + 2;
  } else if (type == '_') {
    if (bytes.substr(at, 2) != "\r\n") return false;
    received->value = Value();
    at += 2;
  } else {
    return false;
  }
  received->revision = revision;
  start_ = at;
  return true;
}

ValueReader::Outcome ValueReader::NextGeneral(ReceivedValue* received) {
  RespValue value;
  switch (general_.Next(&value)) {
    case RespReader::Outcome::kValue:
      break;
    case RespReader::Outcome::kBroken:
      return Outcome::kBroken;
    case RespReader::Outcome::kNeedMore:
    case RespReader::Outcome::kLong:  // Not asked for.
      return Outcome::kNeedMore;
  }
  received->revision = 0;
  for (size_t i = 0; i + 1 < value.attributes.size(); i += 2) {
    if (value.attributes[i].text == "revision")
      received->revision = static_cast<uint64_t>(value.attributes[i + 1].integer);
  }
  // One below 0 is far above it here.
  no_revision_ = received->revision > kMostRevision;
  if (no_revision_) return Outcome::kBroken;
  received->value = ToValue(std::move(value));
  if (general_.pending() == 0) in_general_ = false;
  return Outcome::kValue;
}

}  // namespace mydis
