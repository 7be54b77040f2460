// What the Raft core costs per turn and per commit, without disk and network: `engine_bench`, or
// with Google Benchmark's own options. Entries carry references, so payloads have no part in it.
#include <benchmark/benchmark.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/assert.h"
#include "consensus/engine.h"

namespace mydis {
namespace {

struct Packet {
  uint64_t from = 0;
  uint64_t to = 0;
  std::string bytes;
  std::vector<uint64_t> refs;
};

// Voters 1 … n, the first of them leading, whose disks and network take no time.
class Cluster {
 public:
  explicit Cluster(uint64_t n) {
    SnapshotMetadata snapshot{1, 1, {}};
    for (uint64_t id = 1; id <= n; ++id) snapshot.conf_state.voters.push_back(id);
    for (uint64_t id = 1; id <= n; ++id) {
      auto engine = Engine::Start({.id = id, .random_seed = id}, {{1, 0, 1}, snapshot, 1, 1, {}});
      MYDIS_ASSERT(engine, "an engine starts");
      engines_.push_back(std::move(*engine));
    }
    leader().Campaign();
    Settle();
    MYDIS_ASSERT(leading_, "the first instance leads");
  }

  Engine& leader() { return *engines_[0]; }
  uint64_t committed() const { return committed_; }
  uint64_t turns() const { return turns_; }

  void Settle() {
    for (bool busy = true; busy;) {
      busy = false;
      for (uint64_t id = 1; id <= engines_.size(); ++id)
        for (; engines_[id - 1]->HasInput(); busy = true) Turn(id);
      for (; !network_.empty(); network_.pop_front()) {
        const Packet& packet = network_.front();
        engines_[packet.to - 1]->Step(packet.from, packet.bytes, packet.refs);
        busy = true;
      }
    }
  }

 private:
  void Turn(uint64_t id) {
    Engine& engine = *engines_[id - 1];
    const TurnOutput& out = engine.Turn();
    ++turns_;
    if (id == 1) leading_ = out.state.role == RaftRole::kLeader;
    if (!out.has_ready) return;
    for (const OutMessage& message : out.ready.messages)
      network_.push_back({id, message.to, std::string(message.bytes),
                          std::vector<uint64_t>(message.entry_count, 1)});
    if (id == 1 && out.ready.last_committed != 0) committed_ = out.ready.last_committed;
    engine.Advance();
  }

  std::vector<std::unique_ptr<Engine>> engines_;
  std::deque<Packet> network_;
  uint64_t committed_ = 0;
  uint64_t turns_ = 0;
  bool leading_ = false;
};

void EmptyTurn(benchmark::State& state) {
  Cluster cluster(3);
  for (auto _ : state) benchmark::DoNotOptimize(cluster.leader().Turn().state.term);
}
BENCHMARK(EmptyTurn);

void Tick(benchmark::State& state) {
  Cluster cluster(3);
  for (auto _ : state) {
    cluster.leader().Tick();
    cluster.Settle();
  }
}
BENCHMARK(Tick);

// A batch of entries, from proposal to the leader's knowledge of the commit and the followers'.
void Commit(benchmark::State& state) {
  Cluster cluster(static_cast<uint64_t>(state.range(0)));
  const int64_t batch = state.range(1);
  const uint64_t turns = cluster.turns();
  const uint64_t committed = cluster.committed();
  for (auto _ : state) {
    for (int64_t i = 0; i < batch; ++i) cluster.leader().Propose(1);
    cluster.Settle();
  }
  MYDIS_ASSERT(cluster.committed() - committed == static_cast<uint64_t>(state.iterations() * batch),
               "everything was committed");
  state.SetItemsProcessed(state.iterations() * batch);
  state.counters["turns"] =
      static_cast<double>(cluster.turns() - turns) / static_cast<double>(state.iterations());
}
BENCHMARK(Commit)->ArgNames({"voters", "batch"})->ArgsProduct({{1, 3, 5}, {1, 64}});

void ReadIndex(benchmark::State& state) {
  Cluster cluster(3);
  uint64_t context = 0;
  for (auto _ : state) {
    cluster.leader().ReadIndex(++context);
    cluster.Settle();
  }
}
BENCHMARK(ReadIndex);

}  // namespace
}  // namespace mydis

BENCHMARK_MAIN();
