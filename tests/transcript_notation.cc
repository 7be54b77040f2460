#include "transcript_notation.h"

#include <fmt/format.h>

#include <charconv>

namespace mydis {
namespace {

constexpr std::string_view kAggregates = "*~>%|";

std::string EscapeByte(char c) {
  switch (c) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '\\':
      return "\\\\";
    default:
      if (c >= 32 && c < 127) return std::string(1, c);
      return fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
}

char Unescape(char c) {
  constexpr std::string_view kLetters = "nrtab";
  constexpr std::string_view kBytes = "\n\r\t\a\b";
  const size_t at = kLetters.find(c);
  return at == kLetters.npos ? c : kBytes[at];
}

uint64_t ParseNumber(std::string_view digits) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size())
    throw TranscriptError(fmt::format("{} is no number", digits));
  return number;
}

// Takes one quoted string with its `*N` from the front of `text`.
std::string TakeQuoted(std::string_view* text) {
  const char quote = (*text)[0];
  std::string once;
  size_t i = 1;
  for (; i < text->size() && (*text)[i] != quote; ++i) {
    char c = (*text)[i];
    if (quote == '"' && c == '\\' && i + 1 < text->size()) {
      c = (*text)[++i];
      int byte = 0;
      if (c == 'x' && i + 2 < text->size() &&
          std::from_chars(text->data() + i + 1, text->data() + i + 3, byte, 16).ptr ==
              text->data() + i + 3) {
        once += static_cast<char>(byte);
        i += 2;
        continue;
      }
      c = Unescape(c);
    }
    once += c;
  }
  if (i >= text->size()) throw TranscriptError(fmt::format("the quotes of {} are open", *text));
  text->remove_prefix(i + 1);
  if (!text->starts_with('*')) return once;
  const size_t end = std::min(text->find(' '), text->size());
  uint64_t times = ParseNumber(text->substr(1, end - 1));
  text->remove_prefix(end);
  std::string out;
  while (times-- > 0) out += once;
  return out;
}

}  // namespace

bool TranscriptReply::aggregate() const { return !nil && kAggregates.contains(kind); }

std::string QuoteBytes(std::string_view bytes) {
  std::string out = "\"";
  for (char c : bytes) out += c == '"' ? "\\\"" : EscapeByte(c);
  return out + '"';
}

std::string ParseQuoted(std::string_view text) {
  std::string_view rest = text;
  if (text.empty() || (text[0] != '"' && text[0] != '\''))
    throw TranscriptError(fmt::format("{} is no quoted string", text));
  std::string out = TakeQuoted(&rest);
  if (!rest.empty()) throw TranscriptError(fmt::format("{} goes on after its quotes", text));
  return out;
}

std::string Substitute(std::string_view text, const TranscriptVariables& variables) {
  std::string out;
  for (size_t at = 0;;) {
    const size_t begin = text.find("${", at);
    const size_t end = begin == text.npos ? text.npos : text.find('}', begin);
    if (end == text.npos) return out.append(text.substr(at));
    const auto name = text.substr(begin + 2, end - begin - 2);
    const auto found = variables.find(name);
    if (found == variables.end()) throw TranscriptError(fmt::format("{} was never saved", name));
    const std::string quoted = QuoteBytes(found->second);
    out.append(text.substr(at, begin - at)).append(quoted, 1, quoted.size() - 2);
    at = end + 1;
  }
}

std::vector<std::string> SplitWords(std::string_view text) {
  std::vector<std::string> words;
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    if (text.empty()) return words;
    if (text[0] == '"' || text[0] == '\'') {
      words.push_back(TakeQuoted(&text));
      if (!text.empty() && text[0] != ' ')
        throw TranscriptError(fmt::format("a space is missing before {}", text));
    } else {
      const size_t end = std::min(text.find(' '), text.size());
      words.emplace_back(text.substr(0, end));
      text.remove_prefix(end);
    }
  }
}

std::string EncodeCommand(const std::vector<std::string>& words) {
  std::string out = fmt::format("*{}\r\n", words.size());
  for (const std::string& word : words) out += fmt::format("${}\r\n{}\r\n", word.size(), word);
  return out;
}

bool ReadReply(std::string_view bytes, size_t* at, TranscriptReply* reply) {
  const size_t line_end = bytes.find("\r\n", *at);
  if (line_end == bytes.npos) return false;
  const std::string_view line = bytes.substr(*at + 1, line_end - *at - 1);
  size_t next = line_end + 2;
  *reply = {};
  reply->kind = bytes[*at];
  if (reply->kind == '_' || line == "-1") {
    reply->nil = reply->kind == '_' || reply->kind == '$' || reply->kind == '*';
  }
  if (!reply->nil && kAggregates.contains(reply->kind)) {
    const bool pairs = reply->kind == '%' || reply->kind == '|';
    reply->items.resize(ParseNumber(line) * (pairs ? 2 : 1));
    for (TranscriptReply& item : reply->items) {
      if (!ReadReply(bytes, &next, &item)) return false;
    }
  } else if (!reply->nil && std::string_view("$!=").contains(reply->kind)) {
    const uint64_t size = ParseNumber(line);
    if (bytes.size() < next + size + 2) return false;
    reply->text = bytes.substr(next, size);
    next += size + 2;
  } else if (std::string_view("+-:,#(_$*").contains(reply->kind)) {
    reply->text = line;
  } else {
    throw TranscriptError(fmt::format("no reply begins like {}", QuoteBytes(line)));
  }
  *at = next;
  return true;
}

std::string Notation(const TranscriptReply& reply) {
  if (reply.nil) return reply.kind == '$' ? "(nil)" : reply.kind == '*' ? "(nil-array)" : "(null)";
  if (reply.aggregate()) {
    const bool pairs = reply.kind == '%' || reply.kind == '|';
    return fmt::format("{}{}", reply.kind, reply.items.size() / (pairs ? 2 : 1));
  }
  if (reply.kind == '$') return QuoteBytes(reply.text);
  if (reply.kind == '!') return "!" + QuoteBytes(reply.text);
  if (reply.kind == '=') return "=" + reply.text.substr(0, 4) + QuoteBytes(reply.text.substr(4));
  std::string out(1, reply.kind);
  for (char c : reply.text) out += EscapeByte(c);
  return out;
}

void RenderReply(const TranscriptReply& reply, size_t indent, std::string* out) {
  out->append(indent, ' ').append(Notation(reply)).append("\n");
  for (const TranscriptReply& item : reply.items) RenderReply(item, indent + 2, out);
}

}  // namespace mydis
