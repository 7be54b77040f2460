// How a Value becomes what a typed call gives. Standard library only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
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

// An array of two.
template <typename First, typename Second>
struct Decoder<std::pair<First, Second>> {
  static Result<std::pair<First, Second>> From(Value value) {
    if (!value.is_collection() || value.elements().size() != 2) return Unexpected("a pair");
    std::vector<Value> elements = std::move(value).elements();
    Result<First> first = Decoder<First>::From(std::move(elements[0]));
    if (!first) return std::unexpected(std::move(first.error()));
    Result<Second> second = Decoder<Second>::From(std::move(elements[1]));
    if (!second) return std::unexpected(std::move(second.error()));
    return std::pair<First, Second>(*std::move(first), *std::move(second));
  }
};

inline Result<double> Decoder<double>::From(Value value) {
  if (value.kind() == Value::Kind::kDouble) return value.number();
  if (value.kind() == Value::Kind::kInteger) return static_cast<double>(value.integer());
  if (!value.is_string()) return Unexpected("a number");
  try {
    return std::stod(value.string());
  } catch (const std::exception&) {
    return Unexpected("a number");
  }
}

// The answer of a call as T; what the server answered with an error stays that error.
template <typename T>
Result<T> Decode(Result<Value> answer) {
  if (!answer) return std::unexpected(std::move(answer.error()));
  return Decoder<T>::From(*std::move(answer));
}

}  // namespace mydis::detail
