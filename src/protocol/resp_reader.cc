#include "protocol/resp_reader.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "base/assert.h"

namespace mydis {
namespace {

constexpr size_t kCompactAt = 64 * 1024;
constexpr size_t kKeptCapacity = 1 << 20;
constexpr size_t kLongestLine = 64 * 1024 * 1024;  // Errors and simple strings have no length.

bool ParseInteger(std::string_view text, int64_t* value) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && end == text.data() + text.size();
}

bool ParseDouble(std::string_view text, double* value) {
  if (text == "inf" || text == "+inf") {
    *value = std::numeric_limits<double>::infinity();
  } else if (text == "-inf") {
    *value = -std::numeric_limits<double>::infinity();
  } else if (text == "nan" || text == "-nan") {
    *value = std::numeric_limits<double>::quiet_NaN();
  } else {
    if (text.starts_with('+')) text.remove_prefix(1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
    return error == std::errc() && end == text.data() + text.size();
  }
  return true;
}

bool HasLength(char type) {
  return std::string_view("$!=*%~>|").find(type) != std::string_view::npos;
}

RespValue::Type TypeOf(char type) {
  switch (type) {
    case '+':
      return RespValue::Type::kSimple;
    case '-':
    case '!':
      return RespValue::Type::kError;
    case ':':
      return RespValue::Type::kInteger;
    case '$':
      return RespValue::Type::kBulk;
    case ',':
      return RespValue::Type::kDouble;
    case '#':
      return RespValue::Type::kBool;
    case '(':
      return RespValue::Type::kBigNumber;
    case '=':
      return RespValue::Type::kVerbatim;
    case '*':
      return RespValue::Type::kArray;
    case '%':
    case '|':
      return RespValue::Type::kMap;
    case '~':
      return RespValue::Type::kSet;
    case '>':
      return RespValue::Type::kPush;
    default:
      return RespValue::Type::kNull;
  }
}

}  // namespace

void RespReader::Feed(std::string_view bytes) {
  if (start_ == buffer_.size() || start_ >= kCompactAt) {
    buffer_.erase(0, start_);
    need_ -= std::min(need_, start_);
    scanned_ -= std::min(scanned_, start_);
    start_ = 0;
  }
  buffer_.append(bytes);
}

// Of a large reply the memory is not kept for the next one.
void RespReader::DropLargeBuffer() {
  if (start_ < buffer_.size() || buffer_.capacity() <= kKeptCapacity) return;
  buffer_ = std::string();
  start_ = scanned_ = need_ = 0;
}

RespReader::Step RespReader::Broken(std::string message) {
  error_ = "the other side does not speak the Redis protocol: " + std::move(message);
  return Step::kBroken;
}

RespReader::Outcome RespReader::Next(RespValue* value) {
  while (error_.empty() && buffer_.size() >= need_) {
    RespValue next;
    switch (passing_ ? EndLong(&next) : ReadOne(&next)) {
      case Step::kComplete:
        long_line_ = 0;
        if (Attach(&next)) {
          *value = std::move(next);
          DropLargeBuffer();
          return Outcome::kValue;
        }
        break;
      case Step::kOpened:
        break;
      case Step::kNeedMore:
        return Outcome::kNeedMore;
      case Step::kBroken:
        return Outcome::kBroken;
      case Step::kLong:
        return Outcome::kLong;
    }
  }
  return error_.empty() ? Outcome::kNeedMore : Outcome::kBroken;
}

// Puts a complete value into the collection under way, which may complete that. True: `*value` is
// complete and belongs to no collection.
bool RespReader::Attach(RespValue* value) {
  while (!open_.empty()) {
    Open& parent = open_.back();
    parent.value.elements.push_back(std::move(*value));
    if (--parent.remaining > 0) return false;
    *value = std::move(parent.value);
    const bool attribute = parent.attribute;
    open_.pop_back();
    if (attribute) {
      attributes_ = std::move(value->elements);
      return false;
    }
  }
  return true;
}

RespReader::Step RespReader::ReadOne(RespValue* value) {
  const size_t line_end = buffer_.find("\r\n", std::max(start_, scanned_));
  if (line_end == std::string::npos) {
    scanned_ = buffer_.empty() ? 0 : buffer_.size() - 1;  // It may be a CR.
    if (pending() > kLongestLine) return Broken("a line does not end");
    return Step::kNeedMore;
  }
  if (line_end == start_) return Broken("an empty line");
  const char type = buffer_[start_];
  const std::string_view text = std::string_view(buffer_).substr(start_ + 1, line_end - start_ - 1);
  const size_t line_size = line_end + 2 - start_;
  if (!HasLength(type)) {
    const Step step = ReadScalar(value, type, text);
    start_ += line_size;
    value->attributes = std::exchange(attributes_, {});
    return step;
  }
  int64_t length = 0;
  if (!ParseInteger(text, &length) || length < -1)
    return Broken("\"" + std::string(text.substr(0, 32)) + "\" is no length");
  if (type == '$' || type == '!' || type == '=') return ReadBulk(value, type, length, line_size);
  start_ += line_size;
  if (type != '|') value->attributes = std::exchange(attributes_, {});
  value->type = TypeOf(type);
  return OpenCollection(std::move(*value), type, length);
}

RespReader::Step RespReader::ReadScalar(RespValue* value, char type, std::string_view text) {
  value->type = TypeOf(type);
  switch (type) {
    case '+':
    case '-':
    case '(':
      value->text = text;
      return Step::kComplete;
    case ':':
      if (ParseInteger(text, &value->integer)) return Step::kComplete;
      return Broken("\"" + std::string(text.substr(0, 32)) + "\" is no integer");
    case ',':
      value->text = text;
      if (ParseDouble(text, &value->number)) return Step::kComplete;
      return Broken("\"" + std::string(text.substr(0, 32)) + "\" is no double");
    case '#':
      if (text != "t" && text != "f") return Broken("a boolean is neither t nor f");
      value->boolean = text == "t";
      return Step::kComplete;
    case '_':
      return Step::kComplete;
    case 'H':
      if (text.starts_with("TTP/")) {
        error_ = "it speaks HTTP: give the Redis port instead, 2381 by default";
        return Step::kBroken;
      }
      [[fallthrough]];
    default:
      return Broken(std::string("no value begins with '") + type + "'");
  }
}

RespReader::Step RespReader::ReadBulk(RespValue* value, char type, int64_t size, size_t line_size) {
  if (size < 0 || static_cast<uint64_t>(size) > limits_.max_bulk) {
    if (size > 0 || type != '$') return Broken("a string of " + std::to_string(size) + " bytes");
    start_ += line_size;  // The null of version 2.
    value->attributes = std::exchange(attributes_, {});
    return Step::kComplete;
  }
  if (long_line_ == 0 && IsLong(type, static_cast<uint64_t>(size))) {
    long_line_ = line_size;
    long_left_ = static_cast<uint64_t>(size);
    return Step::kLong;
  }
  const size_t begin = start_ + line_size;
  const size_t end = begin + static_cast<size_t>(size);
  if (buffer_.size() < end + 2) {
    need_ = end + 2;
    return Step::kNeedMore;
  }
  if (buffer_.compare(end, 2, "\r\n") != 0) return Broken("a string does not end where it should");
  std::string_view text = std::string_view(buffer_).substr(begin, static_cast<size_t>(size));
  value->type = TypeOf(type);
  if (type == '=') {
    if (text.size() < 4 || text[3] != ':') return Broken("a verbatim string without format");
    value->format = text.substr(0, 3);
    text.remove_prefix(4);
  }
  value->text = text;
  value->attributes = std::exchange(attributes_, {});
  start_ = end + 2;
  return Step::kComplete;
}

// Whether it is to be told of: the last element of what is a reply itself, and not an attribute.
bool RespReader::IsLong(char type, uint64_t size) const {
  return type == '$' && size >= limits_.long_string && open_.size() == 1 &&
         open_[0].remaining == 1 && !open_[0].attribute;
}

void RespReader::PassLong() {
  MYDIS_ASSERT(long_line_ > 0 && !passing_, "a long string has been told of");
  start_ += long_line_;
  passing_ = true;
}

std::string_view RespReader::TakeLong(std::string_view& fresh) {
  MYDIS_ASSERT(passing_, "the string is passed on");
  std::string_view piece;
  if (pending() > 0) {
    piece = std::string_view(buffer_).substr(start_, std::min<uint64_t>(pending(), long_left_));
    start_ += piece.size();
  } else {
    piece = fresh.substr(0, std::min<uint64_t>(fresh.size(), long_left_));
    fresh.remove_prefix(piece.size());
  }
  long_left_ -= piece.size();
  return piece;
}

// What follows the bytes of a string that was passed on.
RespReader::Step RespReader::EndLong(RespValue* value) {
  if (long_left_ > 0 || pending() < 2) return Step::kNeedMore;
  if (buffer_.compare(start_, 2, "\r\n") != 0)
    return Broken("a string does not end where it should");
  start_ += 2;
  passing_ = false;
  value->type = RespValue::Type::kBulk;
  return Step::kComplete;
}

RespReader::Step RespReader::OpenCollection(RespValue&& value, char type, int64_t count) {
  if (count < 0) {
    if (type != '*') return Broken("a collection of " + std::to_string(count) + " elements");
    value.type = RespValue::Type::kNull;
    return Step::kComplete;
  }
  auto elements = static_cast<uint64_t>(count);
  if (elements > limits_.max_elements)
    return Broken("a collection of " + std::to_string(count) + " elements");
  if (value.type == RespValue::Type::kMap) elements *= 2;
  if (elements == 0) return type == '|' ? Step::kOpened : Step::kComplete;
  if (open_.size() >= limits_.max_depth) return Broken("collections nest too deep");
  open_.push_back({std::move(value), elements, type == '|'});
  return Step::kOpened;
}

}  // namespace mydis
