// What the hot string commands cost straight on a keyspace, without session and network:
// `command_bench`, or with Google Benchmark's own options.
//
// Keys come in random order. With a million of them nearly every command misses the processor's
// caches, as it does on a busy server; with a thousand only the instructions count.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "commands/table.h"
#include "state/entry_codec.h"
#include "state/state_machine.h"

namespace mydis {
namespace {

constexpr size_t kKeyBytes = 16;
constexpr std::string_view kValue = "a value of thirty-two bytes, yes";

// The keys in a random order, one after the other in memory.
class ShuffledKeys {
 public:
  explicit ShuffledKeys(size_t count) : count_(count) {
    std::vector<uint32_t> order(count);
    for (size_t i = 0; i < count; ++i) order[i] = static_cast<uint32_t>(i);
    Random random(1);
    for (size_t i = count - 1; i > 0; --i) std::swap(order[i], order[random.Below(i + 1)]);
    for (uint32_t i : order) bytes_ += fmt::format("key:{:012}", i);
  }
  std::string_view Next() {
    const std::string_view key(bytes_.data() + at_ * kKeyBytes, kKeyBytes);
    at_ = at_ + 1 == count_ ? 0 : at_ + 1;
    return key;
  }

 private:
  size_t count_;
  std::string bytes_;
  size_t at_ = 0;
};

// A state filled with texts or with numbers, a way to run commands on it.
struct Bench {
  Bench(size_t count, bool numbers) : keys(count) {
    for (size_t i = 0; i < count; ++i) {
      const std::string_view key = keys.Next();
      if (numbers) {
        state.keyspace.SetInteger(0, key, static_cast<int64_t>(i), Ttl::None());
      } else {
        state.keyspace.SetString(0, key, kValue, Ttl::None());
      }
    }
  }
  void Run(const CommandSpec& spec, Args args) {
    WriteContext context{args, reply, state, state.keyspace, 0, 1, random};
    if (spec.effect == Effect::kRead) {
      ReadContext read = context.AsRead();
      spec.handler.read(read);
    } else {
      state.keyspace.set_revision(++state.revision);
      spec.handler.write(context);
    }
  }

  ShuffledKeys keys;
  State state{7};
  CommandTable table{StateFamilies()};
  Random random{1};
  NullReply reply;
};

// Filled once each; the commands leave the number of keys as it is.
Bench& Filled(const benchmark::State& state, bool numbers = false) {
  static std::map<std::pair<int64_t, bool>, std::unique_ptr<Bench>> benches;
  auto& bench = benches[{state.range(0), numbers}];
  if (!bench) bench = std::make_unique<Bench>(static_cast<size_t>(state.range(0)), numbers);
  return *bench;
}

void Find(benchmark::State& state) {
  Bench& bench = Filled(state);
  for (auto _ : state) benchmark::DoNotOptimize(bench.state.keyspace.Find(0, bench.keys.Next()));
}
BENCHMARK(Find)->Arg(1000)->Arg(1'000'000);

void Get(benchmark::State& state) {
  Bench& bench = Filled(state);
  const CommandSpec& spec = *bench.table.Find("get");
  for (auto _ : state) {
    const std::string_view args[] = {"GET", bench.keys.Next()};
    bench.Run(spec, args);
  }
}
BENCHMARK(Get)->Arg(1000)->Arg(1'000'000);

// With the look-up of the command by its name.
void GetByName(benchmark::State& state) {
  Bench& bench = Filled(state);
  for (auto _ : state) {
    const std::string_view args[] = {"GET", bench.keys.Next()};
    bench.Run(*bench.table.Resolve(args), args);
  }
}
BENCHMARK(GetByName)->Arg(1000)->Arg(1'000'000);

void Mget(benchmark::State& state) {
  Bench& bench = Filled(state);
  const CommandSpec& spec = *bench.table.Find("mget");
  std::vector<std::string_view> args(1 + static_cast<size_t>(state.range(1)), "MGET");
  for (auto _ : state) {
    for (size_t i = 1; i < args.size(); ++i) args[i] = bench.keys.Next();
    bench.Run(spec, args);
  }
  state.counters["per key"] =
      benchmark::Counter(static_cast<double>(state.iterations() * state.range(1)),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(Mget)->ArgsProduct({{1000, 1'000'000}, {10, 100}});

void Set(benchmark::State& state) {
  Bench& bench = Filled(state);
  const CommandSpec& spec = *bench.table.Find("set");
  for (auto _ : state) {
    const std::string_view args[] = {"SET", bench.keys.Next(), kValue};
    bench.Run(spec, args);
  }
}
BENCHMARK(Set)->Arg(1000)->Arg(1'000'000);

// Every value has another length than the one before, so that entries move.
void SetOtherLength(benchmark::State& state) {
  Bench& bench = Filled(state);
  const CommandSpec& spec = *bench.table.Find("set");
  const std::string value(256, 'v');
  size_t length = 0;
  for (auto _ : state) {
    length = length * 5 + 37;
    const std::string_view args[] = {"SET", bench.keys.Next(),
                                     std::string_view(value).substr(0, 1 + (length >> 8) % 255)};
    bench.Run(spec, args);
  }
}
BENCHMARK(SetOtherLength)->Arg(1000)->Arg(1'000'000);

void SetExpiring(benchmark::State& state) {
  Bench& bench = Filled(state);
  const CommandSpec& spec = *bench.table.Find("set");
  for (auto _ : state) {
    const std::string_view args[] = {"SET", bench.keys.Next(), kValue, "EX", "1000"};
    bench.Run(spec, args);
  }
}
BENCHMARK(SetExpiring)->Arg(1000)->Arg(1'000'000);

void Incr(benchmark::State& state) {
  Bench& bench = Filled(state, true);
  const CommandSpec& spec = *bench.table.Find("incr");
  for (auto _ : state) {
    const std::string_view args[] = {"INCR", bench.keys.Next()};
    bench.Run(spec, args);
  }
}
BENCHMARK(Incr)->Arg(1000)->Arg(1'000'000);

// A log entry of SET commands through the state machine: what a write costs every instance. The
// time is that of the whole entry; "per command" is a command's share.
void ApplySets(benchmark::State& state) {
  const CommandTable table(StateFamilies());
  StateMachine machine(table, 7);
  const auto count = static_cast<size_t>(state.range(0));
  const int64_t commands = state.range(1);
  ShuffledKeys keys(count);
  EntryBuilder builder;
  uint64_t sequence = 0;
  const auto entry = [&](int64_t sets) {
    for (int64_t i = 0; i < sets; ++i) {
      const std::string_view words[] = {"SET", keys.Next(), kValue};
      builder.AddCommand(0, words);
    }
    std::string payload = builder.Take();
    StoreEnvelope(payload.data(), {.kind = EntryBody::kCommands,
                                   .operations = static_cast<uint32_t>(sets),
                                   .time_ms = 1,
                                   .seed = 1,
                                   .origin = 1,
                                   .sequence = ++sequence});
    return payload;
  };
  std::string registration = RegistrationPayload(1, 0, "bench");
  if (!machine.Apply(registration, nullptr)) return state.SkipWithError("registration failed");
  for (size_t i = 0; i < count; i += 1000) {
    if (!machine.Apply(entry(1000), nullptr)) return state.SkipWithError("apply failed");
  }
  for (auto _ : state) {
    state.PauseTiming();
    const std::string payload = entry(commands);
    state.ResumeTiming();
    if (!machine.Apply(payload, nullptr)) return state.SkipWithError("apply failed");
  }
  state.counters["per command"] =
      benchmark::Counter(static_cast<double>(state.iterations() * commands),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(ApplySets)->ArgsProduct({{1000, 1'000'000}, {1, 256}});

}  // namespace
}  // namespace mydis

BENCHMARK_MAIN();
