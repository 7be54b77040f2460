// The entries of streams: XADD, XTRIM, XDEL, XSETID, XLEN, XRANGE, XREVRANGE.
#include "commands/streams.h"

#include <algorithm>

#include "commands/stream_words.h"

namespace mydis {
namespace {

constexpr std::string_view kErrTwoStrategies =
    "ERR syntax error, MAXLEN and MINID options at the same time are not compatible";

// What XADD and XTRIM are given before the fields.
struct AddOptions {
  StreamTrim trim;
  bool limit_given = false;
  bool make_stream = true;
  bool id_given = false;  // Not "*".
  bool sequence_given = true;
  StreamId id;
  size_t fields = 0;  // XADD: position of the first field.
};

// The limit that Redis sets where the client gave none, against long pauses.
uint64_t DefaultTrimLimit(const EncodingLimits& limits) {
  const uint64_t nodes = limits.stream_node_max_entries;
  if (nodes == 0) return 10000;
  return std::min<uint64_t>(nodes > 10000 ? 1000000 : nodes * 100, 1000000);
}

// Reads what follows MAXLEN or MINID; false if it makes no sense: then the error has been sent.
bool ReadThreshold(Args args, size_t* next, StreamTrim& trim, Reply& reply) {
  const bool operator_may_follow = args.size() - *next >= 2;
  if (operator_may_follow && (args[*next] == "~" || args[*next] == "=")) {
    trim.approximate = args[*next] == "~";
    ++*next;
  }
  const std::string_view threshold = args[(*next)++];
  if (trim.kind == StreamTrim::Kind::kMinId) {
    const auto id = ReadStreamId(threshold, reply);
    trim.min_id = id.value_or(StreamId{});
    return id.has_value();
  }
  const auto length = ReadInteger(threshold, reply);
  if (!length) return false;
  if (*length < 0) {
    reply.Error("ERR The MAXLEN argument must be >= 0.");
    return false;
  }
  trim.max_length = static_cast<uint64_t>(*length);
  return true;
}

bool ReadLimit(std::string_view word, AddOptions& options, Reply& reply) {
  const auto limit = ReadInteger(word, reply);
  if (!limit) return false;
  if (*limit < 0) {
    reply.Error("ERR The LIMIT argument must be >= 0.");
    return false;
  }
  options.trim.limit = static_cast<uint64_t>(*limit);
  options.limit_given = true;
  return true;
}

// What the words mean together; false if they contradict: then the error has been sent.
bool CheckTrim(AddOptions& options, bool of_xadd, const EncodingLimits& limits, Reply& reply) {
  StreamTrim& trim = options.trim;
  const bool none = trim.kind == StreamTrim::Kind::kNone;
  std::string_view error;
  if (none && trim.limit > 0) {
    error = "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy";
  } else if (none && !of_xadd) {
    error = "ERR syntax error, XTRIM must be called with a trimming strategy";
  } else if (options.limit_given && !trim.approximate) {
    error = "ERR syntax error, LIMIT cannot be used without the special ~ option";
  }
  if (!error.empty()) {
    reply.Error(error);
    return false;
  }
  if (trim.approximate && !options.limit_given) trim.limit = DefaultTrimLimit(limits);
  return true;
}

// False if the words make no sense; then the error has been sent.
bool ReadOptions(const WriteContext& context, bool of_xadd, AddOptions& options) {
  const Args args = context.args;
  Reply& reply = context.reply;
  size_t i = 2;
  bool done = false;
  while (i < args.size() && !done) {
    const std::string_view word = args[i++];
    const bool more = i < args.size();
    const bool max_length = more && EqualsUpper(word, "MAXLEN");
    if (of_xadd && word == "*") {
      done = true;
    } else if (max_length || (more && EqualsUpper(word, "MINID"))) {
      if (options.trim.kind != StreamTrim::Kind::kNone) {
        reply.Error(kErrTwoStrategies);
        return false;
      }
      options.trim.kind = max_length ? StreamTrim::Kind::kMaxLength : StreamTrim::Kind::kMinId;
      if (!ReadThreshold(args, &i, options.trim, reply)) return false;
    } else if (more && EqualsUpper(word, "LIMIT")) {
      if (!ReadLimit(args[i++], options, reply)) return false;
    } else if (of_xadd && EqualsUpper(word, "NOMKSTREAM")) {
      options.make_stream = false;
    } else if (of_xadd) {
      const auto id = ParseNewStreamId(word, &options.sequence_given);
      if (!id) {
        reply.Error(kErrStreamId);
        return false;
      }
      options.id = *id;
      options.id_given = done = true;
    } else {
      reply.Error(kErrSyntax);
      return false;
    }
  }
  options.fields = i;
  return CheckTrim(options, of_xadd, context.state.settings.encoding_limits(), reply);
}

// The ID of the new entry; nullopt if it would not come after the last one.
std::optional<StreamId> ChooseId(const Stream* stream, const AddOptions& options, uint64_t now_ms) {
  static const Stream kNone;
  if (stream == nullptr) stream = &kNone;
  const StreamId last = stream->last_id();
  if (!options.id_given) return stream->NextId(now_ms);
  StreamId id = options.id;
  if (!options.sequence_given && id.ms == last.ms) {
    if (last.seq == UINT64_MAX) return std::nullopt;
    id.seq = last.seq + 1;
  }
  return id > last ? std::optional(id) : std::nullopt;
}

void XrangeGeneric(ReadContext& context, StreamIterator::Direction direction) {
  const Args args = context.args;
  const bool forward = direction == StreamIterator::Direction::kForward;
  const auto start = ReadIntervalStart(args[forward ? 2 : 3], context.reply);
  if (!start) return;
  const auto end = ReadIntervalEnd(args[forward ? 3 : 2], context.reply);
  if (!end) return;
  int64_t count = -1;
  ArgParser parser(args, 4);
  while (parser.HasNext()) {
    if (parser.remaining() < 2 || !parser.Accept("COUNT")) {
      parser.Fail(kErrSyntax);
    } else {
      count = std::max<int64_t>(parser.Integer(), 0);
    }
  }
  if (parser.Rejected(context.reply)) return;
  const Entry* entry = context.keyspace.Find(context.db, args[1]);
  if (!CheckType(entry, ValueType::kStream, context.reply)) return;
  if (entry == nullptr) return context.reply.ArrayHeader(0);
  if (count == 0) return context.reply.NullArray();
  StreamIterator at(*StreamOf(entry), *start, *end, direction);
  SendStreamEntries(context.reply, at, static_cast<uint64_t>(std::max<int64_t>(count, 0)));
}

}  // namespace

void XaddCommand(WriteContext& context) {
  AddOptions options;
  if (!ReadOptions(context, true, options)) return;
  const size_t pieces = context.args.size() - options.fields;
  if (pieces < 2 || pieces % 2 == 1)
    return context.reply.Error("ERR wrong number of arguments for 'xadd' command");
  if (options.id_given && options.sequence_given && options.id.zero())
    return context.reply.Error("ERR The ID specified in XADD must be greater than 0-0");
  const std::string_view key = context.args[1];
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (!CheckType(entry, ValueType::kStream, context.reply)) return;
  if (entry == nullptr && !options.make_stream) return context.reply.Null();
  const Stream* stream = StreamOf(entry);
  if (stream != nullptr && stream->last_id() == StreamId::Max()) {
    return context.reply.Error(
        "ERR The stream has exhausted the last possible ID, unable to add more items");
  }
  const auto id = ChooseId(stream, options, context.now_ms);
  if (!id) {
    return context.reply.Error(
        "ERR The ID specified in XADD is equal or smaller than the target stream top item");
  }
  const Stream::Fields fields = context.args.subspan(options.fields);
  if (!Stream::CanHold(fields))
    return context.reply.Error("ERR Elements are too large to be stored");

  ContainerEdit<Stream> edit(context.keyspace, context.db, key);
  edit->Append(*id, fields, context.state.settings.encoding_limits());
  SendStreamId(context.reply, *id);
  edit.Changed(EventClass::kStream, "xadd");
  if (edit->Trim(options.trim) > 0) edit.Changed(EventClass::kStream, "xtrim");
}

void XtrimCommand(WriteContext& context) {
  AddOptions options;
  if (!ReadOptions(context, false, options)) return;
  const std::string_view key = context.args[1];
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (!CheckType(entry, ValueType::kStream, context.reply)) return;
  if (entry == nullptr) return context.reply.Integer(0);
  ContainerEdit<Stream> edit(context.keyspace, context.db, key);
  const uint64_t removed = edit->Trim(options.trim);
  if (removed > 0) edit.Changed(EventClass::kStream, "xtrim");
  context.reply.Integer(static_cast<int64_t>(removed));
}

void XdelCommand(WriteContext& context) {
  const std::string_view key = context.args[1];
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (!CheckType(entry, ValueType::kStream, context.reply)) return;
  if (entry == nullptr) return context.reply.Integer(0);
  const auto ids = ReadStreamIds(context.args, 2, context.reply);
  if (!ids) return;
  ContainerEdit<Stream> edit(context.keyspace, context.db, key);
  int64_t deleted = 0;
  for (const StreamId id : *ids) deleted += edit->Erase(id) ? 1 : 0;
  if (deleted > 0) edit.Changed(EventClass::kStream, "xdel");
  context.reply.Integer(deleted);
}

void XsetidCommand(WriteContext& context) {
  Reply& reply = context.reply;
  const auto id = ReadStreamId(context.args[2], reply);
  if (!id) return;
  std::optional<uint64_t> entries_added;
  StreamId max_deleted;
  ArgParser parser(context.args, 3);
  while (parser.HasNext()) {
    if (parser.remaining() >= 2 && parser.Accept("ENTRIESADDED")) {
      const auto added = ReadInteger(parser.Next(), reply);
      if (!added) return;
      if (*added < 0) return reply.Error("ERR entries_added must be positive");
      entries_added = static_cast<uint64_t>(*added);
    } else if (parser.remaining() >= 2 && parser.Accept("MAXDELETEDID")) {
      const auto deleted = ReadStreamId(parser.Next(), reply);
      if (!deleted) return;
      max_deleted = *deleted;
      if (*id < max_deleted) {
        return reply.Error(
            "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id");
      }
    } else {
      return reply.Error(kErrSyntax);
    }
  }
  const std::string_view key = context.args[1];
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (entry == nullptr) return reply.Error(kErrNoSuchKey);
  if (!CheckType(entry, ValueType::kStream, reply)) return;
  const Stream& stream = *StreamOf(entry);
  if (*id < stream.max_deleted_id()) {
    return reply.Error(
        "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id");
  }
  if (stream.size() > 0 && *id < stream.LastEntryId()) {
    return reply.Error("ERR The ID specified in XSETID is smaller than the target stream top item");
  }
  if (entries_added && stream.size() > *entries_added) {
    return reply.Error(
        "ERR The entries_added specified in XSETID is smaller than the target stream length");
  }
  ContainerEdit<Stream> edit(context.keyspace, context.db, key);
  edit->SetIds(*id, entries_added, max_deleted.zero() ? std::nullopt : std::optional(max_deleted));
  edit.Changed(EventClass::kStream, "xsetid");
  reply.Ok();
}

void XlenCommand(ReadContext& context) {
  const Entry* entry = context.keyspace.Find(context.db, context.args[1]);
  if (!CheckType(entry, ValueType::kStream, context.reply)) return;
  context.reply.Integer(entry == nullptr ? 0 : static_cast<int64_t>(StreamOf(entry)->size()));
}

void XrangeCommand(ReadContext& context) {
  XrangeGeneric(context, StreamIterator::Direction::kForward);
}

void XrevrangeCommand(ReadContext& context) {
  XrangeGeneric(context, StreamIterator::Direction::kBackward);
}

}  // namespace mydis
