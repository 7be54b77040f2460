#include "protocol/json.h"

#include <fmt/format.h>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/src.hpp>
#include <cmath>

#include "base/base64.h"
#include "base/utf8.h"

namespace mydis {
namespace {

namespace json = boost::json;

// What Boost's parser tells, made into a JsonValue.
struct Builder {
  static constexpr size_t max_object_size = SIZE_MAX;
  static constexpr size_t max_array_size = SIZE_MAX;
  static constexpr size_t max_key_size = SIZE_MAX;
  static constexpr size_t max_string_size = SIZE_MAX;
  using Error = json::error_code;

  // Values that are open, outermost first; names of the members that they are to be.
  std::vector<JsonValue> open;
  std::vector<std::string> names;
  std::string text;
  JsonValue root;

  bool Add(JsonValue value) {
    if (open.empty()) {
      root = std::move(value);
    } else if (open.back().is_array()) {
      open.back().elements.push_back(std::move(value));
    } else {
      open.back().members.emplace_back(std::move(names.back()), std::move(value));
      names.pop_back();
    }
    return true;
  }
  bool Begin(JsonValue::Type type) {
    open.emplace_back().type = type;
    return true;
  }
  bool End() {
    JsonValue value = std::move(open.back());
    open.pop_back();
    return Add(std::move(value));
  }
  bool AddText(JsonValue::Type type, json::string_view last) {
    text.append(last.data(), last.size());
    JsonValue value;
    value.type = type;
    value.text = std::exchange(text, std::string());
    return Add(std::move(value));
  }
  bool Part(json::string_view part) {
    text.append(part.data(), part.size());
    return true;
  }

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error&) { return Begin(JsonValue::Type::kObject); }
  bool on_object_end(size_t, Error&) { return End(); }
  bool on_array_begin(Error&) { return Begin(JsonValue::Type::kArray); }
  bool on_array_end(size_t, Error&) { return End(); }
  bool on_key_part(json::string_view part, size_t, Error&) { return Part(part); }
  bool on_key(json::string_view last, size_t, Error&) {
    Part(last);
    names.push_back(std::exchange(text, std::string()));
    return true;
  }
  bool on_string_part(json::string_view part, size_t, Error&) { return Part(part); }
  bool on_string(json::string_view last, size_t, Error&) {
    return AddText(JsonValue::Type::kString, last);
  }
  bool on_number_part(json::string_view part, Error&) { return Part(part); }
  bool on_int64(int64_t, json::string_view last, Error&) {
    return AddText(JsonValue::Type::kNumber, last);
  }
  bool on_uint64(uint64_t, json::string_view last, Error&) {
    return AddText(JsonValue::Type::kNumber, last);
  }
  bool on_double(double, json::string_view last, Error&) {
    return AddText(JsonValue::Type::kNumber, last);
  }
  bool on_bool(bool yes, Error&) {
    JsonValue value;
    value.type = JsonValue::Type::kBool;
    value.boolean = yes;
    return Add(std::move(value));
  }
  bool on_null(Error&) { return Add(JsonValue()); }
  bool on_comment_part(json::string_view, Error&) { return true; }
  bool on_comment(json::string_view, Error&) { return true; }
};

}  // namespace

const JsonValue* JsonValue::Find(std::string_view name) const {
  for (const auto& [known, value] : members) {
    if (known == name) return &value;
  }
  return nullptr;
}

Result<JsonValue> ParseJson(std::string_view text) {
  json::basic_parser<Builder> parser{json::parse_options()};
  json::error_code error;
  const size_t used = parser.write_some(false, text.data(), text.size(), error);
  if (!error && used < text.size()) error = json::error::extra_data;
  if (error) {
    return Fail(ErrorCode::kInvalid, fmt::format("not JSON: {} at byte {}", error.message(), used));
  }
  return std::move(parser.handler().root);
}

JsonWriter& JsonWriter::Open(char bracket) {
  Separate();
  out_ += bracket;
  return *this;
}

JsonWriter& JsonWriter::Shut(char bracket) {
  out_ += bracket;
  return *this;
}

// No value ends in one of these characters.
void JsonWriter::Separate() {
  if (out_.size() == start_) return;
  const char last = out_.back();
  if (last != '{' && last != '[' && last != ':') out_ += ',';
}

void JsonWriter::Quote(std::string_view text) {
  out_ += '"';
  size_t plain = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
    out_.append(text, plain, i - plain);
    plain = i + 1;
    switch (c) {
      case '"':
      case '\\':
        out_ += '\\';
        out_ += c;
        break;
      case '\n':
        out_ += "\\n";
        break;
      case '\r':
        out_ += "\\r";
        break;
      case '\t':
        out_ += "\\t";
        break;
      default:
        out_ += fmt::format("\\u{:04x}", c);
    }
  }
  out_.append(text, plain);
  out_ += '"';
}

JsonWriter& JsonWriter::Key(std::string_view name) {
  Separate();
  Quote(name);
  out_ += ':';
  return *this;
}

JsonWriter& JsonWriter::String(std::string_view bytes) {
  if (!IsUtf8(bytes)) return BeginObject().Key("b64").String(EncodeBase64(bytes)).EndObject();
  Separate();
  Quote(bytes);
  return *this;
}

JsonWriter& JsonWriter::Integer(int64_t value) {
  Separate();
  fmt::format_to(std::back_inserter(out_), "{}", value);
  return *this;
}

JsonWriter& JsonWriter::Unsigned(uint64_t value) {
  Separate();
  fmt::format_to(std::back_inserter(out_), "{}", value);
  return *this;
}

JsonWriter& JsonWriter::Double(double value) {
  if (!std::isfinite(value)) return String(std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
  Separate();
  fmt::format_to(std::back_inserter(out_), "{}", value);
  return *this;
}

JsonWriter& JsonWriter::Bool(bool value) {
  Separate();
  out_ += value ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::Null() { return Raw("null"); }

JsonWriter& JsonWriter::Raw(std::string_view json) {
  Separate();
  out_ += json;
  return *this;
}

}  // namespace mydis
