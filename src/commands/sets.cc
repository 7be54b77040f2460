// Members of one set: SADD, SREM, SMOVE, questions and SSCAN.
#include "commands/sets.h"

#include <vector>

#include "commands/scan.h"
#include "commands/values.h"
#include "state/container_edit.h"

namespace mydis {

bool FindSet(const ReadContext& context, std::string_view key, const Set** set) {
  const Entry* entry = context.keyspace.Find(context.db, key);
  *set = nullptr;
  if (entry == nullptr) return true;
  if (!CheckType(entry, ValueType::kSet, context.reply)) return false;
  *set = &entry->as<Set>();
  return true;
}

// SADD key member [member ...]
void SaddCommand(WriteContext& context) {
  const std::string_view key = context.args[1];
  const Args members = context.args.subspan(2);
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (!CheckType(entry, ValueType::kSet, context.reply)) return;
  const EncodingLimits& limits = context.state.settings.encoding_limits();
  ContainerEdit<Set> edit(context.keyspace, context.db, key);
  if (edit.exists()) {
    edit->Expect(members.size(), limits);
  } else {
    *edit = Set::ForSize(members[0], members.size(), limits);
  }
  int64_t added = 0;
  for (const std::string_view member : members) added += edit->Add(member, limits) ? 1 : 0;
  if (added > 0) edit.Changed(EventClass::kSet, "sadd");
  context.reply.Integer(added);
}

// SREM key member [member ...]
void SremCommand(WriteContext& context) {
  const std::string_view key = context.args[1];
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (entry == nullptr) return context.reply.Integer(0);
  if (!CheckType(entry, ValueType::kSet, context.reply)) return;
  ContainerEdit<Set> edit(context.keyspace, context.db, key);
  int64_t removed = 0;
  for (const std::string_view member : context.args.subspan(2))
    removed += edit->Remove(member) ? 1 : 0;
  if (removed > 0) edit.Changed(EventClass::kSet, "srem");
  context.reply.Integer(removed);
}

// SMOVE source destination member
void SmoveCommand(WriteContext& context) {
  const std::string_view source = context.args[1];
  const std::string_view destination = context.args[2];
  const std::string_view member = context.args[3];
  const Entry* from = context.keyspace.Find(context.db, source);
  const Entry* to = context.keyspace.Find(context.db, destination);
  if (from == nullptr) return context.reply.Integer(0);
  if (!CheckType(from, ValueType::kSet, context.reply) ||
      !CheckType(to, ValueType::kSet, context.reply))
    return;
  const bool contained = from->as<Set>().Contains(member);
  context.reply.Integer(contained ? 1 : 0);
  if (from == to || !contained) return;
  {
    ContainerEdit<Set> edit(context.keyspace, context.db, source);
    edit->Remove(member);
    edit.Changed(EventClass::kSet, "srem");
  }
  const EncodingLimits& limits = context.state.settings.encoding_limits();
  ContainerEdit<Set> edit(context.keyspace, context.db, destination);
  if (!edit.exists()) *edit = Set::ForSize(member, 1, limits);
  if (edit->Add(member, limits)) edit.Changed(EventClass::kSet, "sadd");
}

// SISMEMBER key member
void SismemberCommand(ReadContext& context) {
  const Set* set = nullptr;
  if (!FindSet(context, context.args[1], &set)) return;
  context.reply.Integer(set != nullptr && set->Contains(context.args[2]) ? 1 : 0);
}

// SMISMEMBER key member [member ...]
void SmismemberCommand(ReadContext& context) {
  const Set* set = nullptr;
  if (!FindSet(context, context.args[1], &set)) return;
  const Args members = context.args.subspan(2);
  context.reply.ArrayHeader(members.size());
  for (const std::string_view member : members)
    context.reply.Integer(set != nullptr && set->Contains(member) ? 1 : 0);
}

// SCARD key
void ScardCommand(ReadContext& context) {
  const Set* set = nullptr;
  if (!FindSet(context, context.args[1], &set)) return;
  context.reply.Integer(set == nullptr ? 0 : static_cast<int64_t>(set->size()));
}

// SMEMBERS key
void SmembersCommand(ReadContext& context) {
  const Set* set = nullptr;
  if (!FindSet(context, context.args[1], &set)) return;
  context.reply.SetHeader(set == nullptr ? 0 : set->size());
  if (set == nullptr) return;
  set->ForEach([&](const Set::Value& member) { SendMember(context.reply, member); });
}

// SSCAN key cursor [MATCH pattern] [COUNT count]
void SscanCommand(ReadContext& context) {
  const auto cursor = ReadCursor(context.args[2], context.reply);
  const Set* set = nullptr;
  if (!cursor || !FindSet(context, context.args[1], &set)) return;
  std::vector<Set::Value> members;
  uint64_t next = 0;
  if (set != nullptr) {
    const auto options = ReadScanOptions(context.args, 3, false, context.reply);
    if (!options) return;
    next = set->Scan(*cursor, options->count, [&](const Set::Value& member) {
      Set::Value::Scratch scratch;
      if (options->Fits(member.string(scratch))) members.push_back(member);
    });
  }
  context.reply.ArrayHeader(2);
  SendCursor(context.reply, next);
  context.reply.ArrayHeader(members.size());
  for (const Set::Value& member : members) SendMember(context.reply, member);
}

}  // namespace mydis
