// Several sets at once: intersection, union, difference, to be sent or stored.
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "commands/sets.h"
#include "commands/values.h"

namespace mydis {
namespace {

// nullptr stands for a missing key: an empty set.
using Sets = std::vector<const Set*>;

// nullopt if a key holds another type: then the error has been sent.
std::optional<Sets> FindSets(const ReadContext& context, Args keys) {
  Sets sets(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!FindSet(context, keys[i], &sets[i])) return std::nullopt;
  }
  return sets;
}

size_t SizeOf(const Set* set) { return set == nullptr ? 0 : set->size(); }

// Calls visit(member) for the members of all sets until it returns false. REQUIRES: `sets` is
// sorted by size and none is missing.
template <typename Visit>
void Intersect(const Sets& sets, Visit visit) {
  bool more = true;
  sets[0]->ForEach([&](const Set::Value& member) {
    if (!more) return;
    for (size_t i = 1; i < sets.size(); ++i) {
      if (sets[i] != sets[0] && !sets[i]->Contains(member)) return;
    }
    more = visit(member);
  });
}

// Sorts for Intersect(). False if a set is missing, so that nothing is left.
bool PrepareIntersection(Sets& sets) {
  if (std::ranges::count(sets, nullptr) > 0) return false;
  std::ranges::stable_sort(sets, {}, [](const Set* set) { return set->size(); });
  return true;
}

Set Union(const Sets& sets, const EncodingLimits& limits) {
  Set result = Set::Integers();
  for (const Set* set : sets) {
    if (set == nullptr) continue;
    set->ForEach([&](const Set::Value& member) { result.Add(member, limits); });
  }
  return result;
}

// The members of the first set that are in none of the others.
Set Difference(const Sets& sets, const EncodingLimits& limits) {
  Set result = Set::Integers();
  const Set* first = sets[0];
  if (first == nullptr || std::count(sets.begin() + 1, sets.end(), first) > 0) return result;
  size_t others = 0;
  for (size_t i = 1; i < sets.size(); ++i) others += SizeOf(sets[i]);
  const size_t asking = first->size() * (sets.size() - 1) / 2;
  if (asking > first->size() + others) {
    // Many small sets: taking their members away is less work than asking each.
    result = Union({first}, limits);
    for (size_t i = 1; i < sets.size() && result.size() > 0; ++i) {
      if (sets[i] == nullptr) continue;
      sets[i]->ForEach([&](const Set::Value& member) { result.Remove(member); });
    }
    return result;
  }
  first->ForEach([&](const Set::Value& member) {
    for (size_t i = 1; i < sets.size(); ++i) {
      if (sets[i] != nullptr && sets[i]->Contains(member)) return;
    }
    result.Add(member, limits);
  });
  return result;
}

void SendSet(Reply& reply, const Set& set) {
  reply.SetHeader(set.size());
  set.ForEach([&](const Set::Value& member) { SendMember(reply, member); });
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

using Combine = Set (*)(const Sets&, const EncodingLimits&);

void SendCombined(ReadContext& context, Combine combine) {
  const auto sets = FindSets(context, context.args.subspan(1));
  if (sets) SendSet(context.reply, combine(*sets, context.state.settings.encoding_limits()));
}

void StoreCombined(WriteContext& context, Combine combine, std::string_view event) {
  const auto sets = FindSets(context.AsRead(), context.args.subspan(2));
  if (sets) Store(context, combine(*sets, context.state.settings.encoding_limits()), event);
}

Set Intersection(const Sets& all, const EncodingLimits& limits) {
  Sets sets = all;
  Set result;
  if (!PrepareIntersection(sets)) return result;
  if (sets[0]->EncodingName() == "intset") result = Set::Integers();
  Intersect(sets, [&](const Set::Value& member) {
    result.Add(member, limits);
    return true;
  });
  result.TryIntset(limits);
  return result;
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
  StoreCombined(context, Intersection, "sinterstore");
}
void SunionCommand(ReadContext& context) { SendCombined(context, Union); }
void SunionstoreCommand(WriteContext& context) { StoreCombined(context, Union, "sunionstore"); }
void SdiffCommand(ReadContext& context) { SendCombined(context, Difference); }
void SdiffstoreCommand(WriteContext& context) { StoreCombined(context, Difference, "sdiffstore"); }

}  // namespace mydis
