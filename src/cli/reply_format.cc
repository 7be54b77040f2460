#include "cli/reply_format.h"

#include <fmt/core.h>

#include "base/quoted.h"
#include "protocol/resp_json.h"

namespace mydis {
namespace {

using Type = RespValue::Type;

// What stands between a collection's numbers and its elements, and what an empty one is called.
struct CollectionStyle {
  char mark;
  std::string_view name;
};

CollectionStyle StyleOf(Type type) {
  switch (type) {
    case Type::kMap:
      return {'#', "hash"};
    case Type::kSet:
      return {'~', "set"};
    case Type::kPush:
      return {')', "push"};
    default:
      return {')', "array"};
  }
}

void AppendForPeople(const RespValue& value, const std::string& indent, std::string& out);

// A value that takes several lines begins on a line of its own.
void AppendMapValue(const RespValue& value, const std::string& indent, std::string& out) {
  std::string text;
  AppendForPeople(value, indent, text);
  out.back() = ' ';  // Was the newline behind the key.
  out += "=> ";
  if (text.find('\n') + 1 < text.size()) {
    out += '\n';
    out += indent;
  }
  out += text;
}

void AppendCollection(const RespValue& value, const std::string& indent, std::string& out) {
  const CollectionStyle style = StyleOf(value.type);
  if (value.elements.empty()) {
    out += fmt::format("(empty {})\n", style.name);
    return;
  }
  const size_t step = value.type == Type::kMap ? 2 : 1;
  const size_t count = value.elements.size() / step;
  const size_t digits = std::to_string(count).size();
  const std::string inner = indent + std::string(digits + 2, ' ');
  for (size_t i = 0; i < count; ++i) {
    // The first stands behind what its parent has written.
    if (i > 0) out += indent;
    out += fmt::format("{:>{}}{} ", i + 1, digits, style.mark);
    AppendForPeople(value.elements[i * step], inner, out);
    if (step == 2) AppendMapValue(value.elements[i * step + 1], inner, out);
  }
}

void AppendForPeople(const RespValue& value, const std::string& indent, std::string& out) {
  switch (value.type) {
    case Type::kNull:
      out += "(nil)\n";
      return;
    case Type::kError:
      out += fmt::format("(error) {}\n", value.text);
      return;
    case Type::kInteger:
      out += fmt::format("(integer) {}\n", value.integer);
      return;
    case Type::kDouble:
      out += fmt::format("(double) {}\n", value.text);
      return;
    case Type::kBool:
      out += value.boolean ? "(true)\n" : "(false)\n";
      return;
    case Type::kBulk:
      out += Quoted(value.text) + "\n";
      return;
    case Type::kSimple:
    case Type::kVerbatim:
      out += value.text + "\n";
      return;
    case Type::kBigNumber:
      // redis-cli 7.0 gives up on these; later ones write them like this.
      out += fmt::format("(big number) {}\n", value.text);
      return;
    case Type::kArray:
    case Type::kMap:
    case Type::kSet:
    case Type::kPush:
      AppendCollection(value, indent, out);
      return;
  }
}

void AppendRaw(const RespValue& value, std::string_view delimiter, std::string& out) {
  switch (value.type) {
    case Type::kNull:
      return;
    case Type::kError:
      out += value.text;
      out += '\n';
      return;
    case Type::kInteger:
      out += std::to_string(value.integer);
      return;
    case Type::kBool:
      out += value.boolean ? "(true)" : "(false)";
      return;
    case Type::kArray:
    case Type::kMap:
    case Type::kSet:
    case Type::kPush: {
      const bool map = value.type == Type::kMap;
      for (size_t i = 0; i < value.elements.size(); ++i) {
        if (i > 0) out += map && i % 2 == 1 ? " " : delimiter;
        AppendRaw(value.elements[i], delimiter, out);
      }
      return;
    }
    default:
      out += value.text;
      return;
  }
}

void AppendCsv(const RespValue& value, std::string& out) {
  switch (value.type) {
    case Type::kNull:
      out += "NULL";
      return;
    case Type::kError:
      out += "ERROR," + Quoted(value.text);
      return;
    case Type::kInteger:
      out += std::to_string(value.integer);
      return;
    case Type::kDouble:
      out += value.text;
      return;
    case Type::kBool:
      out += value.boolean ? "true" : "false";
      return;
    case Type::kArray:
    case Type::kMap:
    case Type::kSet:
    case Type::kPush:
      for (size_t i = 0; i < value.elements.size(); ++i) {
        if (i > 0) out += ',';
        AppendCsv(value.elements[i], out);
      }
      return;
    default:
      out += Quoted(value.text);
      return;
  }
}

}  // namespace

std::string FormatForPeople(const RespValue& value) {
  std::string out;
  AppendForPeople(value, "", out);
  return out;
}

std::string FormatRaw(const RespValue& value, std::string_view delimiter) {
  std::string out;
  AppendRaw(value, delimiter, out);
  return out;
}

std::string FormatCsv(const RespValue& value) {
  std::string out;
  AppendCsv(value, out);
  return out;
}

std::string FormatJson(const RespValue& value) {
  std::string out;
  JsonWriter writer(out);
  WriteJson(value, writer);
  return out;
}

std::string FormatReply(const RespValue& value, ReplyStyle style, std::string_view delimiter) {
  switch (style) {
    case ReplyStyle::kPeople:
      return FormatForPeople(value);
    case ReplyStyle::kRaw:
      return FormatRaw(value, delimiter) + "\n";
    case ReplyStyle::kCsv:
      return FormatCsv(value) + "\n";
    case ReplyStyle::kJson:
      return FormatJson(value) + "\n";
  }
  return {};
}

}  // namespace mydis
