// XINFO: what is known of a stream, its groups and their consumers.
#include <algorithm>

#include "commands/stream_words.h"
#include "commands/streams.h"

namespace mydis {
namespace {

constexpr uint64_t kDefaultCount = 10;

// The stream at the second word; nullptr if there is none: then the error has been sent.
const Stream* FindStream(const ReadContext& context) {
  const Entry* entry = context.keyspace.Find(context.db, context.args[2]);
  if (entry == nullptr) {
    context.reply.Error(kErrNoSuchKey);
    return nullptr;
  }
  if (!CheckType(entry, ValueType::kStream, context.reply)) return nullptr;
  return StreamOf(entry);
}

void SendCount(Reply& reply, std::string_view name, uint64_t count) {
  reply.Bulk(name);
  reply.Integer(static_cast<int64_t>(count));
}

void SendId(Reply& reply, std::string_view name, StreamId id) {
  reply.Bulk(name);
  SendStreamId(reply, id);
}

void SendKnown(Reply& reply, std::string_view name, std::optional<int64_t> number) {
  reply.Bulk(name);
  if (number) {
    reply.Integer(*number);
  } else {
    reply.Null();
  }
}

std::optional<int64_t> EntriesRead(const StreamGroup& group) {
  if (group.entries_read == StreamGroup::kUnknownEntriesRead) return std::nullopt;
  return group.entries_read;
}

void SendEdge(Reply& reply, std::string_view name, const Stream& stream,
              StreamIterator::Direction direction) {
  reply.Bulk(name);
  StreamIterator edge(stream, {}, StreamId::Max(), direction);
  if (edge.Next()) {
    SendStreamEntry(reply, edge);
  } else {
    reply.Null();
  }
}

// An array of at most `count` (0: all) of what is pending.
template <typename Map, typename Send>
void SendPending(Reply& reply, const Map& pending, uint64_t count, Send send) {
  const size_t sent = count == 0 ? pending.size() : std::min<size_t>(count, pending.size());
  reply.Bulk("pending");
  reply.ArrayHeader(sent);
  auto at = pending.Begin();
  for (size_t i = 0; i < sent; ++i, at.Next()) send(*at);
}

void SendConsumer(Reply& reply, const StreamGroup& group, const StreamConsumer& consumer,
                  uint64_t count) {
  reply.MapHeader(5);
  reply.Bulk("name");
  reply.Bulk(consumer.name);
  reply.Bulk("seen-time");
  reply.Integer(consumer.seen_time_ms);
  reply.Bulk("active-time");
  reply.Integer(consumer.active_time_ms);
  SendCount(reply, "pel-count", consumer.pending.size());
  SendPending(reply, consumer.pending, count, [&](const StreamConsumer::Pending& own) {
    const StreamPending& pending = *group.pending().Find(own.id);
    reply.ArrayHeader(3);
    SendStreamId(reply, pending.id);
    reply.Integer(pending.delivery_time_ms);
    reply.Integer(pending.deliveries);
  });
}

void SendGroup(Reply& reply, const Stream& stream, std::string_view name, const StreamGroup& group,
               uint64_t count) {
  reply.MapHeader(7);
  reply.Bulk("name");
  reply.Bulk(name);
  SendId(reply, "last-delivered-id", group.last_id);
  SendKnown(reply, "entries-read", EntriesRead(group));
  SendKnown(reply, "lag", stream.Lag(group));
  SendCount(reply, "pel-count", group.pending().size());
  SendPending(reply, group.pending(), count, [&](const StreamPending& pending) {
    reply.ArrayHeader(4);
    SendStreamId(reply, pending.id);
    reply.Bulk(pending.consumer->name);
    reply.Integer(pending.delivery_time_ms);
    reply.Integer(pending.deliveries);
  });
  reply.Bulk("consumers");
  reply.ArrayHeader(group.consumers().size());
  for (const auto& [consumer_name, consumer] : group.consumers())
    SendConsumer(reply, group, consumer, count);
}

// Reads FULL [COUNT count]; false if the words are no such: then the error has been sent.
bool ReadFull(const ReadContext& context, bool* full, uint64_t* count) {
  const Args args = context.args;
  *full = args.size() > 3;
  if (!*full) return true;
  const bool with_count = args.size() == 6;
  if ((args.size() != 4 && !with_count) || !EqualsUpper(args[3], "FULL") ||
      (with_count && !EqualsUpper(args[4], "COUNT"))) {
    context.reply.Error(SubcommandError("XINFO", args[1]));
    return false;
  }
  if (!with_count) return true;
  const auto given = ReadInteger(args[5], context.reply);
  if (!given) return false;
  if (*given >= 0) *count = static_cast<uint64_t>(*given);
  return true;
}

}  // namespace

// XINFO STREAM key [FULL [COUNT count]]
void XinfoStreamCommand(ReadContext& context) {
  const Stream* found = FindStream(context);
  if (found == nullptr) return;
  const Stream& stream = *found;
  Reply& reply = context.reply;
  bool full = false;
  uint64_t count = kDefaultCount;
  if (!ReadFull(context, &full, &count)) return;
  reply.MapHeader(full ? 9 : 10);
  SendCount(reply, "length", stream.size());
  SendCount(reply, "radix-tree-keys", stream.nodes().size());
  SendCount(reply, "radix-tree-nodes", stream.RadixTreeNodes());
  SendId(reply, "last-generated-id", stream.last_id());
  SendId(reply, "max-deleted-entry-id", stream.max_deleted_id());
  SendCount(reply, "entries-added", stream.entries_added());
  SendId(reply, "recorded-first-entry-id", stream.first_id());
  if (!full) {
    SendCount(reply, "groups", stream.groups().size());
    SendEdge(reply, "first-entry", stream, StreamIterator::Direction::kForward);
    return SendEdge(reply, "last-entry", stream, StreamIterator::Direction::kBackward);
  }
  reply.Bulk("entries");
  StreamIterator at(stream);
  SendStreamEntries(reply, at, count);
  reply.Bulk("groups");
  reply.ArrayHeader(stream.groups().size());
  for (const auto& [name, group] : stream.groups()) SendGroup(reply, stream, name, group, count);
}

// XINFO GROUPS key
void XinfoGroupsCommand(ReadContext& context) {
  const Stream* stream = FindStream(context);
  if (stream == nullptr) return;
  Reply& reply = context.reply;
  reply.ArrayHeader(stream->groups().size());
  for (const auto& [name, group] : stream->groups()) {
    reply.MapHeader(6);
    reply.Bulk("name");
    reply.Bulk(name);
    SendCount(reply, "consumers", group.consumers().size());
    SendCount(reply, "pending", group.pending().size());
    SendId(reply, "last-delivered-id", group.last_id);
    SendKnown(reply, "entries-read", EntriesRead(group));
    SendKnown(reply, "lag", stream->Lag(group));
  }
}

// XINFO CONSUMERS key group
void XinfoConsumersCommand(ReadContext& context) {
  const Stream* stream = FindStream(context);
  if (stream == nullptr) return;
  const StreamGroup* group = stream->FindGroup(context.args[3]);
  if (group == nullptr)
    return context.reply.Error(NoGroupOfKeyError(context.args[2], context.args[3]));
  Reply& reply = context.reply;
  const auto now_ms = static_cast<int64_t>(context.now_ms);
  reply.ArrayHeader(group->consumers().size());
  for (const auto& [name, consumer] : group->consumers()) {
    reply.MapHeader(4);
    reply.Bulk("name");
    reply.Bulk(name);
    SendCount(reply, "pending", consumer.pending.size());
    reply.Bulk("idle");
    reply.Integer(std::max<int64_t>(now_ms - consumer.seen_time_ms, 0));
    reply.Bulk("inactive");
    reply.Integer(consumer.active_time_ms == -1 ? -1 : now_ms - consumer.active_time_ms);
  }
}

void XinfoHelpCommand(ReadContext& context) {
  static constexpr std::string_view kLines[] = {
      "XINFO <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "CONSUMERS <key> <group>",
      "    The consumers of a group.",
      "GROUPS <key>",
      "    The groups of a stream.",
      "STREAM <key> [FULL [COUNT <count>]]",
      "    What is known of a stream; FULL with entries, groups and what is pending.",
      "HELP",
      "    Print this help.",
  };
  context.reply.ArrayHeader(std::size(kLines));
  for (const std::string_view line : kLines) context.reply.Simple(line);
}

}  // namespace mydis
