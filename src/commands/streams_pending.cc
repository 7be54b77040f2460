// What was delivered and not acknowledged: XACK and XPENDING.
#include <algorithm>
#include <charconv>

#include "commands/stream_words.h"
#include "commands/streams.h"

namespace mydis {
namespace {

struct PendingOptions {
  int64_t min_idle_ms = 0;
  StreamId start;
  StreamId end;
  int64_t count = 0;
  std::optional<std::string_view> consumer;
};

// Reads what follows the group; false if it makes no sense: then the error has been sent.
bool ReadOptions(const ReadContext& context, PendingOptions& options) {
  const Args args = context.args;
  size_t start = 3;
  if (EqualsUpper(args[3], "IDLE")) {
    const auto idle = ReadInteger(args[4], context.reply);
    if (!idle) return false;
    if (args.size() < 8) {
      context.reply.Error(kErrSyntax);
      return false;
    }
    options.min_idle_ms = *idle;
    start += 2;
  }
  const auto count = ReadInteger(args[start + 2], context.reply);
  if (!count) return false;
  options.count = std::max<int64_t>(*count, 0);
  const auto first = ReadIntervalStart(args[start], context.reply);
  if (!first) return false;
  const auto last = ReadIntervalEnd(args[start + 1], context.reply);
  if (!last) return false;
  options.start = *first;
  options.end = *last;
  if (start + 3 < args.size()) options.consumer = args[start + 3];
  return true;
}

void SendNumberAsText(Reply& reply, size_t number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  reply.Bulk({digits, static_cast<size_t>(end - digits)});
}

void SendSummary(Reply& reply, const StreamGroup& group) {
  const auto& pending = group.pending();
  reply.ArrayHeader(4);
  reply.Integer(static_cast<int64_t>(pending.size()));
  if (pending.empty()) {
    reply.Null();
    reply.Null();
    return reply.NullArray();
  }
  SendStreamId(reply, pending.front().id);
  SendStreamId(reply, pending.back().id);
  const size_t array = reply.OpenArray();
  size_t consumers = 0;
  for (const auto& [name, consumer] : group.consumers()) {
    if (consumer.pending.empty()) continue;
    reply.ArrayHeader(2);
    reply.Bulk(name);
    SendNumberAsText(reply, consumer.pending.size());
    ++consumers;
  }
  reply.CloseArray(array, consumers);
}

void SendPending(Reply& reply, const StreamPending& pending, int64_t now_ms) {
  reply.ArrayHeader(4);
  SendStreamId(reply, pending.id);
  reply.Bulk(pending.consumer->name);
  reply.Integer(std::max<int64_t>(now_ms - pending.delivery_time_ms, 0));
  reply.Integer(pending.deliveries);
}

void SendRange(const ReadContext& context, const StreamGroup& group,
               const PendingOptions& options) {
  Reply& reply = context.reply;
  const StreamConsumer* consumer = nullptr;
  if (options.consumer) {
    consumer = group.FindConsumer(*options.consumer);
    if (consumer == nullptr) return reply.ArrayHeader(0);
  }
  const auto now_ms = static_cast<int64_t>(context.now_ms);
  const size_t array = reply.OpenArray();
  int64_t sent = 0;
  const auto send = [&](const StreamPending& pending) {
    if (options.min_idle_ms != 0 && now_ms - pending.delivery_time_ms < options.min_idle_ms) return;
    SendPending(reply, pending, now_ms);
    ++sent;
  };
  if (consumer == nullptr) {
    auto at = group.pending().LowerBound(options.start);
    for (; sent < options.count && at.valid() && at->id <= options.end; at.Next()) send(*at);
  } else {
    auto at = consumer->pending.LowerBound(options.start);
    for (; sent < options.count && at.valid() && at->id <= options.end; at.Next())
      send(*group.pending().Find(at->id));
  }
  reply.CloseArray(array, static_cast<size_t>(sent));
}

}  // namespace

// XACK key group id [id ...]
void XackCommand(WriteContext& context) {
  const std::string_view key = context.args[1];
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (!CheckType(entry, ValueType::kStream, context.reply)) return;
  if (entry == nullptr || StreamOf(entry)->FindGroup(context.args[2]) == nullptr)
    return context.reply.Integer(0);
  const auto ids = ReadStreamIds(context.args, 3, context.reply);
  if (!ids) return;
  ContainerEdit<Stream> edit(context.keyspace, context.db, key);
  StreamGroup& group = *edit->FindGroup(context.args[2]);
  int64_t acknowledged = 0;
  for (const StreamId id : *ids) acknowledged += group.Acknowledge(id) ? 1 : 0;
  context.reply.Integer(acknowledged);
}

// XPENDING key group [[IDLE min-idle-time] start end count [consumer]]
void XpendingCommand(ReadContext& context) {
  const Args args = context.args;
  if (args.size() != 3 && (args.size() < 6 || args.size() > 9))
    return context.reply.Error(kErrSyntax);
  PendingOptions options;
  const bool summary = args.size() == 3;
  if (!summary && !ReadOptions(context, options)) return;
  const Entry* entry = context.keyspace.Find(context.db, args[1]);
  if (!CheckType(entry, ValueType::kStream, context.reply)) return;
  const StreamGroup* group = entry == nullptr ? nullptr : StreamOf(entry)->FindGroup(args[2]);
  if (group == nullptr) return context.reply.Error(NoGroupError(args[1], args[2]));
  if (summary) {
    SendSummary(context.reply, *group);
  } else {
    SendRange(context, *group, options);
  }
}

}  // namespace mydis
