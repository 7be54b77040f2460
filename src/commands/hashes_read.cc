// Reading hashes.
#include <limits>
#include <string>
#include <vector>

#include "commands/hashes.h"
#include "commands/random_picks.h"
#include "commands/scan.h"
#include "commands/values.h"

namespace mydis {
namespace {

void SendField(Reply& reply, const Hash* hash, std::string_view field) {
  const auto value = hash == nullptr ? std::nullopt : hash->Find(field);
  if (!value) return reply.Null();
  SendHashText(reply, *value);
}

// Positions chosen by chance come out with their values, pairs nested in RESP3.
void SendPicked(ReadContext& context, const Hash::Item& item, bool with_values) {
  if (with_values && context.reply.resp_version() > 2) context.reply.ArrayHeader(2);
  SendHashText(context.reply, item.field);
  if (with_values) SendHashText(context.reply, item.value);
}

void PickedHeader(ReadContext& context, size_t count, bool with_values) {
  context.reply.ArrayHeader(with_values && context.reply.resp_version() == 2 ? 2 * count : count);
}

// The same field may come more than once.
void SendRepeated(ReadContext& context, const Hash& hash, size_t count, bool with_values) {
  std::vector<Hash::Item> items;
  if (hash.walks() && count > 1) {
    hash.ForEach([&](const Hash::Value& field, const Hash::Value& value) {
      items.push_back({field, value});
    });
  }
  PickedHeader(context, count, with_values);
  for (; count > 0; --count) {
    const size_t position = context.random.Below(hash.size());
    SendPicked(context, items.empty() ? hash.At(position) : items[position], with_values);
  }
}

void SendDistinct(ReadContext& context, const Hash& hash, size_t count, bool with_values) {
  const std::vector<uint32_t> picked = PickDistinct(context.random, hash.size(), count);
  PickedHeader(context, count, with_values);
  if (!hash.walks()) {
    for (const uint32_t position : picked) SendPicked(context, hash.At(position), with_values);
    return;
  }
  size_t position = 0;
  size_t next = 0;
  hash.ForEach([&](const Hash::Value& field, const Hash::Value& value) {
    if (next == picked.size() || picked[next] != position++) return;
    SendPicked(context, {field, value}, with_values);
    ++next;
  });
}

}  // namespace

bool FindHash(const ReadContext& context, std::string_view key, const Hash** hash) {
  const Entry* entry = context.keyspace.Find(context.db, key);
  *hash = nullptr;
  if (entry == nullptr) return true;
  if (!CheckType(entry, ValueType::kHash, context.reply)) return false;
  *hash = &entry->as<Hash>();
  return true;
}

// HGET key field
void HgetCommand(ReadContext& context) {
  const Hash* hash = nullptr;
  if (FindHash(context, context.args[1], &hash)) SendField(context.reply, hash, context.args[2]);
}

// HMGET key field [field ...]
void HmgetCommand(ReadContext& context) {
  const Hash* hash = nullptr;
  if (!FindHash(context, context.args[1], &hash)) return;
  const Args fields = context.args.subspan(2);
  context.reply.ArrayHeader(fields.size());
  for (const std::string_view field : fields) SendField(context.reply, hash, field);
}

// HGETALL key
void HgetallCommand(ReadContext& context) {
  const Hash* hash = nullptr;
  if (!FindHash(context, context.args[1], &hash)) return;
  context.reply.MapHeader(hash == nullptr ? 0 : hash->size());
  if (hash == nullptr) return;
  hash->ForEach([&](const Hash::Value& field, const Hash::Value& value) {
    SendHashText(context.reply, field);
    SendHashText(context.reply, value);
  });
}

// HKEYS key
void HkeysCommand(ReadContext& context) {
  const Hash* hash = nullptr;
  if (!FindHash(context, context.args[1], &hash)) return;
  context.reply.ArrayHeader(hash == nullptr ? 0 : hash->size());
  if (hash == nullptr) return;
  hash->ForEach(
      [&](const Hash::Value& field, const Hash::Value&) { SendHashText(context.reply, field); });
}

// HVALS key
void HvalsCommand(ReadContext& context) {
  const Hash* hash = nullptr;
  if (!FindHash(context, context.args[1], &hash)) return;
  context.reply.ArrayHeader(hash == nullptr ? 0 : hash->size());
  if (hash == nullptr) return;
  hash->ForEach(
      [&](const Hash::Value&, const Hash::Value& value) { SendHashText(context.reply, value); });
}

// HLEN key
void HlenCommand(ReadContext& context) {
  const Hash* hash = nullptr;
  if (!FindHash(context, context.args[1], &hash)) return;
  context.reply.Integer(hash == nullptr ? 0 : static_cast<int64_t>(hash->size()));
}

// HSTRLEN key field
void HstrlenCommand(ReadContext& context) {
  const Hash* hash = nullptr;
  if (!FindHash(context, context.args[1], &hash)) return;
  const auto value = hash == nullptr ? std::nullopt : hash->Find(context.args[2]);
  Hash::Value::Scratch scratch;
  context.reply.Integer(value ? static_cast<int64_t>(value->string(scratch).size()) : 0);
}

// HEXISTS key field
void HexistsCommand(ReadContext& context) {
  const Hash* hash = nullptr;
  if (!FindHash(context, context.args[1], &hash)) return;
  context.reply.Integer(hash != nullptr && hash->Contains(context.args[2]) ? 1 : 0);
}

// HRANDFIELD key [count [WITHVALUES]]
void HrandfieldCommand(ReadContext& context) {
  const Hash* hash = nullptr;
  if (context.args.size() == 2) {
    if (!FindHash(context, context.args[1], &hash)) return;
    if (hash == nullptr) return context.reply.Null();
    return SendHashText(context.reply, hash->At(context.random.Below(hash->size())).field);
  }
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  const auto count = ReadPickCount(context.args[2], kMost, context.reply);
  if (!count) return;
  const bool with_values = context.args.size() == 4;
  if (context.args.size() > 4 || (with_values && !EqualsUpper(context.args[3], "WITHVALUES")))
    return context.reply.Error(kErrSyntax);
  if (with_values && (*count < -kMost / 2 || *count > kMost / 2))
    return context.reply.Error("ERR value is out of range");
  if (!FindHash(context, context.args[1], &hash)) return;
  if (hash == nullptr || *count == 0) return context.reply.ArrayHeader(0);
  if (*count < 0) return SendRepeated(context, *hash, static_cast<size_t>(-*count), with_values);
  SendDistinct(context, *hash, std::min(static_cast<size_t>(*count), hash->size()), with_values);
}

// HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]
void HscanCommand(ReadContext& context) {
  const auto cursor = ReadCursor(context.args[2], context.reply);
  const Hash* hash = nullptr;
  if (!cursor || !FindHash(context, context.args[1], &hash)) return;
  std::vector<Hash::Item> items;
  uint64_t next = 0;
  bool values = true;
  if (hash != nullptr) {
    Args words = context.args;
    std::vector<std::string_view> others;
    for (size_t i = 0; i < words.size(); ++i) {
      // What stands behind MATCH or COUNT is no option.
      const bool argument =
          i > 3 && (EqualsUpper(words[i - 1], "MATCH") || EqualsUpper(words[i - 1], "COUNT"));
      if (i > 2 && !argument && EqualsUpper(words[i], "NOVALUES"))
        values = false;
      else
        others.push_back(words[i]);
    }
    const auto options = ReadScanOptions(others, 3, false, context.reply);
    if (!options) return;
    next = hash->Scan(*cursor, options->count,
                      [&](const Hash::Value& field, const Hash::Value& value) {
                        Hash::Value::Scratch scratch;
                        if (options->Fits(field.string(scratch))) items.push_back({field, value});
                      });
  }
  context.reply.ArrayHeader(2);
  SendCursor(context.reply, next);
  context.reply.ArrayHeader(values ? 2 * items.size() : items.size());
  for (const Hash::Item& item : items) {
    SendHashText(context.reply, item.field);
    if (values) SendHashText(context.reply, item.value);
  }
}

}  // namespace mydis
