// What a command answers. Standard library only.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace mydis {

// One value of the Redis protocol's third version. A plain value: copy and move it freely. Reading
// it as a kind that it is not throws std::bad_variant_access.
class Value {
 public:
  enum class Kind : uint8_t {
    kNull,
    kInteger,
    kDouble,
    kBool,
    kString,  // Of bytes: any.
    kError,  // Within an array: what one command of several failed with, "WRONGTYPE Operation …".
    kArray,
    kSet,
    kMap,   // elements() are key, value, key, value …
    kPush,  // What was not asked for.
  };

  Value() = default;
  static Value Integer(int64_t value) { return Value(Kind::kInteger, value); }
  static Value Double(double value) { return Value(Kind::kDouble, value); }
  static Value Bool(bool value) { return Value(Kind::kBool, value); }
  static Value String(std::string bytes) { return Value(Kind::kString, std::move(bytes)); }
  static Value Error(std::string text) { return Value(Kind::kError, std::move(text)); }
  // `kind`: kArray, kSet, kMap or kPush.
  static Value Collection(Kind kind, std::vector<Value> elements) {
    return Value(kind, std::move(elements));
  }

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::kNull; }
  bool is_error() const { return kind_ == Kind::kError; }
  bool is_string() const { return kind_ == Kind::kString; }
  bool is_collection() const { return kind_ >= Kind::kArray; }

  // Of the kind that is named alone: of another one they throw std::bad_variant_access.
  int64_t integer() const { return std::get<int64_t>(content_); }
  double number() const { return std::get<double>(content_); }
  bool boolean() const { return std::get<bool>(content_); }
  // Of a kString or kError.
  const std::string& string() const& { return std::get<std::string>(content_); }
  std::string string() && { return std::get<std::string>(std::move(content_)); }
  // Of a collection.
  const std::vector<Value>& elements() const& { return std::get<std::vector<Value>>(content_); }
  std::vector<Value> elements() && { return std::get<std::vector<Value>>(std::move(content_)); }

  bool operator==(const Value& other) const = default;

 private:
  using Content =
      std::variant<std::monostate, int64_t, double, bool, std::string, std::vector<Value>>;
  Value(Kind kind, Content content) : kind_(kind), content_(std::move(content)) {}

  Kind kind_ = Kind::kNull;
  Content content_;
};

}  // namespace mydis
