// The same scripts give the same replies and the same state in another thread, in another process
// (where everything lies elsewhere in memory), after whatever other scripts, and on a state that
// was saved and loaded in between.
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "base/envelope.h"
#include "base/hash.h"
#include "commands/command_fixture.h"
#include "script/script_family.h"
#include "script/vm.h"
#include "state/entry_codec.h"
#include "state/snapshot_taker.h"
#include "state/state_machine.h"

namespace mydis {
namespace {

// Each looks at something that could differ: order of tables with tables as keys, addresses, the
// collector, weak tables, chance, time, what earlier calls left behind.
constexpr std::string_view kCorpus[] = {
    "local t, n = {}, '' for i = 1, 50 do t[{}] = i t[function() end] = -i end "
    "for _, v in pairs(t) do n = n .. v .. ' ' end redis.call('set', 'order', n) return n",
    "local t = {} for i = 1, 30 do t['k' .. i] = i t[i * 7] = i t[i + 0.5] = i end local n = '' "
    "for k, v in pairs(t) do n = n .. tostring(k) end redis.call('append', 'keys', n) return n",
    "return redis.call('append', 'address', tostring({}) .. tostring(print_ == nil) )",
    "redis.call('append', 'address', tostring({}) .. tostring(tostring) .. tostring(redis.call))",
    "local w = setmetatable({}, {__mode = 'k'}) for i = 1, 20000 do w[{}] = i end local n = 0 "
    "for _ in pairs(w) do n = n + 1 end redis.call('append', 'weak', n) return n",
    "local s = 0 for i = 1, 2000 do s = s + #(tostring(i) .. 'x') end "
    "redis.call('append', 'memory', collectgarbage('count')) return tostring(s)",
    "redis.call('append', 'chance', math.random() .. redis.call('time')[1]) return "
    "math.random(100)",
    "redis.call('append', 'clock', os.clock()) return tostring(os.clock())",
    "for i = 1, 50 do redis.call('sadd', 'set', i) end return redis.call('spop', 'set', 10)",
    "local t = {} for i = 1, 5000 do t[i] = math.random() end table.sort(t) "
    "redis.call('append', 'sorted', table.concat(t, ',', 1, 3)) return #t",
    "redis.call('append', 'json', cjson.encode({b = 1, a = {1, 2, {c = 'x'}}, [3] = 4})) return 1",
    "redis.call('append', 'pack', cmsgpack.pack({b = 1, a = 2, c = {1, 2}})) return 1",
    "redis.call('append', 'half', 'x') local t = {} while true do t[#t + 1] = {} "
    "redis.call('incr', 'half' .. #t % 10) end",
    "redis.call('append', 'half', 'y') while true do redis.call('incr', 'endless') end",
    "return redis.call('fcall', 'x', 0)",
    "return redis.sha1hex(table.concat({1, 2, 3}) .. tostring(coroutine.create(function() end)))",
};

class Machine {
 public:
  Machine() { machine_ = std::make_unique<StateMachine>(table_, 42); }

  void Submit(std::initializer_list<std::string_view> words) { SubmitWords({words}); }
  void SubmitWords(const std::vector<std::string_view>& words) {
    EntryBuilder builder;
    builder.AddCommand(0, words);
    std::string payload = builder.Take();
    Envelope envelope{.kind = EntryBody::kCommands,
                      .operations = 1,
                      .time_ms = 1'700'000'000'000 + ++sequence_,
                      .seed = sequence_ * 77,
                      .origin = 1,
                      .sequence = sequence_};
    StoreEnvelope(payload.data(), envelope);
    Observer observer;
    ASSERT_TRUE(machine_->Apply(payload, &observer));
    replies_ += observer.reply.text() + "\n";
  }
  void Register() {
    std::string payload = RegistrationPayload(1, 0, "instance");
    ASSERT_TRUE(machine_->Apply(payload, nullptr));
  }
  // Goes on with a copy that went through a snapshot.
  void Restart() {
    std::string bytes;
    {
      SnapshotTaker taker(*machine_);
      while (*taker.Next(1 << 20, bytes)) {
      }
    }
    auto copy = std::make_unique<StateMachine>(table_, 0);
    SnapshotLoader loader(*copy);
    ASSERT_TRUE(loader.Add(bytes).ok());
    ASSERT_TRUE(loader.Finish().ok());
    machine_ = std::move(copy);
  }
  // All replies and the whole state.
  uint64_t Digest() const { return Hash64(replies_, machine_->Digest()); }
  const std::string& replies() const { return replies_; }

 private:
  struct Observer final : ApplyObserver {
    RecordingReply reply;
    Reply& BeginCommand(uint32_t) override { return reply; }
    void BeginTransaction(uint32_t, bool) override {}
    Reply& ElementReply(uint32_t, uint32_t) override { return reply; }
    void End(uint32_t, bool) override {}
    void NotRun(uint32_t) override {}
  };
  CommandTable table_{StateFamilies(), ScriptFamilies()};
  std::unique_ptr<StateMachine> machine_;
  uint64_t sequence_ = 0;
  std::string replies_;
};

// Runs the corpus twice over.
Machine& RunCorpus(Machine& machine, bool noise) {
  machine.Register();
  machine.Submit({"MYDIS", "SET", "script-budget", "2000000"});
  machine.Submit({"MYDIS", "SET", "script-memory", "4mb"});
  machine.Submit({"FUNCTION", "LOAD",
                  "#!lua name=lib\nlocal calls, t = 0, {}\nredis.register_function('f', "
                  "function(keys) calls = calls + 1 t[{}] = calls redis.call('append', keys[1], "
                  "calls .. tostring(t)) return calls end)"});
  for (int round = 0; round < 2; ++round) {
    for (const std::string_view script : kCorpus) {
      if (noise) {
        // What this instance alone has run.
        Machine other;
        other.Register();
        other.Submit({"EVAL_RO", "local t = {} for i = 1, 3000 do t[i] = {i} end return #t", "0"});
        if (round == 0) LuaVm::OfThread().Forget();
      }
      machine.Submit({"EVAL", script, "0"});
      machine.Submit({"FCALL", "f", "1", "called"});
    }
    if (noise) machine.Restart();
  }
  return machine;
}

TEST(Determinism, AnotherThreadAnotherHistory) {
  Machine here;
  RunCorpus(here, false);
  Machine there;
  std::thread([&there] { RunCorpus(there, true); }).join();
  EXPECT_EQ(there.replies(), here.replies());
  EXPECT_EQ(there.Digest(), here.Digest());
}

// Run by the test below in processes of their own.
TEST(Determinism, DISABLED_PrintDigest) {
  Machine machine;
  std::printf("digest %016llx\n",
              static_cast<unsigned long long>(RunCorpus(machine, false).Digest()));
}

TEST(Determinism, OtherProcesses) {
  std::string first;
  for (int i = 0; i < 3; ++i) {
    char path[4096];
    const ssize_t size = readlink("/proc/self/exe", path, sizeof path - 1);
    ASSERT_GT(size, 0);
    const std::string command = std::string(path, static_cast<size_t>(size)) +
                                " --gtest_also_run_disabled_tests "
                                "--gtest_filter=Determinism.DISABLED_PrintDigest";
    FILE* output = popen(command.c_str(), "r");
    ASSERT_NE(output, nullptr);
    std::string digest;
    char line[256];
    while (std::fgets(line, sizeof line, output) != nullptr) {
      if (std::string_view(line).starts_with("digest ")) digest = line;
    }
    ASSERT_EQ(pclose(output), 0);
    ASSERT_FALSE(digest.empty());
    if (i == 0) first = digest;
    EXPECT_EQ(digest, first);
  }
}

}  // namespace
}  // namespace mydis
