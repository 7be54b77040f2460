// XGROUP: groups and their consumers.
#include "commands/stream_words.h"
#include "commands/streams.h"

namespace mydis {
namespace {

constexpr std::string_view kErrKeyMustExist =
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use "
    "the MKSTREAM option to create an empty stream automatically.";

struct GroupOptions {
  bool make_stream = false;
  int64_t entries_read = StreamGroup::kUnknownEntriesRead;
};

// Reads what follows the ID; false if it makes no sense: then the error has been sent.
bool ReadOptions(const WriteContext& context, bool create, GroupOptions& options) {
  ArgParser parser(context.args, 5);
  while (parser.HasNext()) {
    if (create && parser.Accept("MKSTREAM")) {
      options.make_stream = true;
    } else if (parser.remaining() >= 2 && parser.Accept("ENTRIESREAD")) {
      const auto entries_read = ReadInteger(parser.Next(), context.reply);
      if (!entries_read) return false;
      if (*entries_read < StreamGroup::kUnknownEntriesRead) {
        context.reply.Error("ERR value for ENTRIESREAD must be positive or -1");
        return false;
      }
      options.entries_read = *entries_read;
    } else {
      context.reply.Error(SubcommandError("XGROUP", context.args[1]));
      return false;
    }
  }
  return true;
}

// The stream at the second word; nullptr if there is none: then the error has been sent, unless the
// stream may be missing (`missing_is_fine`): that leaves *refused false.
const Stream* FindStream(const WriteContext& context, bool missing_is_fine, bool* refused) {
  const Entry* entry = context.keyspace.Find(context.db, context.args[2]);
  *refused = !CheckType(entry, ValueType::kStream, context.reply);
  if (*refused) return nullptr;
  if (entry == nullptr && !missing_is_fine) {
    context.reply.Error(kErrKeyMustExist);
    *refused = true;
  }
  return StreamOf(entry);
}

// Whether the key and the group of the words exist; otherwise the error has been sent.
bool CheckGroup(const WriteContext& context) {
  bool refused = false;
  const Stream* stream = FindStream(context, false, &refused);
  if (refused) return false;
  if (stream->FindGroup(context.args[3]) != nullptr) return true;
  context.reply.Error(NoGroupOfKeyError(context.args[2], context.args[3]));
  return false;
}

}  // namespace

// XGROUP CREATE key group id|$ [MKSTREAM] [ENTRIESREAD entries-read]
void XgroupCreateCommand(WriteContext& context) {
  const std::string_view key = context.args[2];
  const std::string_view name = context.args[3];
  GroupOptions options;
  if (!ReadOptions(context, true, options)) return;
  bool refused = false;
  const Stream* stream = FindStream(context, options.make_stream, &refused);
  if (refused) return;
  if (context.args.size() > 8)
    return context.reply.Error(SubcommandError("XGROUP", context.args[1]));
  StreamId id;
  if (context.args[4] == "$") {
    if (stream != nullptr) id = stream->last_id();
  } else {
    const auto given = ReadStreamId(context.args[4], context.reply);
    if (!given) return;
    id = *given;
  }
  if (stream != nullptr && stream->FindGroup(name) != nullptr)
    return context.reply.Error("BUSYGROUP Consumer Group name already exists");
  ContainerEdit<Stream> edit(context.keyspace, context.db, key);
  StreamGroup& group = edit->CreateGroup(name);
  group.last_id = id;
  group.entries_read = options.entries_read;
  edit.Changed(EventClass::kStream, "xgroup-create");
  context.reply.Ok();
}

// XGROUP SETID key group id|$ [ENTRIESREAD entries-read]
void XgroupSetidCommand(WriteContext& context) {
  GroupOptions options;
  if (!ReadOptions(context, false, options) || !CheckGroup(context)) return;
  if (context.args.size() > 7)
    return context.reply.Error(SubcommandError("XGROUP", context.args[1]));
  const std::string_view key = context.args[2];
  const std::string_view word = context.args[4];
  std::optional<StreamId> id;
  if (word == "$") {
    id = StreamOf(context.keyspace.Find(context.db, key))->last_id();
  } else if (word == "+") {
    id = StreamId::Max();
  } else if (word == "-") {
    id = StreamId{};
  } else {
    id = ReadStreamId(word, context.reply);
  }
  if (!id) return;
  ContainerEdit<Stream> edit(context.keyspace, context.db, key);
  StreamGroup& group = *edit->FindGroup(context.args[3]);
  group.last_id = *id;
  group.entries_read = options.entries_read;
  edit.Changed(EventClass::kStream, "xgroup-setid");
  context.reply.Ok();
}

// XGROUP DESTROY key group
void XgroupDestroyCommand(WriteContext& context) {
  bool refused = false;
  FindStream(context, false, &refused);
  if (refused) return;
  ContainerEdit<Stream> edit(context.keyspace, context.db, context.args[2]);
  const bool destroyed = edit->DestroyGroup(context.args[3]);
  if (destroyed) edit.Changed(EventClass::kStream, "xgroup-destroy");
  context.reply.Integer(destroyed ? 1 : 0);
}

// XGROUP CREATECONSUMER key group consumer
void XgroupCreateconsumerCommand(WriteContext& context) {
  if (!CheckGroup(context)) return;
  ContainerEdit<Stream> edit(context.keyspace, context.db, context.args[2]);
  StreamGroup& group = *edit->FindGroup(context.args[3]);
  const bool created = group.FindConsumer(context.args[4]) == nullptr;
  if (created) {
    group.CreateConsumer(context.args[4], static_cast<int64_t>(context.now_ms));
    edit.Changed(EventClass::kStream, "xgroup-createconsumer");
  }
  context.reply.Integer(created ? 1 : 0);
}

// XGROUP DELCONSUMER key group consumer
void XgroupDelconsumerCommand(WriteContext& context) {
  if (!CheckGroup(context)) return;
  ContainerEdit<Stream> edit(context.keyspace, context.db, context.args[2]);
  StreamGroup& group = *edit->FindGroup(context.args[3]);
  int64_t pending = 0;
  if (const StreamConsumer* consumer = group.FindConsumer(context.args[4])) {
    pending = static_cast<int64_t>(consumer->pending.size());
    group.DeleteConsumer(*consumer);
    edit.Changed(EventClass::kStream, "xgroup-delconsumer");
  }
  context.reply.Integer(pending);
}

void XgroupHelpCommand(ReadContext& context) {
  static constexpr std::string_view kLines[] = {
      "XGROUP <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "CREATE <key> <group> <id|$> [option]",
      "    Make a group that has read the stream up to <id>. Options are:",
      "    * MKSTREAM",
      "      Make the stream if it is not there.",
      "    * ENTRIESREAD entries_read",
      "      How many entries that is, for the group's lag.",
      "CREATECONSUMER <key> <group> <consumer>",
      "    Make a consumer.",
      "DELCONSUMER <key> <group> <consumer>",
      "    Remove a consumer and what is pending for it.",
      "DESTROY <key> <group>",
      "    Remove a group.",
      "SETID <key> <group> <id|$> [ENTRIESREAD entries_read]",
      "    Say up to where a group has read.",
      "HELP",
      "    Print this help.",
  };
  context.reply.ArrayHeader(std::size(kLines));
  for (const std::string_view line : kLines) context.reply.Simple(line);
}

}  // namespace mydis
