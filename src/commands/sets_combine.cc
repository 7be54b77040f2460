// Several sets at once: intersection, union, difference, to be sent or stored.
#include <optional>
#include <utility>
#include <vector>

#include "commands/sets.h"
#include "commands/values.h"
#include "types/set_algebra.h"

namespace mydis {
namespace {

// A missing key is an empty set. nullopt if a key holds another type: then the error has been sent.
std::optional<Sets> FindSets(const ReadContext& context, Args keys) {
  Sets sets(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!FindSet(context, keys[i], &sets[i])) return std::nullopt;
  }
  return sets;
}

void SendResult(Reply& reply, const SetResult& result) {
  reply.SetHeader(result.size());
  result.ForEach([&](const Set::Value& member) { SendMember(reply, member); });
}

// Puts the result at the destination, replacing what is there, and sends its size.
void Store(WriteContext& context, Set result, std::string_view event) {
  const std::string_view destination = context.args[1];
  const auto size = static_cast<int64_t>(result.size());
  if (size > 0) {
    context.keyspace.Put(context.db, destination, std::move(result), Ttl::None());
    context.keyspace.Notify(EventClass::kSet, event, context.db, destination);
  } else if (context.keyspace.Erase(context.db, destination)) {
    context.keyspace.Notify(EventClass::kGeneric, "del", context.db, destination);
  }
  context.reply.Integer(size);
}

using Combine = SetResult (*)(const Sets&, const EncodingLimits&);

void SendCombined(ReadContext& context, Combine combine) {
  const auto sets = FindSets(context, context.args.subspan(1));
  if (sets) SendResult(context.reply, combine(*sets, context.state.settings.encoding_limits()));
}

void StoreCombined(WriteContext& context, Combine combine, std::string_view event) {
  const auto sets = FindSets(context.AsRead(), context.args.subspan(2));
  if (sets) Store(context, combine(*sets, context.state.settings.encoding_limits()).Take(), event);
}

}  // namespace

// SINTER key [key ...]
void SinterCommand(ReadContext& context) {
  auto sets = FindSets(context, context.args.subspan(1));
  if (!sets) return;
  std::vector<Set::Value> members;
  if (PrepareIntersection(*sets)) {
    Intersect(*sets, [&](const Set::Value& member) {
      members.push_back(member);
      return true;
    });
  }
  context.reply.SetHeader(members.size());
  for (const Set::Value& member : members) SendMember(context.reply, member);
}

// SINTERCARD numkeys key [key ...] [LIMIT limit]
void SintercardCommand(ReadContext& context) {
  const auto count = ParseInteger(context.args[1]);
  if (!count || *count < 1) return context.reply.Error("ERR numkeys should be greater than 0");
  if (static_cast<uint64_t>(*count) > context.args.size() - 2)
    return context.reply.Error("ERR Number of keys can't be greater than number of args");
  const auto keys = static_cast<size_t>(*count);
  ArgParser parser(context.args, 2 + keys);
  int64_t limit = 0;
  while (parser.HasNext()) {
    if (parser.remaining() < 2 || !parser.Accept("LIMIT")) {
      parser.Fail(kErrSyntax);
      break;
    }
    limit = parser.Integer("ERR LIMIT can't be negative");
    if (limit < 0) parser.Fail("ERR LIMIT can't be negative");
  }
  if (parser.Rejected(context.reply)) return;
  auto sets = FindSets(context, context.args.subspan(2, keys));
  if (!sets) return;
  int64_t cardinality = 0;
  if (PrepareIntersection(*sets))
    Intersect(*sets, [&](const Set::Value&) { return ++cardinality != limit; });
  context.reply.Integer(cardinality);
}

// SINTERSTORE, SUNION, SUNIONSTORE, SDIFF, SDIFFSTORE [destination] key [key ...]
void SinterstoreCommand(WriteContext& context) {
  const auto sets = FindSets(context.AsRead(), context.args.subspan(2));
  if (!sets) return;
  Store(context, IntersectionOf(*sets, context.state.settings.encoding_limits()), "sinterstore");
}
void SunionCommand(ReadContext& context) { SendCombined(context, UnionOf); }
void SunionstoreCommand(WriteContext& context) { StoreCombined(context, UnionOf, "sunionstore"); }
void SdiffCommand(ReadContext& context) { SendCombined(context, DifferenceOf); }
void SdiffstoreCommand(WriteContext& context) {
  StoreCombined(context, DifferenceOf, "sdiffstore");
}

}  // namespace mydis
