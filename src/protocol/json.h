// JSON (RFC 8259): reading into values, and writing. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mydis/status.h"

namespace mydis {

struct JsonMember;

struct JsonValue {
  enum class Type : uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };

  Type type = Type::kNull;
  bool boolean = false;
  // Of a string; of a number as it was written, so that none of its digits is lost.
  std::string text;
  std::vector<JsonValue> elements;  // kArray
  std::vector<JsonMember> members;  // kObject, in order.

  bool is_string() const { return type == Type::kString; }
  bool is_array() const { return type == Type::kArray; }
  bool is_object() const { return type == Type::kObject; }
  // The member of an object, or nullptr.
  const JsonValue* Find(std::string_view name) const;
};

struct JsonMember {
  std::string name;
  JsonValue value;
};

// The one value in `text`, which nests no deeper than 32. The error says where it is wrong.
Result<JsonValue> ParseJson(std::string_view text);

// Appends JSON to a string; puts the commas. What it appends to is not looked at.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out), start_(out.size()) {}

  JsonWriter& BeginObject() { return Open('{'); }
  JsonWriter& EndObject() { return Shut('}'); }
  JsonWriter& BeginArray() { return Open('['); }
  JsonWriter& EndArray() { return Shut(']'); }
  // The name of the member whose value comes next.
  JsonWriter& Key(std::string_view name);
  // Text; bytes that are not UTF-8 as {"b64":"…"}.
  JsonWriter& String(std::string_view bytes);
  JsonWriter& Integer(int64_t value);
  JsonWriter& Unsigned(uint64_t value);
  // The infinities and what is no number, which JSON does not know, as strings.
  JsonWriter& Double(double value);
  JsonWriter& Bool(bool value);
  JsonWriter& Null();
  // A value that is JSON already.
  JsonWriter& Raw(std::string_view json);

 private:
  JsonWriter& Open(char bracket);
  JsonWriter& Shut(char bracket);
  void Separate();
  void Quote(std::string_view text);

  std::string& out_;
  size_t start_;
};

}  // namespace mydis
