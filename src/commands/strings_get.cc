// Reading strings: GET, MGET, STRLEN, GETRANGE.
#include <array>

#include "commands/strings.h"
#include "commands/values.h"

namespace mydis {

void GetCommand(ReadContext& context) {
  const Entry* entry = context.keyspace.Find(context.db, context.args[1]);
  if (entry == nullptr) return context.reply.Null();
  if (!CheckString(entry, context.reply)) return;
  SendString(context.reply, *entry);
}

void MgetCommand(ReadContext& context) {
  // A group's cache misses overlap: all tables are asked for first, then all slots, all entries.
  constexpr size_t kGroup = 32;
  const Keyspace& keyspace = context.keyspace;
  std::array<uint64_t, kGroup> hashes;
  Args keys = context.args.subspan(1);
  context.reply.ArrayHeader(keys.size());
  while (!keys.empty()) {
    const Args group = keys.first(std::min(kGroup, keys.size()));
    for (size_t i = 0; i < group.size(); ++i) {
      hashes[i] = keyspace.HashOf(group[i]);
      keyspace.PrefetchTable(context.db, hashes[i]);
    }
    for (size_t i = 0; i < group.size(); ++i) keyspace.PrefetchSlot(context.db, hashes[i]);
    for (size_t i = 0; i < group.size(); ++i) keyspace.PrefetchEntry(context.db, hashes[i]);
    for (size_t i = 0; i < group.size(); ++i) {
      const Entry* entry = keyspace.FindHashed(context.db, group[i], hashes[i]);
      Keyspace::CountLookup(entry, context.db, group[i]);
      if (entry == nullptr || !entry->is_string()) {
        context.reply.Null();
      } else {
        SendString(context.reply, *entry);
      }
    }
    keys = keys.subspan(group.size());
  }
}

void StrlenCommand(ReadContext& context) {
  const Entry* entry = context.keyspace.Find(context.db, context.args[1]);
  if (!CheckString(entry, context.reply)) return;
  context.reply.Integer(entry == nullptr ? 0 : static_cast<int64_t>(entry->string_size()));
}

void GetrangeCommand(ReadContext& context) {
  ArgParser parser(context.args, 2);
  int64_t first = parser.Integer();
  int64_t last = parser.Integer();
  if (parser.Rejected(context.reply)) return;
  const Entry* entry = context.keyspace.Find(context.db, context.args[1]);
  if (!CheckString(entry, context.reply)) return;

  Entry::Scratch scratch;
  const std::string_view value = StringOf(entry, scratch);
  const auto size = static_cast<int64_t>(value.size());
  if (first < 0 && last < 0 && first > last) return context.reply.Bulk({});
  // Positions before the beginning are taken as the beginning, even a last one.
  if (first < 0) first = std::max<int64_t>(0, first + size);
  if (last < 0) last = std::max<int64_t>(0, last + size);
  last = std::min(last, size - 1);
  if (first > last) return context.reply.Bulk({});
  context.reply.Bulk(
      value.substr(static_cast<size_t>(first), static_cast<size_t>(last - first + 1)));
}

}  // namespace mydis
