#include "workload.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/assert.h"
#include "base/sha1.h"
#include "state/rdb_value.h"

namespace mydis::sim {
namespace {

constexpr Group kGroups[] = {Group::kString, Group::kGeneric,  Group::kBitmap,
                             Group::kList,   Group::kSet,      Group::kSortedSet,
                             Group::kHash,   Group::kStream,   Group::kHyperLogLog,
                             Group::kGeo,    Group::kScripting};

// They see more than the clients' own keys, what an instance knows for itself, or take long.
constexpr std::string_view kLeftOut[] = {
    "dbsize",      "flushall",       "flushdb",       "keys",        "pfselftest",
    "pfdebug",     "randomkey",      "scan",          "swapdb",      "object|idletime",
    "object|freq", "memory|usage",   "wait",          "waitaof",     "move",
    "copy",        "function|stats", "function|kill", "script|kill", "debug",
    "migrate",     "publish",        "spublish"};

constexpr std::string_view kScripts[] = {
    "return redis.call('INCR', KEYS[1])",
    "return {redis.call('RPUSH', 'list0', ARGV[1] or 'x'), redis.call('LLEN', 'list0')}",
    "return {math.random(1000), redis.call('TIME')[1]}",
    "redis.call('SADD', 'set0', ARGV[1] or 'y') return redis.call('SRANDMEMBER', 'set0')",
    "return redis.call('HGETALL', 'hash0')",
    "return redis.call('SPOP', KEYS[1])",
};
constexpr std::string_view kLibrary =
    "#!lua name=library\nredis.register_function('add', function(keys, args) return "
    "redis.call('INCRBY', 'string0', 7) end)\nredis.register_function{function_name='look', "
    "callback=function() return redis.call('GET', 'string0') end, flags={'no-writes'}}";

// The type of key a group of commands is mostly about.
std::string_view KeyName(Group group) {
  switch (group) {
    case Group::kList:
      return "list";
    case Group::kSet:
      return "set";
    case Group::kSortedSet:
      return "zset";
    case Group::kHash:
      return "hash";
    case Group::kStream:
      return "stream";
    case Group::kHyperLogLog:
      return "hll";
    case Group::kGeo:
      return "geo";
    case Group::kBitmap:
      return "bits";
    default:
      return "string";
  }
}

constexpr std::string_view kKeyNames[] = {"list", "set", "zset", "hash",  "stream",
                                          "hll",  "geo", "bits", "string"};

std::string KeyOf(std::string_view kind, Random& random) {
  return fmt::format("{}{}", kind, random.Below(2));
}

}  // namespace

// One command while it is written.
class Workload::Sentence {
 public:
  Sentence(const Workload& workload, const Command& command, Random& random, uint64_t now_ms)
      : workload_(workload),
        command_(command),
        random_(random),
        now_ms_(now_ms),
        repeats_(1 + random.Below(3)) {
    words_ = command.words;
    WriteAll(command.arguments);
  }
  Words Take() { return std::move(words_); }

 private:
  void WriteAll(const std::vector<Argument>& arguments) {
    for (const Argument& argument : arguments) {
      // As many keys as `numkeys` has said.
      const bool counted = argument.type == Argument::Type::kKey && argument.multiple;
      if (argument.optional && !counted && !random_.Chance(1, 4)) continue;
      // All that repeats does so equally often: keys and ids, keys and weights, a count and fields.
      for (uint64_t i = 0; i < (argument.multiple ? repeats_ : 1); ++i) {
        if (!argument.token.empty() && (i == 0 || argument.multiple_token))
          words_.push_back(argument.token);
        WriteOne(argument);
      }
    }
  }

  void WriteOne(const Argument& argument) {
    switch (argument.type) {
      case Argument::Type::kPureToken:
        return;  // It stands there already.
      case Argument::Type::kOneOf: {
        const Argument& chosen = argument.arguments[random_.Below(argument.arguments.size())];
        return WriteAll({chosen});
      }
      case Argument::Type::kBlock:
        return WriteAll(argument.arguments);
      case Argument::Type::kKey:
        return words_.push_back(KeyOf(random_.Chance(1, 20)
                                          ? kKeyNames[random_.Below(std::size(kKeyNames))]
                                          : KeyName(command_.spec->group),
                                      random_));
      default:
        words_.push_back(Value(argument));
    }
  }

  bool Is(std::initializer_list<std::string_view> names, const Argument& argument) const {
    return std::ranges::find(names, std::string_view(argument.name)) != names.end();
  }

  std::string Value(const Argument& a) {
    if (Is({"numkeys", "numfields"}, a)) return std::to_string(repeats_);
    if (Is({"seconds"}, a)) return std::to_string(1 + random_.Below(3));
    if (Is({"milliseconds", "ttl"}, a)) return std::to_string(20 + random_.Below(2000));
    if (Is({"unix-time-seconds"}, a)) return std::to_string(now_ms_ / 1000 + random_.Below(4));
    if (Is({"unix-time-milliseconds"}, a)) return std::to_string(now_ms_ + random_.Below(3000));
    if (Is({"timeout", "cursor", "min-idle-time"}, a)) return "0";
    if (Is({"serialized-value"}, a)) return workload_.payload_;
    if (command_.spec->group == Group::kScripting) return ScriptValue(a);
    if (command_.spec->group == Group::kStream) return StreamValue(a);
    if (command_.words[0].find("lex") != std::string::npos && Is({"min", "max"}, a))
      return random_.Chance(1, 2) ? "-" : "[m5";
    if (Is({"encoding"}, a)) return random_.Chance(1, 2) ? "u8" : "i13";
    if (Is({"longitude", "latitude", "radius", "width", "height"}, a))
      return fmt::format("{}.{}", random_.Below(80), random_.Below(1000));
    if (Is({"bit", "destination-db", "db"}, a)) return "0";
    if (command_.words[0] == "setbit" && a.name == "value") return "1";
    if (a.type == Argument::Type::kPattern) return "*";
    if (a.type == Argument::Type::kInteger || a.type == Argument::Type::kDouble ||
        Is({"increment", "decrement", "weight", "score", "min", "max", "start", "stop"}, a))
      return std::to_string(random_.Below(8));
    return fmt::format("m{}", random_.Below(random_.Chance(1, 10) ? 300 : 10));
  }

  std::string StreamValue(const Argument& a) {
    if (Is({"group"}, a)) return "group";
    if (Is({"consumer"}, a)) return random_.Chance(1, 2) ? "alice" : "bob";
    if (Is({"start"}, a)) return "-";
    if (Is({"end"}, a)) return "+";
    if (command_.words[0] == "xreadgroup" && a.name == "ID") return ">";
    if (Is({"ID", "id", "last-id", "max-deleted-id"}, a))
      return fmt::format("{}", random_.Chance(1, 2) ? 0 : now_ms_ - random_.Below(1000));
    return std::to_string(random_.Below(20));
  }

  std::string ScriptValue(const Argument& a) {
    if (Is({"script"}, a)) return std::string(kScripts[random_.Below(std::size(kScripts))]);
    if (Is({"function"}, a)) return random_.Chance(1, 2) ? "add" : "look";
    if (Is({"function-code"}, a)) return std::string(kLibrary);
    if (Is({"library-name"}, a)) return "library";
    if (Is({"sha1"}, a)) return Sha1Hex(kScripts[random_.Below(std::size(kScripts))]);
    return fmt::format("m{}", random_.Below(10));
  }

  const Workload& workload_;
  const Command& command_;
  Random& random_;
  uint64_t now_ms_;
  uint64_t repeats_;
  Words words_;
};

Workload::Workload(const CommandTable& table) {
  Keyspace keyspace(1, 1);
  keyspace.SetString(0, "key", "dumped", Ttl::None());
  payload_ = DumpPayload(*keyspace.Find(0, "key"));
  for (const CommandSpec* spec : table.all()) {
    if (std::ranges::find(kGroups, spec->group) == std::end(kGroups)) continue;
    if (std::ranges::find(kLeftOut, spec->name) != std::end(kLeftOut)) continue;
    if (spec->subcommands.empty()) Add(*spec, {std::string(spec->name)});
    for (const CommandSpec& inner : spec->subcommands) {
      const std::string full = fmt::format("{}|{}", spec->name, inner.name);
      if (inner.name == "help" || std::ranges::find(kLeftOut, full) != std::end(kLeftOut)) continue;
      Add(inner, {std::string(spec->name), std::string(inner.name)});
    }
  }
}

void Workload::Add(const CommandSpec& spec, Words words) {
  auto arguments = ParseGrammar(spec.arguments, spec.keys.size());
  MYDIS_ASSERT(arguments.has_value(), "every record's grammar can be read");
  if (spec.effect == Effect::kRead) reads_.push_back({&spec, words, *arguments});
  if (spec.effect == Effect::kWrite) writes_.push_back({&spec, words, *arguments});
}

Workload::Words Workload::Write(Random& random, uint64_t now_ms) const {
  return Sentence(*this, writes_[random.Below(writes_.size())], random, now_ms).Take();
}

Workload::Words Workload::Read(Random& random, uint64_t now_ms) const {
  return Sentence(*this, reads_[random.Below(reads_.size())], random, now_ms).Take();
}

Workload::Words Workload::Pop(Random& random) const {
  const std::string number = std::to_string(random.Below(2));
  switch (random.Below(4)) {
    case 0:
      return {"BLPOP", "list" + number, "0"};
    case 1:
      return {"BLMOVE", "list" + number, "list1", "LEFT", "RIGHT", "0"};
    case 2:
      return {"BZPOPMIN", "zset" + number, "0"};
    default:
      return {"BRPOP", "list" + number, "0"};
  }
}

std::vector<std::string> Workload::Names() const {
  std::vector<std::string> names;
  for (const auto* commands : {&reads_, &writes_})
    for (const Command& command : *commands)
      names.push_back(fmt::format("{}", fmt::join(command.words, "|")));
  std::ranges::sort(names);
  return names;
}

std::string Workload::NameOf(const Words& words, const CommandTable& table) {
  const std::vector<std::string_view> args(words.begin(), words.end());
  const CommandSpec* spec = table.Resolve(args);
  return spec == nullptr ? std::string() : table.FullName(*spec);
}

std::string Workload::AnyKey(Random& random) const {
  return KeyOf(kKeyNames[random.Below(std::size(kKeyNames))], random);
}

}  // namespace mydis::sim
