// Commands about whole databases.
#include <cstdint>
#include <limits>

#include "commands/arg_parser.h"
#include "commands/errors.h"
#include "commands/keys.h"

namespace mydis {
namespace {

constexpr std::string_view kErrDatabase = "ERR DB index is out of range";

// [ASYNC | SYNC]: both are the same here. False if it is something else: then the error has been
// sent.
bool CheckFlushMode(WriteContext& context) {
  if (context.args.size() == 1) return true;
  if (context.args.size() == 2 &&
      (EqualsUpper(context.args[1], "ASYNC") || EqualsUpper(context.args[1], "SYNC"))) {
    return true;
  }
  context.reply.Error(kErrSyntax);
  return false;
}

// nullopt if `word` is no 32-bit integer: then the error, `message` if there is one, has been sent.
std::optional<int32_t> ReadInt32(std::string_view word, Reply& reply, std::string_view message) {
  const auto number = ParseInteger(word);
  const bool fits = number && *number >= std::numeric_limits<int32_t>::min() &&
                    *number <= std::numeric_limits<int32_t>::max();
  if (fits) return static_cast<int32_t>(*number);
  if (!message.empty()) {
    reply.Error(message);
  } else if (!number) {
    reply.Error(kErrNotInteger);
  } else {
    reply.Error("ERR value is out of range, value must between -2147483648 and 2147483647");
  }
  return std::nullopt;
}

bool CheckDatabase(int32_t number, const Keyspace& keyspace, Reply& reply) {
  if (number >= 0 && static_cast<uint32_t>(number) < keyspace.databases()) return true;
  reply.Error(kErrDatabase);
  return false;
}

}  // namespace

std::optional<uint32_t> ReadDatabase(std::string_view word, const Keyspace& keyspace,
                                     Reply& reply) {
  const auto number = ReadInt32(word, reply, {});
  if (!number || !CheckDatabase(*number, keyspace, reply)) return std::nullopt;
  return static_cast<uint32_t>(*number);
}

void DbsizeCommand(ReadContext& context) {
  context.reply.Integer(static_cast<int64_t>(context.keyspace.Size(context.db)));
}

void FlushdbCommand(WriteContext& context) {
  if (!CheckFlushMode(context)) return;
  context.keyspace.Flush(context.db);
  context.reply.Ok();
}

void FlushallCommand(WriteContext& context) {
  if (!CheckFlushMode(context)) return;
  context.keyspace.FlushAll();
  context.reply.Ok();
}

// SWAPDB index1 index2. Words that are no numbers are found before numbers that are no databases.
void SwapdbCommand(WriteContext& context) {
  const auto first = ReadInt32(context.args[1], context.reply, "ERR invalid first DB index");
  if (!first) return;
  const auto second = ReadInt32(context.args[2], context.reply, "ERR invalid second DB index");
  if (!second || !CheckDatabase(*first, context.keyspace, context.reply) ||
      !CheckDatabase(*second, context.keyspace, context.reply)) {
    return;
  }
  if (*first != *second) {
    context.keyspace.SwapDatabases(static_cast<uint32_t>(*first), static_cast<uint32_t>(*second));
  }
  context.reply.Ok();
}

}  // namespace mydis
