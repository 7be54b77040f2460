// Members chosen by chance: SPOP and SRANDMEMBER.
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "commands/random_picks.h"
#include "commands/sets.h"
#include "commands/values.h"
#include "state/container_edit.h"

namespace mydis {
namespace {

// Where this many times the members that stay are fewer than those that go, it is less work to
// move the ones that stay.
constexpr size_t kFewStay = 5;

void PopOne(WriteContext& context) {
  const Entry* entry = context.keyspace.Find(context.db, context.args[1]);
  if (entry == nullptr) return context.reply.Null();
  if (!CheckType(entry, ValueType::kSet, context.reply)) return;
  ContainerEdit<Set> edit(context.keyspace, context.db, context.args[1]);
  const size_t position = context.random.Below(edit->size());
  SendMember(context.reply, edit->At(position));
  edit->RemoveAt(position);
  edit.Changed(EventClass::kSet, "spop");
}

// Leaves `staying` members chosen by chance in the set and sends all others.
void PopMost(WriteContext& context, Set& set, size_t staying) {
  const EncodingLimits& limits = context.state.settings.encoding_limits();
  Set kept;
  for (; staying > 0; --staying) {
    const size_t position = context.random.Below(set.size());
    const Set::Value member = set.At(position);
    if (kept.size() == 0 && member.is_int && !set.walks()) kept = Set::Integers();
    kept.Add(member, limits);
    set.RemoveAt(position);
  }
  set.ForEach([&](const Set::Value& member) { SendMember(context.reply, member); });
  set = std::move(kept);
}

void PopMany(WriteContext& context) {
  const std::optional<int64_t> wanted = ParseInteger(context.args[2]);
  if (!wanted || *wanted < 0)
    return context.reply.Error("ERR value is out of range, must be positive");
  const Entry* entry = context.keyspace.Find(context.db, context.args[1]);
  if (!CheckType(entry, ValueType::kSet, context.reply)) return;
  if (entry == nullptr || *wanted == 0) return context.reply.SetHeader(0);

  ContainerEdit<Set> edit(context.keyspace, context.db, context.args[1]);
  const size_t size = edit->size();
  const size_t count = std::min(static_cast<size_t>(*wanted), size);
  context.reply.SetHeader(count);
  if ((size - count) * kFewStay <= count) {
    PopMost(context, *edit, size - count);
  } else {
    for (size_t i = 0; i < count; ++i) {
      const size_t position = context.random.Below(edit->size());
      SendMember(context.reply, edit->At(position));
      edit->RemoveAt(position);
    }
  }
  edit.Changed(EventClass::kSet, "spop");
}

// The same member may come more than once.
void SendRepeated(ReadContext& context, const Set& set, size_t count) {
  std::vector<Set::Value> members;
  if (set.walks() && count > 1)
    set.ForEach([&](const Set::Value& member) { members.push_back(member); });
  context.reply.ArrayHeader(count);
  for (; count > 0; --count) {
    const size_t position = context.random.Below(set.size());
    SendMember(context.reply, members.empty() ? set.At(position) : members[position]);
  }
}

void SendDistinct(ReadContext& context, const Set& set, size_t count) {
  const std::vector<uint32_t> picked = PickDistinct(context.random, set.size(), count);
  context.reply.ArrayHeader(count);
  if (!set.walks()) {
    for (const uint32_t position : picked) SendMember(context.reply, set.At(position));
    return;
  }
  size_t position = 0;
  size_t next = 0;
  set.ForEach([&](const Set::Value& member) {
    if (next == picked.size() || picked[next] != position++) return;
    SendMember(context.reply, member);
    ++next;
  });
}

}  // namespace

// SPOP key [count]
void SpopCommand(WriteContext& context) {
  if (context.args.size() > 3) return context.reply.Error(kErrSyntax);
  if (context.args.size() == 3) return PopMany(context);
  PopOne(context);
}

// SRANDMEMBER key [count]
void SrandmemberCommand(ReadContext& context) {
  if (context.args.size() > 3) return context.reply.Error(kErrSyntax);
  const Set* set = nullptr;
  if (context.args.size() == 2) {
    if (!FindSet(context, context.args[1], &set)) return;
    if (set == nullptr) return context.reply.Null();
    return SendMember(context.reply, set->At(context.random.Below(set->size())));
  }
  const auto count =
      ReadPickCount(context.args[2], std::numeric_limits<int64_t>::max(), context.reply);
  if (!count || !FindSet(context, context.args[1], &set)) return;
  if (set == nullptr || *count == 0) return context.reply.ArrayHeader(0);
  if (*count < 0) return SendRepeated(context, *set, static_cast<size_t>(-*count));
  SendDistinct(context, *set, std::min(static_cast<size_t>(*count), set->size()));
}

}  // namespace mydis
