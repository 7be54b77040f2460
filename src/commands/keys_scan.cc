// KEYS and SCAN, and the options that all SCANs share.
#include <charconv>
#include <cstdlib>
#include <vector>

#include "base/ascii.h"
#include "base/glob.h"
#include "commands/arg_parser.h"
#include "commands/errors.h"
#include "commands/keys.h"
#include "commands/scan.h"

namespace mydis {
namespace {

constexpr std::string_view kErrCursor = "ERR invalid cursor";

}  // namespace

std::optional<uint64_t> ReadCursor(std::string_view word, Reply& reply) {
  word = UpToZero(word);
  if (word.empty()) return 0;
  const bool negative = word[0] == '-';
  const std::string_view digits = word.substr(negative || word[0] == '+' ? 1 : 0);
  uint64_t cursor = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, cursor);
  if (error != std::errc() || stop != end) {
    reply.Error(kErrCursor);
    return std::nullopt;
  }
  return negative ? -cursor : cursor;
}

bool ScanOptions::Fits(std::string_view name) const {
  return !pattern || GlobMatches(*pattern, name);
}

std::optional<ScanOptions> ReadScanOptions(Args args, size_t first, bool with_type, Reply& reply) {
  ScanOptions options;
  ArgParser parser(args, first);
  while (parser.HasNext()) {
    // Each option has a value: a last word is none.
    if (parser.remaining() < 2) {
      parser.Fail(kErrSyntax);
    } else if (parser.Accept("COUNT")) {
      const int64_t count = parser.Integer();
      if (count < 1) parser.Fail(kErrSyntax);
      options.count = static_cast<size_t>(count);
    } else if (parser.Accept("MATCH")) {
      options.pattern = parser.Next();
      if (*options.pattern == "*") options.pattern.reset();
    } else if (with_type && parser.Accept("TYPE")) {
      options.type = parser.Next();
    } else {
      parser.Fail(kErrSyntax);
    }
  }
  if (parser.Rejected(reply)) return std::nullopt;
  return options;
}

void SendCursor(Reply& reply, uint64_t cursor) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, cursor).ptr;
  reply.Bulk({digits, static_cast<size_t>(end - digits)});
}

// KEYS pattern
void KeysCommand(ReadContext& context) {
  const std::string_view pattern = context.args[1];
  if (GlobIsLiteral(pattern)) {
    const bool found = context.keyspace.Find(context.db, pattern) != nullptr;
    context.reply.ArrayHeader(found ? 1 : 0);
    if (found) context.reply.Bulk(pattern);
    return;
  }
  const bool all = pattern == "*";
  size_t count = 0;
  const size_t array = context.reply.OpenArray();
  context.keyspace.ForEach(context.db, [&](const Entry& entry) {
    if (!all && !GlobMatches(pattern, entry.key())) return;
    context.reply.Bulk(entry.key());
    ++count;
  });
  context.reply.CloseArray(array, count);
}

// SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]
void ScanCommand(ReadContext& context) {
  const auto cursor = ReadCursor(context.args[1], context.reply);
  if (!cursor) return;
  const auto options = ReadScanOptions(context.args, 2, true, context.reply);
  if (!options) return;
  std::vector<std::string_view> keys;
  const uint64_t next =
      context.keyspace.Scan(context.db, *cursor, options->count, [&](const Entry& entry) {
        // A type that does not exist fits no key.
        if (options->type && !EqualsIgnoreCase(*options->type, TypeName(entry.type()))) return;
        if (options->Fits(entry.key())) keys.push_back(entry.key());
      });
  context.reply.ArrayHeader(2);
  SendCursor(context.reply, next);
  context.reply.ArrayHeader(keys.size());
  for (const std::string_view key : keys) context.reply.Bulk(key);
}

}  // namespace mydis
