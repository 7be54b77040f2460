// What must hold for every command, whatever its family: checked over all records.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "base/ascii.h"
#include "commands/command_fixture.h"
#include "commands/grammar.h"

namespace mydis {
namespace {

// How many words an argument takes at least, and whether it always takes as many.
struct WordCount {
  int min = 0;
  bool fixed = true;
};

WordCount CountWords(const std::vector<Argument>& arguments);

WordCount CountWords(const Argument& argument) {
  if (argument.optional) return {0, false};
  WordCount count{argument.token.empty() ? 0 : 1, !argument.multiple};
  switch (argument.type) {
    case Argument::Type::kPureToken:
      break;
    case Argument::Type::kOneOf: {
      const WordCount first = CountWords(argument.arguments.front());
      WordCount least = first;
      for (const Argument& choice : argument.arguments) {
        const WordCount words = CountWords(choice);
        least.fixed = least.fixed && words.fixed && words.min == first.min;
        least.min = std::min(least.min, words.min);
      }
      count.min += least.min;
      count.fixed = count.fixed && least.fixed;
      break;
    }
    case Argument::Type::kBlock: {
      const WordCount block = CountWords(argument.arguments);
      count.min += block.min;
      count.fixed = count.fixed && block.fixed;
      break;
    }
    default:
      ++count.min;
  }
  return count;
}

WordCount CountWords(const std::vector<Argument>& arguments) {
  WordCount sum;
  for (const Argument& argument : arguments) {
    const WordCount count = CountWords(argument);
    sum.min += count.min;
    sum.fixed = sum.fixed && count.fixed;
  }
  return sum;
}

bool HasHandler(const CommandSpec& spec) {
  return spec.handler.read != nullptr || spec.handler.write != nullptr ||
         spec.handler.local != nullptr;
}

// The type that a group's commands work on; nullopt if they do not care.
std::optional<ValueType> TypeOf(Group group) {
  switch (group) {
    case Group::kString:
    case Group::kBitmap:
    case Group::kHyperLogLog:
      return ValueType::kString;
    case Group::kList:
      return ValueType::kList;
    case Group::kSet:
      return ValueType::kSet;
    case Group::kSortedSet:
    case Group::kGeo:
      return ValueType::kSortedSet;
    case Group::kHash:
      return ValueType::kHash;
    case Group::kStream:
      return ValueType::kStream;
    default:
      return std::nullopt;
  }
}

class FamiliesTest : public CommandFixture {
 protected:
  struct Command {
    const CommandSpec* spec;
    std::string name;  // As an error message has it: "client|setname".
    int name_words;
  };

  // Every command and subcommand that can be run on the state.
  std::vector<Command> All() const {
    std::vector<Command> all;
    for (const CommandSpec* spec : table_.all()) {
      if (spec->effect != Effect::kLocal) all.push_back({spec, std::string(spec->name), 1});
      for (const CommandSpec& sub : spec->subcommands) {
        if (sub.effect == Effect::kLocal) continue;
        all.push_back({&sub, fmt::format("{}|{}", spec->name, sub.name), 2});
      }
    }
    std::erase_if(all, [](const Command& command) { return !HasHandler(*command.spec); });
    return all;
  }

  void Reset() {
    state_.keyspace.FlushAll();
    db_ = 0;
  }

  // The keys that RandomCommands knows.
  void FillWithAllTypes() {
    Reset();
    for (std::string_view line :
         {"SET string abc", "SET number 5", "RPUSH list a b", "HSET hash f 1", "SADD set a b",
          "ZADD zset 1 a 2 b", "XADD stream 1-1 f v"}) {
      if (Knows(Words(line)[0])) Run(line);
    }
  }

  // Runs all but the last command of an example and returns that one's words.
  std::vector<std::string> Prepare(std::string_view example) {
    const size_t last = example.rfind("; ");
    if (last == example.npos) return Words(example);
    RunAll(example.substr(0, last));
    return Words(example.substr(last + 2));
  }

  bool Knows(std::string_view command) const { return table_.Find(command) != nullptr; }
};

bool IsLower(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c != AsciiLower(c) || c == ' '; });
}

TEST_F(FamiliesTest, RecordsAreComplete) {
  for (const auto& [spec, name, name_words] : All()) {
    SCOPED_TRACE(name);
    EXPECT_FALSE(spec->name.empty());
    EXPECT_TRUE(IsLower(spec->name));
    EXPECT_THAT(std::string(spec->since), testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
    EXPECT_FALSE(spec->complexity.empty());
    EXPECT_TRUE(spec->summary.ends_with('.'));
    EXPECT_EQ(spec->example.empty() && !spec->example_reply.empty(), false);
    for (std::string_view rest = spec->history; !rest.empty();) {
      const std::string item(rest.substr(0, rest.find('|')));
      EXPECT_THAT(item, testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+: .*"));
      rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    }
    if (!spec->deprecated.empty()) {
      EXPECT_THAT(std::string(spec->deprecated),
                  testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+\\|.*"));
    }
  }
}

TEST_F(FamiliesTest, NamesAreDeclaredOnce) {
  std::set<std::string> names;
  for (const Command& command : All()) EXPECT_TRUE(names.insert(command.name).second);
}

TEST_F(FamiliesTest, ArityFitsTheArguments) {
  for (const auto& [spec, name, name_words] : All()) {
    SCOPED_TRACE(fmt::format("{}: {}", name, spec->arguments));
    const auto arguments = ParseGrammar(spec->arguments, spec->keys.size());
    ASSERT_TRUE(arguments.has_value());
    const WordCount words = CountWords(*arguments);
    EXPECT_EQ(words.min + name_words, std::abs(spec->arity));
    EXPECT_EQ(words.fixed, spec->arity > 0);
  }
}

TEST_F(FamiliesTest, KeysAndFlagsFitTheEffect) {
  for (const auto& [spec, name, name_words] : All()) {
    SCOPED_TRACE(name);
    const bool reads = spec->effect == Effect::kRead;
    EXPECT_FALSE(reads && (spec->flags & kDenyOom) != 0) << "a read takes no memory";
    for (const KeySpec& keys : spec->keys) {
      if (keys.flags == kKeyNotKey) continue;  // A shard channel.
      const int kinds = !!(keys.flags & kKeyRW) + !!(keys.flags & kKeyRO) +
                        !!(keys.flags & kKeyOW) + !!(keys.flags & kKeyRM);
      EXPECT_EQ(kinds, 1) << "exactly one of RW, RO, OW, RM";
      // Redis keeps PFCOUNT's result with the key.
      EXPECT_TRUE(!reads || (keys.flags & kKeyRO) != 0 || name == "pfcount");
    }
  }
}

TEST_F(FamiliesTest, WrongNumbersOfWordsAreRefused) {
  for (const auto& [spec, name, name_words] : All()) {
    SCOPED_TRACE(name);
    std::vector<std::string> words = {name};
    if (name_words == 2) words = {name.substr(0, name.find('|')), std::string(spec->name)};
    const auto min = static_cast<size_t>(std::abs(spec->arity));
    const std::string error = fmt::format("-ERR wrong number of arguments for '{}' command", name);
    const auto run_with = [&](size_t count) {
      words.resize(count, "x");
      return RunWords(words);
    };
    if (static_cast<int>(min) > name_words) {
      EXPECT_EQ(run_with(min - 1), error);
    }
    if (spec->arity > 0) {
      EXPECT_EQ(run_with(min + 1), error);
    }
  }
}

TEST_F(FamiliesTest, ExamplesGiveTheirReplies) {
  for (const auto& [spec, name, name_words] : All()) {
    if (spec->example_reply.empty()) continue;
    Reset();
    EXPECT_EQ(RunAll(spec->example), spec->example_reply) << spec->example;
    std::string upper = ToUpper(name);
    std::ranges::replace(upper, '|', ' ');
    const size_t last = spec->example.rfind("; ");
    const auto command =
        last == spec->example.npos ? spec->example : spec->example.substr(last + 2);
    EXPECT_TRUE(command.starts_with(upper)) << "an example ends with its command";
  }
}

TEST_F(FamiliesTest, ReadsLeaveTheKeyspaceAsItWas) {
  for (const auto& [spec, name, name_words] : All()) {
    if (spec->effect != Effect::kRead || spec->example.empty()) continue;
    Reset();
    const std::vector<std::string> words = Prepare(spec->example);
    const std::string before = Contents();
    RunWords(words);
    EXPECT_EQ(Contents(), before) << name;
  }
}

TEST_F(FamiliesTest, OtherTypesAreRefused) {
  // These replace what is there, look only whether something is there, or answer nil.
  const std::set<std::string> exceptions = {"set",  "setex",  "psetex", "setnx",
                                            "mset", "msetnx", "mget",   "lcs"};
  struct Maker {
    ValueType type;
    std::string_view command;
  };
  static constexpr Maker kMakers[] = {{ValueType::kString, "SET other v"},
                                      {ValueType::kList, "RPUSH other v"},
                                      {ValueType::kHash, "HSET other f v"}};
  for (const auto& [spec, name, name_words] : All()) {
    const auto type = TypeOf(spec->group);
    if (!type || exceptions.contains(name) || spec->example.empty()) continue;
    for (const Maker& maker : kMakers) {
      if (maker.type == *type || !Knows(Words(maker.command)[0])) continue;
      Reset();
      std::vector<std::string> words = Prepare(spec->example);
      const std::vector<std::string_view> args(words.begin(), words.end());
      std::vector<FoundKey> keys;
      ASSERT_TRUE(FindKeys(*spec, args, &keys)) << name;
      if (keys.empty()) continue;
      for (const FoundKey& key : keys) words[key.position] = "other";
      ASSERT_THAT(Run(maker.command), testing::Not(testing::StartsWith("-")));
      const std::string before = Contents();
      EXPECT_THAT(RunWords(words), testing::StartsWith("-WRONGTYPE"))
          << fmt::format("{} on what {} made", fmt::join(words, " "), maker.command);
      EXPECT_EQ(Contents(), before) << name;
    }
  }
}

// Random words: the option words that a command knows, keys of all types, numbers and nonsense.
class RandomCommands {
 public:
  explicit RandomCommands(uint64_t seed) : random_(seed) {}

  std::vector<std::string> For(const CommandSpec& spec, std::vector<std::string> words) {
    const auto fewest = static_cast<size_t>(std::abs(spec.arity));
    const size_t count = spec.arity > 0 ? fewest : fewest + random_.Below(6);
    std::vector<std::string> options;
    std::string option;
    for (const char c : std::string(spec.arguments) + ' ') {
      if ((c >= 'A' && c <= 'Z') || c == '_') {
        option += c;
      } else if (!option.empty()) {
        options.push_back(std::move(option));
        option.clear();
      }
    }
    // The first words are mostly keys, the later ones mostly options and numbers.
    while (words.size() < count) {
      const uint64_t kind = random_.Below(8);
      if (!options.empty() && kind < 3) {
        words.push_back(options[random_.Below(options.size())]);
      } else if (kind < 5) {
        words.emplace_back(kKeys[random_.Below(std::size(kKeys))]);
      } else {
        words.emplace_back(kValues[random_.Below(std::size(kValues))]);
      }
    }
    return words;
  }
  uint64_t Below(uint64_t bound) { return random_.Below(bound); }

 private:
  static constexpr std::string_view kKeys[] = {"string", "number", "list",   "hash",
                                               "set",    "zset",   "stream", "new"};
  static constexpr std::string_view kValues[] = {
      "0",  "1",   "-1", "2",   "10",       "-5", "1.5", "9223372036854775807",
      "u8", "i16", "",   "abc", "\xff\x01", "*",  "+",   "-9223372036854775808"};
  Random random_;
};

class ChangeCounter final : public KeyspaceListener {
 public:
  void OnKeyChanged(uint32_t, std::string_view) override { ++changes; }
  void OnKeyExpired(uint32_t, std::string_view) override { ++changes; }
  void OnFlush(std::optional<uint32_t>) override { ++changes; }
  void OnEvent(EventClass event_class, std::string_view, uint32_t, std::string_view) override {
    changes += event_class != EventClass::kKeyMiss;
  }
  int changes = 0;
};

// Whatever the words: one reply, and a command that is refused changes nothing.
TEST_F(FamiliesTest, RandomWordsGetOneReplyAndErrorsChangeNothing) {
  ASSERT_TRUE(state_.settings.Set("proto-max-bulk-len", "1mb").ok());
  ChangeCounter counter;
  state_.keyspace.set_listener(&counter);
  RandomCommands random(11);
  for (const Command& command : All()) {
    std::vector<std::string> name = {command.name};
    if (command.name_words == 2)
      name = {command.name.substr(0, command.name.find('|')), std::string(command.spec->name)};
    for (int round = 0; round < 300; ++round) {
      if (round % 30 == 0) FillWithAllTypes();
      counter.changes = 0;
      const std::vector<std::string> words = random.For(*command.spec, name);
      const std::string reply = RunWords(words);
      if (reply.starts_with('-') || command.spec->effect == Effect::kRead) {
        ASSERT_EQ(counter.changes, 0)
            << fmt::format("{} answered {}", fmt::join(words, " "), reply);
      }
    }
    state_.keyspace.CheckInvariants();
  }
  state_.keyspace.set_listener(nullptr);
}

}  // namespace
}  // namespace mydis
