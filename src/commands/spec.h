// The record that declares a command, once. Everything that is known about a command anywhere
// (dispatch, routing, COMMAND, ACL categories, completion, docs/commands.md, generic tests) comes
// from it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "commands/blocking.h"
#include "state/context.h"

namespace mydis {

struct LocalContext;  // server/local_context.h

// Decides the route: a write is submitted to the log, a read runs on this instance (after a barrier
// if strong), a local command never leaves its session.
enum class Effect : uint8_t { kRead, kWrite, kLocal };

enum class Group : uint8_t {
  kString,
  kGeneric,
  kConnection,
  kServer,
  kTransactions,
  kBitmap,
  kList,
  kSet,
  kSortedSet,
  kHash,
  kPubSub,
  kScripting,
  kHyperLogLog,
  kStream,
  kGeo,
  kCluster,
};

// Redis's command flags, plus what ACL categories cannot be derived from otherwise. Redis's own
// `write` and `readonly` come from the effect; `movablekeys` from the keys.
enum CommandFlag : uint32_t {
  kFlagNone = 0,
  kFast = 1u << 0,
  kDenyOom = 1u << 1,
  kAdmin = 1u << 2,
  kNoScript = 1u << 3,
  kLoading = 1u << 4,
  kStale = 1u << 5,
  kPubSubFlag = 1u << 6,
  kBlocking = 1u << 7,
  kNoAuth = 1u << 8,
  kAllowBusy = 1u << 9,
  kNoMulti = 1u << 10,
  kSkipMonitor = 1u << 11,
  kSkipSlowlog = 1u << 12,
  kMovableKeys = 1u << 13,
  kNoMandatoryKeys = 1u << 14,
  kNoAsyncLoading = 1u << 15,
  kMayReplicate = 1u << 16,  // Not a write, but held back by CLIENT PAUSE WRITE like one.
  kDangerous = 1u << 17,
  kReadOnlyFlag = 1u << 18,  // A local command that Redis calls readonly.
  kWriteFlag = 1u << 20,     // A local command that Redis calls write.
  kAudited = 1u << 21,       // Administration that the audit log keeps.
  // Redis calls the command neither write nor readonly, whatever its effect here (PUBLISH, EVAL).
  kNoEffectFlag = 1u << 19,
};

enum KeyFlag : uint16_t {
  kKeyRW = 1u << 0,
  kKeyRO = 1u << 1,
  kKeyOW = 1u << 2,
  kKeyRM = 1u << 3,
  kKeyAccess = 1u << 4,
  kKeyUpdate = 1u << 5,
  kKeyInsert = 1u << 6,
  kKeyDelete = 1u << 7,
  kKeyNotKey = 1u << 8,
  kKeyIncomplete = 1u << 9,
  kKeyVariable = 1u << 10,
  // Not Redis's: the word stands for all keys that begin with it.
  kKeyPrefix = 1u << 11,
};

// Where keys stand among a command's words (Redis's key specifications).
struct KeySpec {
  enum class Begin : uint8_t { kIndex, kKeyword, kUnknown };
  enum class Find : uint8_t { kRange, kKeyNum, kUnknown };
  uint16_t flags;
  Begin begin = Begin::kIndex;
  int16_t index = 1;              // kIndex: position of the first key (or of the count).
  std::string_view keyword = {};  // kKeyword: the word to look for …
  int16_t start_from = 1;         // … from this position on (negative: from the end).
  Find find = Find::kRange;
  int16_t last = 0;  // kRange: last key relative to the first; -1: to the end.
  int16_t step = 1;
  int16_t limit = 0;        // kRange with last == -1: 2 means the first half only.
  int16_t count_index = 0;  // kKeyNum: where the count stands, relative to the start …
  int16_t first_key = 1;    // … and the first key, relative to the start.
};

// One key at word `index`.
constexpr KeySpec OneKey(uint16_t flags, int16_t index = 1) {
  return {.flags = flags, .index = index};
}
// Keys from word `index` to `last` (relative to the first; -1: the last word), every `step` words.
constexpr KeySpec KeyRange(uint16_t flags, int16_t index, int16_t last, int16_t step = 1) {
  return {.flags = flags, .index = index, .last = last, .step = step};
}
// A count of keys at word `index`, then the keys.
constexpr KeySpec CountedKeys(uint16_t flags, int16_t index) {
  return {.flags = flags, .index = index, .find = KeySpec::Find::kKeyNum};
}

using ReadHandler = void (*)(ReadContext&);
using WriteHandler = void (*)(WriteContext&);
using LocalHandler = void (*)(LocalContext&);

// Exactly the one that fits the command's effect is set; none for a container of subcommands.
struct Handler {
  ReadHandler read = nullptr;
  WriteHandler write = nullptr;
  LocalHandler local = nullptr;
  constexpr Handler() = default;
  constexpr Handler(ReadHandler h) : read(h) {}    // NOLINT: implicit on purpose
  constexpr Handler(WriteHandler h) : write(h) {}  // NOLINT
  constexpr Handler(LocalHandler h) : local(h) {}  // NOLINT
};

// One key among a command's words, with the flags of the specification that found it.
struct FoundKey {
  size_t position;
  uint16_t flags;
};
// Finds the keys of one command where specifications cannot say it: SORT's STORE, or flags that
// depend on the options. False if the words make no sense.
using KeyFinder = bool (*)(Args args, std::vector<FoundKey>* keys);

struct CommandSpec {
  std::string_view name;  // Lower case; of a subcommand its own word ("setname").
  int arity;              // Words, name included; negative: at least that many. A subcommand's
                          // arity counts the container's name too, as Redis does.
  Effect effect;
  uint32_t flags;
  std::span<const KeySpec> keys;
  Group group;
  std::string_view since;
  std::string_view complexity;
  std::string_view summary;
  // The words after the name, in the notation of commands/grammar.h: "key value [condition: NX |
  // XX] [GET] [expiration: EX seconds | PX milliseconds | KEEPTTL]".
  std::string_view arguments;
  // A line a user could type and its reply in the notation of tests/resp/README.md; empty for
  // those whose reply is never the same. Commands before the last `;` prepare it.
  std::string_view example;
  std::string_view example_reply;
  Handler handler;
  std::span<const CommandSpec> subcommands = {};
  std::string_view tips = {};        // Redis's command tips, separated by commas.
  std::string_view history = {};     // "6.2.0: Added GET.|7.0.0: …", oldest first.
  std::string_view deprecated = {};  // "since|use instead"
  // ACL categories in place of the one that follows from the group: "set,sortedset,list".
  std::string_view categories = {};
  // Used instead of `keys` when a specification is incomplete or its flags vary.
  KeyFinder find_keys = nullptr;
  // Of commands with the flag kBlocking: whether, where and how long they wait.
  WaitPlanner plan_wait = nullptr;
};

// Whether CLIENT PAUSE WRITE holds the command back.
inline bool PausesWithWrites(const CommandSpec& spec) {
  return (spec.effect == Effect::kWrite && (spec.flags & kNoEffectFlag) == 0) ||
         (spec.flags & (kMayReplicate | kWriteFlag)) != 0;
}

}  // namespace mydis
