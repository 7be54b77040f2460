// Flags, groups and ACL categories of commands.
#include <array>
#include <iterator>

#include "base/ascii.h"
#include "commands/introspection.h"

namespace mydis {
namespace {

constexpr std::string_view kCategories[] = {
    "keyspace", "read",   "write",       "set",       "sortedset",  "list",        "hash",
    "string",   "bitmap", "hyperloglog", "geo",       "stream",     "pubsub",      "admin",
    "fast",     "slow",   "blocking",    "dangerous", "connection", "transaction", "scripting",
};

struct NamedFlag {
  uint32_t flag;
  std::string_view name;
};

// In Redis's order; write, readonly and movablekeys are derived.
constexpr NamedFlag kFlagNames[] = {
    {kDenyOom, "denyoom"},
    {kAdmin, "admin"},
    {kPubSubFlag, "pubsub"},
    {kNoScript, "noscript"},
    {kBlocking, "blocking"},
    {kLoading, "loading"},
    {kStale, "stale"},
    {kSkipMonitor, "skip_monitor"},
    {kSkipSlowlog, "skip_slowlog"},
    {kFast, "fast"},
    {kNoAuth, "no_auth"},
    {kNoMandatoryKeys, "no_mandatory_keys"},
    {kNoAsyncLoading, "no_async_loading"},
    {kNoMulti, "no_multi"},
    {kMovableKeys, "movablekeys"},
    {kAllowBusy, "allow_busy"},
};

constexpr NamedFlag kKeyFlagNames[] = {
    {kKeyRO, "RO"},
    {kKeyRW, "RW"},
    {kKeyOW, "OW"},
    {kKeyRM, "RM"},
    {kKeyAccess, "access"},
    {kKeyUpdate, "update"},
    {kKeyInsert, "insert"},
    {kKeyDelete, "delete"},
    {kKeyNotKey, "not_key"},
    {kKeyIncomplete, "incomplete"},
    {kKeyVariable, "variable_flags"},
};

// A container that cannot be called without a subcommand does nothing itself.
bool IsPureContainer(const CommandSpec& spec) {
  return spec.handler.read == nullptr && spec.handler.write == nullptr &&
         spec.handler.local == nullptr;
}

bool IsWrite(const CommandSpec& spec) {
  if ((spec.flags & kWriteFlag) != 0) return true;
  return spec.effect == Effect::kWrite && (spec.flags & kNoEffectFlag) == 0 &&
         !IsPureContainer(spec);
}

bool IsReadonly(const CommandSpec& spec) {
  if ((spec.flags & kReadOnlyFlag) != 0) return true;
  return spec.effect == Effect::kRead && (spec.flags & kNoEffectFlag) == 0 &&
         !IsPureContainer(spec);
}

// The category that belongs to the group, empty for none.
std::string_view GroupCategory(const CommandSpec& spec) {
  if (IsPureContainer(spec)) return {};
  switch (spec.group) {
    case Group::kString:
      return "string";
    case Group::kGeneric:
      // Those that do not touch the keys are about the connection (WAIT).
      return spec.effect == Effect::kLocal && spec.keys.empty() ? "connection" : "keyspace";
    case Group::kServer:
      return spec.effect == Effect::kLocal || (spec.flags & kAdmin) != 0 ? "" : "keyspace";
    case Group::kConnection:
      return "connection";
    case Group::kTransactions:
      return "transaction";
    case Group::kBitmap:
      return "bitmap";
    case Group::kList:
      return "list";
    case Group::kSet:
      return "set";
    case Group::kSortedSet:
      return "sortedset";
    case Group::kHash:
      return "hash";
    case Group::kScripting:
      return "scripting";
    case Group::kHyperLogLog:
      return "hyperloglog";
    case Group::kStream:
      return "stream";
    case Group::kGeo:
      return "geo";
    case Group::kPubSub:  // From the flag.
    case Group::kCluster:
      break;
  }
  return {};
}

}  // namespace

std::span<const std::string_view> CategoryNames() { return kCategories; }

std::optional<uint32_t> CategoryBit(std::string_view name) {
  for (size_t i = 0; i < std::size(kCategories); ++i) {
    if (EqualsIgnoreCase(kCategories[i], name)) return 1u << i;
  }
  return std::nullopt;
}

uint32_t CategoriesOf(const CommandSpec& spec) {
  uint32_t mask = 0;
  const auto add = [&mask](std::string_view name) { mask |= CategoryBit(name).value_or(0); };
  if (spec.categories.empty()) {
    add(GroupCategory(spec));
  } else {
    ForEachPart(spec.categories, ',', add);
  }
  const bool scripting = (mask & *CategoryBit("scripting")) != 0;
  if (IsWrite(spec)) add("write");
  if (IsReadonly(spec) && !scripting) add("read");
  if ((spec.flags & kAdmin) != 0) add("admin");
  if ((spec.flags & (kAdmin | kDangerous)) != 0) add("dangerous");
  if ((spec.flags & kPubSubFlag) != 0) add("pubsub");
  if ((spec.flags & kBlocking) != 0) add("blocking");
  add((spec.flags & kFast) != 0 ? "fast" : "slow");
  return mask;
}

std::vector<std::string_view> FlagNames(const CommandSpec& spec) {
  std::vector<std::string_view> names;
  if (IsWrite(spec)) names.push_back("write");
  if (IsReadonly(spec)) names.push_back("readonly");
  uint32_t flags = spec.flags;
  if (LegacyKeysOf(spec).movable) flags |= kMovableKeys;
  for (const NamedFlag& named : kFlagNames) {
    if ((flags & named.flag) != 0) names.push_back(named.name);
  }
  return names;
}

std::vector<std::string_view> KeyFlagNames(uint16_t flags) {
  std::vector<std::string_view> names;
  for (const NamedFlag& named : kKeyFlagNames) {
    if ((flags & named.flag) != 0) names.push_back(named.name);
  }
  return names;
}

std::string_view GroupName(Group group) {
  static constexpr std::array kNames = {
      std::string_view("string"),       std::string_view("generic"),
      std::string_view("connection"),   std::string_view("server"),
      std::string_view("transactions"), std::string_view("bitmap"),
      std::string_view("list"),         std::string_view("set"),
      std::string_view("sorted-set"),   std::string_view("hash"),
      std::string_view("pubsub"),       std::string_view("scripting"),
      std::string_view("hyperloglog"),  std::string_view("stream"),
      std::string_view("geo"),          std::string_view("cluster"),
  };
  return kNames[static_cast<size_t>(group)];
}

LegacyKeys LegacyKeysOf(const CommandSpec& spec) {
  LegacyKeys legacy;
  const auto is_plain = [](const KeySpec& keys) {
    return keys.begin == KeySpec::Begin::kIndex && keys.find == KeySpec::Find::kRange;
  };
  if (spec.keys.size() == 1 && is_plain(spec.keys[0])) {
    const KeySpec& keys = spec.keys[0];
    legacy.first = keys.index;
    legacy.last = keys.last >= 0 ? keys.index + keys.last : keys.last;
    legacy.step = keys.step;
    legacy.movable = (keys.flags & kKeyIncomplete) != 0;
    return legacy;
  }
  // Several: as long as they follow one another without gaps, they make one range.
  int previous_last = 0;
  for (const KeySpec& keys : spec.keys) {
    const bool follows = previous_last == 0 || previous_last == keys.index - 1;
    if (!is_plain(keys) || keys.step != 1 || !follows) {
      legacy.movable = true;
      continue;
    }
    if ((keys.flags & kKeyIncomplete) != 0) legacy.movable = true;
    const int last = keys.last >= 0 ? keys.index + keys.last : keys.last;
    if (legacy.first == 0 || keys.index < legacy.first) legacy.first = keys.index;
    // A position counted from the end is the later one.
    if (last < 0 || (legacy.last >= 0 && last > legacy.last)) legacy.last = last;
    legacy.step = 1;
    previous_last = legacy.last;
  }
  return legacy;
}

}  // namespace mydis
