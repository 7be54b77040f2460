// How a Value becomes what a typed call gives. Standard library only.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "mydis/status.h"
#include "mydis/value.h"

namespace mydis::detail {

// What was answered has not the form that this call expects: a server of another version, or words
// that make another command.
inline std::unexpected<Status> Unexpected(std::string_view wanted) {
  return Fail(ErrorCode::kInternal, "the answer is not " + std::string(wanted) +
                                        ": is the server older than the library?");
}

// Specialised for what calls give; types of one's own may have theirs.
template <typename T>
struct Decoder;

template <>
struct Decoder<Value> {
  static Result<Value> From(Value value) { return value; }
};

// Whatever it is.
template <>
struct Decoder<void> {
  static Result<void> From(Value) { return {}; }
};

template <>
struct Decoder<int64_t> {
  static Result<int64_t> From(Value value) {
    if (value.kind() != Value::Kind::kInteger) return Unexpected("a whole number");
    return value.integer();
  }
};

// Null, 0 and false are false; OK is true.
template <>
struct Decoder<bool> {
  static Result<bool> From(Value value) {
    switch (value.kind()) {
      case Value::Kind::kNull:
        return false;
      case Value::Kind::kBool:
        return value.boolean();
      case Value::Kind::kInteger:
        return value.integer() != 0;
      case Value::Kind::kString:
        return value.string() == "OK";
      default:
        return Unexpected("yes or no");
    }
  }
};

template <>
struct Decoder<double> {
  static Result<double> From(Value value);
};

template <>
struct Decoder<std::string> {
  static Result<std::string> From(Value value) {
    if (!value.is_string()) return Unexpected("a string");
    return std::move(value).string();
  }
};

template <typename T>
struct Decoder<std::optional<T>> {
  static Result<std::optional<T>> From(Value value) {
    if (value.is_null()) return std::optional<T>();
    Result<T> inner = Decoder<T>::From(std::move(value));
    if (!inner) return std::unexpected(std::move(inner.error()));
    return std::optional<T>(*std::move(inner));
  }
};

template <typename T>
struct Decoder<std::vector<T>> {
  static Result<std::vector<T>> From(Value value) {
    if (value.is_null()) return std::vector<T>();
    if (!value.is_collection()) return Unexpected("a list");
    std::vector<T> list;
    std::vector<Value> elements = std::move(value).elements();
    list.reserve(elements.size());
    for (Value& element : elements) {
      Result<T> one = Decoder<T>::From(std::move(element));
      if (!one) return std::unexpected(std::move(one.error()));
      list.push_back(*std::move(one));
    }
    return list;
  }
};

// Pairs in all forms that there are: a map, a list of lists of two, or one after the other.
inline Result<std::vector<std::pair<Value, Value>>> PairsOf(Value value) {
  std::vector<std::pair<Value, Value>> pairs;
  if (value.is_null()) return pairs;
  if (!value.is_collection()) return Unexpected("a list of pairs");
  const bool is_map = value.kind() == Value::Kind::kMap;
  std::vector<Value> elements = std::move(value).elements();
  if (!is_map && !elements.empty() && elements[0].is_collection()) {
    for (Value& element : elements) {
      if (!element.is_collection() || element.elements().size() != 2) return Unexpected("a pair");
      std::vector<Value> two = std::move(element).elements();
      pairs.emplace_back(std::move(two[0]), std::move(two[1]));
    }
    return pairs;
  }
  if (elements.size() % 2 != 0) return Unexpected("a list of pairs");
  for (size_t i = 0; i < elements.size(); i += 2) {
    pairs.emplace_back(std::move(elements[i]), std::move(elements[i + 1]));
  }
  return pairs;
}

template <typename First, typename Second>
Result<std::pair<First, Second>> DecodePair(Value first, Value second) {
  Result<First> one = Decoder<First>::From(std::move(first));
  if (!one) return std::unexpected(std::move(one.error()));
  Result<Second> two = Decoder<Second>::From(std::move(second));
  if (!two) return std::unexpected(std::move(two.error()));
  return std::pair<First, Second>(*std::move(one), *std::move(two));
}

template <typename First, typename Second>
struct Decoder<std::vector<std::pair<First, Second>>> {
  static Result<std::vector<std::pair<First, Second>>> From(Value value) {
    auto pairs = PairsOf(std::move(value));
    if (!pairs) return std::unexpected(std::move(pairs.error()));
    std::vector<std::pair<First, Second>> list;
    list.reserve(pairs->size());
    for (auto& [first, second] : *pairs) {
      auto pair = DecodePair<First, Second>(std::move(first), std::move(second));
      if (!pair) return std::unexpected(std::move(pair.error()));
      list.push_back(*std::move(pair));
    }
    return list;
  }
};

// An array of two.
template <typename First, typename Second>
struct Decoder<std::pair<First, Second>> {
  static Result<std::pair<First, Second>> From(Value value) {
    if (!value.is_collection() || value.elements().size() != 2) return Unexpected("a pair");
    std::vector<Value> elements = std::move(value).elements();
    return DecodePair<First, Second>(std::move(elements[0]), std::move(elements[1]));
  }
};

inline Result<double> Decoder<double>::From(Value value) {
  if (value.kind() == Value::Kind::kDouble) return value.number();
  if (value.kind() == Value::Kind::kInteger) return static_cast<double>(value.integer());
  if (!value.is_string()) return Unexpected("a number");
  const std::string& text = value.string();
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return Unexpected("a number");
  return number;
}

// What a map has under a name; null if there is no such name.
inline Value TakeField(Value& map, std::string_view name) {
  if (map.kind() != Value::Kind::kMap) return Value();
  std::vector<Value> elements = std::move(map).elements();
  Value found;
  for (size_t i = 0; i + 1 < elements.size(); i += 2) {
    if (elements[i].is_string() && elements[i].string() == name) found = std::move(elements[i + 1]);
  }
  map = Value::Collection(Value::Kind::kMap, std::move(elements));
  return found;
}

// Reads the fields of a struct out of a map, and remembers the first that is not as it should be.
class FieldReader {
 public:
  explicit FieldReader(Value map) : map_(std::move(map)) {
    if (map_.kind() != Value::Kind::kMap) status_ = Unexpected("a map").error();
  }
  // Leaves `field` alone if the map has not got it.
  template <typename T>
  FieldReader& Read(std::string_view name, T& field) {
    Value value = TakeField(map_, name);
    if (value.is_null() || !status_.ok()) return *this;
    Result<T> read = Decoder<T>::From(std::move(value));
    if (read) {
      field = *std::move(read);
    } else {
      status_ = std::move(read.error());
    }
    return *this;
  }
  template <typename Struct>
  Result<Struct> Give(Struct& read) {
    if (!status_.ok()) return std::unexpected(std::move(status_));
    return std::move(read);
  }

 private:
  Value map_;
  Status status_;
};

// The answer of a call as T; what the server answered with an error stays that error.
template <typename T>
Result<T> Decode(Result<Value> answer) {
  if (!answer) return std::unexpected(std::move(answer.error()));
  return Decoder<T>::From(*std::move(answer));
}

}  // namespace mydis::detail
