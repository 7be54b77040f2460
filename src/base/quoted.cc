#include "base/quoted.h"

#include <fmt/format.h>

#include <iterator>

namespace mydis {

void AppendQuoted(std::string& out, std::string_view bytes) {
  constexpr std::string_view kEscaped = "\\\"\n\r\t\a\b";
  constexpr std::string_view kLetters = "\\\"nrtab";
  out += '"';
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (const size_t at = kEscaped.find(c); at != std::string_view::npos) {
      out += '\\';
      out += kLetters[at];
    } else if (byte < ' ' || byte > '~') {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string Quoted(std::string_view bytes) {
  std::string out;
  AppendQuoted(out, bytes);
  return out;
}

std::string QuotedStart(std::string_view bytes, size_t limit) {
  if (bytes.size() <= limit) return Quoted(bytes);
  return fmt::format("{}… ({} bytes)", Quoted(bytes.substr(0, limit)), bytes.size());
}

}  // namespace mydis
