// Pending entries that change their consumer: XCLAIM and XAUTOCLAIM.
#include <fmt/format.h>

#include <algorithm>

#include "commands/stream_words.h"
#include "commands/streams.h"

namespace mydis {
namespace {

// Redis counts ten looks for each entry that may be claimed.
constexpr int64_t kLooksPerEntry = 10;
// The largest COUNT that XAUTOCLAIM takes.
constexpr int64_t kMaxCount = INT64_MAX / 16;

struct ClaimOptions {
  int64_t min_idle_ms = 0;
  std::vector<StreamId> ids;
  std::optional<int64_t> delivery_time_ms;
  int64_t deliveries = -1;  // -1: one more.
  bool force = false;
  bool just_id = false;
  StreamId last_id;
};

// Reads what follows the IDs; false if it makes no sense: then the error has been sent.
bool ReadClaimOptions(const WriteContext& context, size_t first, ClaimOptions& options) {
  const auto now_ms = static_cast<int64_t>(context.now_ms);
  ArgParser parser(context.args, first);
  while (parser.HasNext()) {
    const bool more = parser.remaining() >= 2;
    if (parser.Accept("FORCE")) {
      options.force = true;
    } else if (parser.Accept("JUSTID")) {
      options.just_id = true;
    } else if (more && parser.Accept("IDLE")) {
      const int64_t idle = parser.Integer("ERR Invalid IDLE option argument for XCLAIM");
      // Modulo 2^64: what is out of range becomes now.
      options.delivery_time_ms =
          static_cast<int64_t>(static_cast<uint64_t>(now_ms) - static_cast<uint64_t>(idle));
    } else if (more && parser.Accept("TIME")) {
      options.delivery_time_ms = parser.Integer("ERR Invalid TIME option argument for XCLAIM");
    } else if (more && parser.Accept("RETRYCOUNT")) {
      options.deliveries = parser.Integer("ERR Invalid RETRYCOUNT option argument for XCLAIM");
    } else if (more && parser.Accept("LASTID")) {
      const auto id = ParseStreamId(parser.Next());
      if (!id) parser.Fail(kErrStreamId);
      options.last_id = id.value_or(StreamId{});
    } else {
      parser.Fail(fmt::format("ERR Unrecognized XCLAIM option '{}'", parser.Next()));
    }
  }
  return !parser.Rejected(context.reply);
}

StreamConsumer& FindOrCreateConsumer(WriteContext& context, StreamGroup& group,
                                     std::string_view name) {
  const auto now_ms = static_cast<int64_t>(context.now_ms);
  StreamConsumer* consumer = group.FindConsumer(name);
  if (consumer == nullptr) {
    consumer = &group.CreateConsumer(name, now_ms);
    context.keyspace.Notify(EventClass::kStream, "xgroup-createconsumer", context.db,
                            context.args[1]);
  }
  consumer->seen_time_ms = now_ms;
  return *consumer;
}

void SendClaimed(Reply& reply, const Stream& stream, StreamId id, bool just_id) {
  if (just_id) return SendStreamId(reply, id);
  MYDIS_ASSERT(SendStreamEntry(reply, stream, id), "the entry is there");
}

// Claims one entry; true if it has been sent.
bool Claim(const WriteContext& context, const Stream& stream, StreamGroup& group,
           StreamConsumer& consumer, const ClaimOptions& options, StreamId id) {
  const auto now_ms = static_cast<int64_t>(context.now_ms);
  StreamPending* pending = group.FindPending(id);
  if (!stream.Contains(id)) {
    // Deleted meanwhile: nobody can process it any more.
    if (pending != nullptr) group.Acknowledge(id);
    return false;
  }
  if (pending == nullptr) {
    if (!options.force) return false;
    pending = &group.AddPending(id, consumer, now_ms, 1);
  } else if (options.min_idle_ms != 0 && now_ms - pending->delivery_time_ms < options.min_idle_ms) {
    return false;
  }
  group.Reassign(*pending, consumer);
  pending->delivery_time_ms = *options.delivery_time_ms;
  if (options.deliveries >= 0) {
    pending->deliveries = options.deliveries;
  } else if (!options.just_id) {
    ++pending->deliveries;
  }
  SendClaimed(context.reply, stream, id, options.just_id);
  consumer.active_time_ms = now_ms;
  return true;
}

struct AutoclaimOptions {
  int64_t min_idle_ms = 0;
  StreamId start;
  int64_t count = 100;
  bool just_id = false;
};

// False if the words make no sense; then the error has been sent.
bool ReadAutoclaimOptions(const WriteContext& context, AutoclaimOptions& options) {
  const auto min_idle = ReadInteger(context.args[4], context.reply,
                                    "ERR Invalid min-idle-time argument for XAUTOCLAIM");
  if (!min_idle) return false;
  options.min_idle_ms = std::max<int64_t>(*min_idle, 0);
  const auto start = ReadIntervalStart(context.args[5], context.reply);
  if (!start) return false;
  options.start = *start;
  ArgParser parser(context.args, 6);
  while (parser.HasNext()) {
    if (parser.remaining() >= 2 && parser.Accept("COUNT")) {
      constexpr std::string_view kErrCount = "ERR COUNT must be > 0";
      options.count = parser.Integer(kErrCount);
      if (options.count < 1 || options.count > kMaxCount) parser.Fail(kErrCount);
    } else if (parser.Accept("JUSTID")) {
      options.just_id = true;
    } else {
      parser.Fail(kErrSyntax);
    }
  }
  return !parser.Rejected(context.reply);
}

// What one XAUTOCLAIM did.
struct Autoclaimed {
  StreamId next;  // Where the next one begins; 0-0 at the end.
  std::vector<StreamId> claimed;
  std::vector<StreamId> deleted;
};

Autoclaimed ClaimIdle(const WriteContext& context, const Stream& stream, StreamGroup& group,
                      StreamConsumer& consumer, const AutoclaimOptions& options) {
  const auto now_ms = static_cast<int64_t>(context.now_ms);
  Autoclaimed result;
  int64_t left = options.count;
  int64_t looks =
      options.count > INT64_MAX / kLooksPerEntry ? INT64_MAX : options.count * kLooksPerEntry;
  auto at = group.pending().LowerBound(options.start);
  for (; at.valid() && left > 0 && looks > 0; --looks) {
    const StreamId id = at->id;
    if (!stream.Contains(id)) {
      group.Acknowledge(id);
      result.deleted.push_back(id);
      at = group.pending().LowerBound(id);
      --left;
      continue;
    }
    at.Next();
    StreamPending& pending = *group.FindPending(id);
    if (options.min_idle_ms != 0 && now_ms - pending.delivery_time_ms < options.min_idle_ms)
      continue;
    group.Reassign(pending, consumer);
    pending.delivery_time_ms = now_ms;
    if (!options.just_id) ++pending.deliveries;
    consumer.active_time_ms = now_ms;
    result.claimed.push_back(id);
    --left;
  }
  if (at.valid()) result.next = at->id;
  return result;
}

}  // namespace

// XCLAIM key group consumer min-idle-time id [id ...] [option ...]
void XclaimCommand(WriteContext& context) {
  const std::string_view key = context.args[1];
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (!CheckType(entry, ValueType::kStream, context.reply)) return;
  if (entry == nullptr || StreamOf(entry)->FindGroup(context.args[2]) == nullptr)
    return context.reply.Error(NoGroupError(key, context.args[2]));
  ClaimOptions options;
  const auto min_idle =
      ReadInteger(context.args[4], context.reply, "ERR Invalid min-idle-time argument for XCLAIM");
  if (!min_idle) return;
  options.min_idle_ms = std::max<int64_t>(*min_idle, 0);
  // IDs end where a word is none.
  size_t i = 5;
  for (; i < context.args.size(); ++i) {
    const auto id = ParseStreamId(context.args[i]);
    if (!id) break;
    options.ids.push_back(*id);
  }
  if (!ReadClaimOptions(context, i, options)) return;
  const auto now_ms = static_cast<int64_t>(context.now_ms);
  const int64_t time_ms = options.delivery_time_ms.value_or(now_ms);
  options.delivery_time_ms = time_ms < 0 || time_ms > now_ms ? now_ms : time_ms;

  ContainerEdit<Stream> edit(context.keyspace, context.db, key);
  StreamGroup& group = *edit->FindGroup(context.args[2]);
  group.last_id = std::max(group.last_id, options.last_id);
  StreamConsumer& consumer = FindOrCreateConsumer(context, group, context.args[3]);
  const size_t array = context.reply.OpenArray();
  size_t claimed = 0;
  for (const StreamId id : options.ids)
    claimed += Claim(context, *edit, group, consumer, options, id) ? 1 : 0;
  context.reply.CloseArray(array, claimed);
}

// XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID]
void XautoclaimCommand(WriteContext& context) {
  AutoclaimOptions options;
  if (!ReadAutoclaimOptions(context, options)) return;
  const std::string_view key = context.args[1];
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (!CheckType(entry, ValueType::kStream, context.reply)) return;
  if (entry == nullptr || StreamOf(entry)->FindGroup(context.args[2]) == nullptr)
    return context.reply.Error(NoGroupError(key, context.args[2]));

  ContainerEdit<Stream> edit(context.keyspace, context.db, key);
  const Stream& stream = *edit;
  StreamGroup& group = *edit->FindGroup(context.args[2]);
  StreamConsumer& consumer = FindOrCreateConsumer(context, group, context.args[3]);
  const Autoclaimed result = ClaimIdle(context, stream, group, consumer, options);
  Reply& reply = context.reply;
  reply.ArrayHeader(3);
  SendStreamId(reply, result.next);
  reply.ArrayHeader(result.claimed.size());
  for (const StreamId id : result.claimed) SendClaimed(reply, stream, id, options.just_id);
  reply.ArrayHeader(result.deleted.size());
  for (const StreamId id : result.deleted) SendStreamId(reply, id);
}

}  // namespace mydis
