// XREAD and XREADGROUP, and how they wait.
#include <fmt/format.h>

#include <algorithm>

#include "commands/stream_words.h"
#include "commands/streams.h"

namespace mydis {
namespace {

constexpr std::string_view kErrDollar =
    "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of "
    "this "
    "consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just "
    "return an empty result set.";
constexpr std::string_view kErrNew =
    "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> "
    "option.";

// A consumer that was seen this long ago says that it is there before it waits.
constexpr int64_t kSeenEnoughMs = 500;
// Waiters of a group that are woken by one change at most.
constexpr size_t kMaxSupply = 1024;

struct ReadOptions {
  bool of_group = false;   // XREADGROUP.
  bool in_script = false;  // Where nobody can wait, and Redis says so.
  std::optional<int64_t> timeout_ms;
  uint64_t count = 0;  // 0: all.
  bool no_ack = false;
  bool group_given = false;
  std::string_view group;
  std::string_view consumer;
  Args keys;
  Args ids;
  size_t first_id = 0;  // Its position among the words.
};

// Takes one option before STREAMS; `error` stays empty if it makes sense.
void ReadOption(Args args, size_t* next, uint64_t now_ms, ReadOptions& options,
                std::string& error) {
  const std::string_view word = args[(*next)++];
  const size_t more = args.size() - *next;
  if (more >= 1 && EqualsUpper(word, "BLOCK")) {
    if (options.in_script) {
      error = fmt::format("ERR {} command is not allowed with BLOCK option from scripts", args[0]);
      return;
    }
    std::string_view reason;
    options.timeout_ms = ParseTimeoutMs(args[(*next)++], now_ms, &reason);
    error = reason;
  } else if (more >= 1 && EqualsUpper(word, "COUNT")) {
    const auto count = ParseInteger(args[(*next)++]);
    if (!count) error = kErrNotInteger;
    options.count = static_cast<uint64_t>(std::max<int64_t>(count.value_or(0), 0));
  } else if (more >= 2 && EqualsUpper(word, "GROUP")) {
    options.group_given = true;
    options.group = args[(*next)++];
    options.consumer = args[(*next)++];
    if (!options.of_group)
      error = "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.";
  } else if (EqualsUpper(word, "NOACK")) {
    options.no_ack = true;
    if (!options.of_group)
      error = "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.";
  } else {
    error = kErrSyntax;
  }
}

// What the words say by themselves. The error, or empty.
std::string ReadWords(Args args, bool of_group, uint64_t now_ms, ReadOptions& options) {
  options.of_group = of_group;
  std::string error;
  size_t next = 1;
  while (next < args.size() && !(next + 1 < args.size() && EqualsUpper(args[next], "STREAMS"))) {
    ReadOption(args, &next, now_ms, options, error);
    if (!error.empty()) return error;
  }
  if (next >= args.size()) return std::string(kErrSyntax);
  const Args streams = args.subspan(next + 1);
  if (streams.size() % 2 != 0) {
    return fmt::format(
        "ERR Unbalanced '{}' list of streams: for each stream key an ID or '{}' must be specified.",
        of_group ? "xreadgroup" : "xread", of_group ? '>' : '$');
  }
  if (of_group && !options.group_given) return "ERR Missing GROUP option for XREADGROUP";
  options.keys = streams.first(streams.size() / 2);
  options.ids = streams.subspan(streams.size() / 2);
  options.first_id = args.size() - options.ids.size();
  return {};
}

// One of the streams to read from.
struct Source {
  const Stream* stream = nullptr;  // nullptr: there is no such key.
  StreamId after;                  // Entries beyond this ID.
  bool new_entries = false;        // XREADGROUP's ">".
  // Of XREADGROUP: what is to be sent, once it is known how many streams have something.
  bool serves = false;
  uint64_t delivered = 0;         // New entries, from `after` on.
  std::vector<StreamId> history;  // Else.
};

// What the words mean as the state is now. The error, or empty.
std::string ReadSources(const Keyspace& keyspace, uint32_t db, const ReadOptions& options,
                        std::vector<Source>& sources) {
  for (size_t i = 0; i < options.keys.size(); ++i) {
    const Entry* entry = keyspace.Find(db, options.keys[i]);
    if (entry != nullptr && entry->type() != ValueType::kStream) return std::string(kErrWrongType);
    Source source{.stream = StreamOf(entry)};
    const bool there = source.stream != nullptr &&
                       (!options.of_group || source.stream->FindGroup(options.group) != nullptr);
    if (options.of_group && !there)
      return NoGroupError(options.keys[i], options.group) + " in XREADGROUP with GROUP option";
    const std::string_view id = options.ids[i];
    if (id == "$") {
      if (options.of_group) return std::string(kErrDollar);
      if (there) source.after = source.stream->last_id();
    } else if (id == ">") {
      if (!options.of_group) return std::string(kErrNew);
      source.new_entries = true;
    } else {
      const auto parsed = ParseStreamId(id);
      if (!parsed) return std::string(kErrStreamId);
      source.after = *parsed;
      // Redis keeps ">" as the largest ID.
      source.new_entries = options.of_group && *parsed == StreamId::Max();
    }
    sources.push_back(source);
  }
  return {};
}

bool HasMore(const Source& source) {
  return source.stream != nullptr && source.stream->size() > 0 &&
         source.stream->LastEntryId() > source.after;
}

StreamIterator EntriesOf(const Source& source) {
  return StreamIterator(*source.stream, source.after.Next().value_or(StreamId{}));
}

// A map in RESP3, an array of pairs in RESP2.
void SendHeader(Reply& reply, size_t streams) {
  if (reply.resp_version() == 2) {
    reply.ArrayHeader(streams);
  } else {
    reply.MapHeader(streams);
  }
}

void SendKey(Reply& reply, std::string_view key) {
  if (reply.resp_version() == 2) reply.ArrayHeader(2);
  reply.Bulk(key);
}

// The answer of a command that found nothing.
void SendNothing(Reply& reply, const ReadOptions& options) {
  if (options.timeout_ms) {
    reply.WouldBlock(Reply::NullForm::kArray);
  } else {
    reply.NullArray();
  }
}

// Makes new entries pending for a consumer, sends them unless `reply` is nullptr, and says how
// many.
uint64_t Deliver(const WriteContext& context, const ReadOptions& options, const Source& source,
                 StreamGroup& group, StreamConsumer& consumer, Reply* reply) {
  const auto now_ms = static_cast<int64_t>(context.now_ms);
  const size_t array = reply == nullptr ? 0 : reply->OpenArray();
  uint64_t delivered = 0;
  StreamIterator at = EntriesOf(source);
  while ((options.count == 0 || delivered < options.count) && at.Next()) {
    if (at.id() > group.last_id) source.stream->Advance(group, at.id());
    if (!options.no_ack) {
      group.Deliver(at.id(), consumer, now_ms);
      consumer.active_time_ms = now_ms;
    }
    if (reply != nullptr) SendStreamEntry(*reply, at);
    ++delivered;
  }
  if (reply != nullptr) reply->CloseArray(array, delivered);
  return delivered;
}

// What is pending for a consumer beyond an ID; for entries that are still there it counts as
// another delivery.
std::vector<StreamId> DeliverAgain(const WriteContext& context, const ReadOptions& options,
                                   const Source& source, StreamGroup& group,
                                   const StreamConsumer& consumer) {
  std::vector<StreamId> ids;
  auto at = consumer.pending.LowerBound(source.after.Next().value_or(StreamId{}));
  for (; at.valid() && (options.count == 0 || ids.size() < options.count); at.Next()) {
    ids.push_back(at->id);
    if (!source.stream->Contains(at->id)) continue;
    StreamPending* pending = group.FindPending(at->id);
    pending->delivery_time_ms = static_cast<int64_t>(context.now_ms);
    ++pending->deliveries;
  }
  return ids;
}

void SendHistory(Reply& reply, const Source& source) {
  reply.ArrayHeader(source.history.size());
  for (const StreamId id : source.history) {
    if (SendStreamEntry(reply, *source.stream, id)) continue;
    // The entry itself was deleted meanwhile.
    reply.ArrayHeader(2);
    SendStreamId(reply, id);
    reply.NullArray();
  }
}

// Serves one stream of XREADGROUP. New entries of the only one are sent at once; others wait until
// it is known how many streams have something.
void Serve(WriteContext& context, const ReadOptions& options, std::string_view key, bool alone,
           Source& source) {
  ContainerEdit<Stream> edit(context.keyspace, context.db, key);
  StreamGroup& group = *edit->FindGroup(options.group);
  const auto now_ms = static_cast<int64_t>(context.now_ms);
  if (source.new_entries) source.after = group.last_id;
  source.serves = !source.new_entries || HasMore(source);
  StreamConsumer* consumer = group.FindConsumer(options.consumer);
  if (consumer == nullptr) {
    consumer = &group.CreateConsumer(options.consumer, now_ms);
    context.keyspace.Notify(EventClass::kStream, "xgroup-createconsumer", context.db, key);
  }
  consumer->seen_time_ms = now_ms;
  if (!source.serves) return;
  if (!source.new_entries) {
    source.history = DeliverAgain(context, options, source, group, *consumer);
  } else if (alone) {
    SendHeader(context.reply, 1);
    SendKey(context.reply, key);
    Deliver(context, options, source, group, *consumer, &context.reply);
  } else {
    source.delivered = Deliver(context, options, source, group, *consumer, nullptr);
  }
}

// --- Waiting ---

size_t ReadSupply(const Entry* entry, std::string_view) {
  const bool stream = entry != nullptr && entry->type() == ValueType::kStream;
  return stream && StreamOf(entry)->size() > 0 ? kUnlimitedSupply : 0;
}

// A group that is gone serves everybody: with an error.
size_t GroupSupply(const Entry* entry, std::string_view group_name) {
  if (entry == nullptr || entry->type() != ValueType::kStream) return kUnlimitedSupply;
  const Stream& stream = *StreamOf(entry);
  const StreamGroup* group = stream.FindGroup(group_name);
  if (group == nullptr) return kUnlimitedSupply;
  const auto next = group->last_id.Next();
  if (!next) return 0;
  size_t count = 0;
  for (StreamIterator at(stream, *next); count < kMaxSupply && at.Next();) ++count;
  return count < kMaxSupply ? count : kUnlimitedSupply;
}

constexpr WaitRule kReadRule{.supply = ReadSupply, .writes = false};
constexpr WaitRule kGroupRule{.supply = GroupSupply, .writes = true};

// The parts of a plan that XREAD and XREADGROUP share; false if the command is to run at once.
bool PlanRead(const ReadContext& context, ReadOptions& options, std::vector<Source>& sources,
              WaitPlan* plan) {
  if (!ReadWords(context.args, options.of_group, context.now_ms, options).empty()) return false;
  if (!options.timeout_ms) return false;
  plan->asks = true;
  plan->keys.assign(options.keys.begin(), options.keys.end());
  plan->timeout_ms = *options.timeout_ms;
  return ReadSources(context.keyspace, context.db, options, sources).empty();
}

}  // namespace

void XreadCommand(ReadContext& context) {
  ReadOptions options{.in_script = context.in_script};
  std::string error = ReadWords(context.args, false, context.now_ms, options);
  std::vector<Source> sources;
  if (error.empty()) error = ReadSources(context.keyspace, context.db, options, sources);
  if (!error.empty()) return context.reply.Error(error);
  const auto streams = static_cast<size_t>(std::ranges::count_if(sources, HasMore));
  if (streams == 0) return SendNothing(context.reply, options);
  SendHeader(context.reply, streams);
  for (size_t i = 0; i < sources.size(); ++i) {
    if (!HasMore(sources[i])) continue;
    SendKey(context.reply, options.keys[i]);
    StreamIterator at = EntriesOf(sources[i]);
    SendStreamEntries(context.reply, at, options.count);
  }
}

void XreadgroupCommand(WriteContext& context) {
  ReadOptions options{.in_script = context.in_script};
  std::string error = ReadWords(context.args, true, context.now_ms, options);
  std::vector<Source> sources;
  if (error.empty()) error = ReadSources(context.keyspace, context.db, options, sources);
  if (!error.empty()) return context.reply.Error(error);
  const bool alone = sources.size() == 1;
  size_t serving = 0;
  for (size_t i = 0; i < sources.size(); ++i) {
    Serve(context, options, options.keys[i], alone, sources[i]);
    serving += sources[i].serves ? 1 : 0;
  }
  if (serving == 0) return SendNothing(context.reply, options);
  if (alone && sources[0].new_entries) return;
  SendHeader(context.reply, serving);
  for (size_t i = 0; i < sources.size(); ++i) {
    if (!sources[i].serves) continue;
    SendKey(context.reply, options.keys[i]);
    if (sources[i].new_entries) {
      StreamIterator at = EntriesOf(sources[i]);
      SendStreamEntries(context.reply, at, sources[i].delivered);
    } else {
      SendHistory(context.reply, sources[i]);
    }
  }
}

bool PlanXread(const ReadContext& context, WaitPlan* plan) {
  ReadOptions options;
  std::vector<Source> sources;
  if (!PlanRead(context, options, sources, plan)) return false;
  plan->rule = &kReadRule;
  plan->ready = std::ranges::any_of(sources, HasMore);
  if (std::ranges::find(options.ids, "$") == options.ids.end()) return true;
  // Later "$" would mean a later entry.
  plan->words.assign(context.args.begin(), context.args.end());
  for (size_t i = 0; i < sources.size(); ++i) {
    if (options.ids[i] == "$")
      plan->words[options.first_id + i] = StreamIdText(sources[i].after).view();
  }
  return true;
}

bool PlanXreadgroup(const ReadContext& context, WaitPlan* plan) {
  ReadOptions options{.of_group = true};
  std::vector<Source> sources;
  const bool readable = PlanRead(context, options, sources, plan);
  plan->rule = &kGroupRule;
  plan->tag = options.group;
  if (!readable) return false;
  const auto now_ms = static_cast<int64_t>(context.now_ms);
  for (Source& source : sources) {
    if (!source.new_entries) return false;
    const StreamGroup* group = source.stream->FindGroup(options.group);
    const StreamConsumer* consumer = group->FindConsumer(options.consumer);
    source.after = group->last_id;
    if (HasMore(source)) plan->ready = true;
    if (consumer == nullptr || now_ms - consumer->seen_time_ms > kSeenEnoughMs)
      plan->announces = true;
  }
  return true;
}

}  // namespace mydis
