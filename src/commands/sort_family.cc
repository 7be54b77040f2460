// The records of SORT and SORT_RO.
#include "commands/arg_parser.h"
#include "commands/sort.h"

namespace mydis {
namespace {

constexpr KeySpec kPatternKeys = {.flags = kKeyRO | kKeyAccess,
                                  .begin = KeySpec::Begin::kUnknown,
                                  .find = KeySpec::Find::kUnknown};
constexpr KeySpec kStoreKeys = {.flags = kKeyOW | kKeyUpdate,
                                .begin = KeySpec::Begin::kUnknown,
                                .find = KeySpec::Find::kUnknown};
constexpr KeySpec kSortKeys[] = {OneKey(kKeyRO | kKeyAccess), kPatternKeys, kStoreKeys};
constexpr KeySpec kSortRoKeys[] = {OneKey(kKeyRO | kKeyAccess), kPatternKeys};

// The sorted key, and that of the last STORE. What BY and GET stand for is known only from the
// elements.
bool FindSortKeys(Args args, std::vector<FoundKey>* keys) {
  keys->push_back({1, kKeyRO | kKeyAccess});
  size_t store = 0;
  for (size_t i = 2; i < args.size(); ++i) {
    if (EqualsUpper(args[i], "LIMIT")) {
      i += 2;
    } else if (EqualsUpper(args[i], "BY") || EqualsUpper(args[i], "GET")) {
      ++i;
    } else if (EqualsUpper(args[i], "STORE") && i + 1 < args.size()) {
      store = i + 1;
    }
  }
  if (store > 0) keys->push_back({store, kKeyOW | kKeyUpdate});
  return true;
}

bool FindSortRoKeys(Args, std::vector<FoundKey>* keys) {
  keys->push_back({1, kKeyRO | kKeyAccess});
  return true;
}

constexpr CommandSpec kCommands[] = {
    {
        .name = "sort",
        .arity = -2,
        .effect = Effect::kWrite,
        .flags = kDenyOom | kMovableKeys | kDangerous,
        .keys = kSortKeys,
        .group = Group::kGeneric,
        .since = "1.0.0",
        .complexity = "O(N+M*log(M)) with N elements, M of them given",
        .summary = "Sorts the elements of a list, a set or a sorted set, and gives or stores them.",
        .arguments = "key [BY by-pattern:pattern#1/pattern] [LIMIT offset count] [GET "
                     "get-pattern:pattern#1/pattern [GET get-pattern ...]] [order: ASC | DESC] "
                     "[sorting:ALPHA] [STORE destination:key#2]",
        .example = "RPUSH k 30 4 200; SORT k DESC LIMIT 0 2",
        .example_reply = "*2\n  \"200\"\n  \"30\"",
        .handler = SortCommand,
        .categories = "set,sortedset,list",
        .find_keys = FindSortKeys,
    },
    {
        .name = "sort_ro",
        .arity = -2,
        .effect = Effect::kRead,
        .flags = kMovableKeys | kDangerous,
        .keys = kSortRoKeys,
        .group = Group::kGeneric,
        .since = "7.0.0",
        .complexity = "O(N+M*log(M)) with N elements, M of them given",
        .summary = "Sorts the elements of a list, a set or a sorted set, and gives them.",
        .arguments = "key [BY by-pattern:pattern#1/pattern] [LIMIT offset count] [GET "
                     "get-pattern:pattern#1/pattern [GET get-pattern ...]] [order: ASC | DESC] "
                     "[sorting:ALPHA]",
        .example = "RPUSH k b c a; SORT_RO k ALPHA",
        .example_reply = "*3\n  \"a\"\n  \"b\"\n  \"c\"",
        .handler = SortRoCommand,
        .categories = "set,sortedset,list",
        .find_keys = FindSortRoKeys,
    },
};

}  // namespace

std::span<const CommandSpec> SortFamily() { return kCommands; }

}  // namespace mydis
