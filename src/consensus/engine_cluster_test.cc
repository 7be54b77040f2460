#include "consensus/engine_cluster_test.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/assert.h"
#include "base/hash.h"

namespace mydis {
namespace {

std::string TextOf(const LogEntry& entry) {
  if (entry.kind == EntryKind::kConfChange) return "conf";
  return entry.data ? *entry.data : std::string();
}

}  // namespace

void TestNode::Start(uint64_t seed, const EngineOptions& limits) {
  EngineState state;
  state.hard_state = disk.hard_state;
  state.snapshot = disk.snapshot;
  state.base_index = disk.base_index;
  state.base_term = disk.base_term;
  state.entries = disk.entries;
  auto started = Engine::Start({.id = id_,
                                .max_inflight_messages = 16,
                                .max_entries_per_message = limits.max_entries_per_message,
                                .max_bytes_per_message = limits.max_bytes_per_message,
                                .max_log_bytes_per_turn = limits.max_log_bytes_per_turn,
                                .random_seed = seed},
                               state);
  ASSERT_TRUE(started) << started.error().message();
  engine_ = std::move(*started);
  log_ = disk.entries;
  history_ = disk.snapshot_state;
  applied_ = disk.snapshot.index;
  conf_state = disk.snapshot.conf_state;
  state_ = {};
  payloads_.clear();
}

void TestNode::Crash() {
  engine_.reset();
  write_.reset();
  received_.clear();
}

void TestNode::Propose(const std::string& text) { engine_->Propose(NewRef(MakePayload(text))); }

uint64_t TestNode::NewRef(const Payload& payload) {
  const uint64_t ref = next_ref_++ << 32 | payload->size();
  payloads_[ref] = payload;
  return ref;
}

void TestNode::ProposeConfChange(const ConfChange& change, uint64_t token) {
  engine_->ProposeConfChange(token, EncodeConfChange(change));
}

void TestNode::Receive(const TestMessage& message) {
  std::vector<uint64_t> refs;
  for (const Payload& payload : message.payloads) refs.push_back(payload ? NewRef(payload) : 0);
  if (message.type == MessageType::kSnapshot) received_[message.snapshot->index] = message;
  engine_->Step(message.from, message.bytes, refs);
}

void TestNode::Turn() {
  const TurnOutput& out = engine_->Turn();
  state_ = out.state;
  for (const RefusedProposal& refused : out.refusals) {
    refusals.push_back(refused);
    ASSERT_TRUE(payloads_.contains(refused.ref));
    refused_texts.push_back(*payloads_[refused.ref]);
  }
  conf_change_results.insert(conf_change_results.end(), out.conf_change_results.begin(),
                             out.conf_change_results.end());
  read_states.insert(read_states.end(), out.read_states.begin(), out.read_states.end());
  for (const StepError& error : out.step_errors) step_errors.emplace_back(error.text);
  for (const AppliedConfState& applied : out.conf_states) conf_state = applied.state;
  if (out.status) status = out.status;
  if (cluster_.tracing) Trace(out);
  if (out.settled) KeepLive(out.ready.entries);
  for (const OutMessage& message : out.early) {
    ASSERT_TRUE(write_ && message.entry_count == 0 && message.before_write);
    cluster_.network.push_back(
        {.from = id_, .to = message.to, .type = message.type, .bytes = std::string(message.bytes)});
  }
  if (out.has_ready) TakeReady(out);
  if (out.snapshot_wanted && !write_) TakeSnapshot(4);
  cluster_.Check(*this);
}

// Follows the rule of engine.h to the letter, so that a wrong one loses payloads.
void TestNode::KeepLive(std::span<const NewEntry> entries) {
  std::map<uint64_t, Payload> live;
  for (const NewEntry& entry : entries) {
    if (entry.ref == 0) continue;
    ASSERT_TRUE(payloads_.contains(entry.ref)) << "ref " << entry.ref << " came back from the dead";
    live[entry.ref] = payloads_[entry.ref];
  }
  payloads_ = std::move(live);
}

void TestNode::TakeReady(const TurnOutput& out) {
  const Ready& ready = out.ready;
  ASSERT_FALSE(write_) << "a Ready before Advance()";
  Write& write = write_.emplace();
  write.hard_state = ready.hard_state;
  write.must_sync = ready.must_sync;
  write.snapshot = ready.snapshot;
  if (ready.snapshot) log_.clear();
  uint64_t base = ready.snapshot ? ready.snapshot->index : disk.base_index;
  write.entries_from = log_.size();
  if (!ready.entries.empty()) {
    uint64_t first = ready.entries.front().index;
    ASSERT_GT(first, base);
    ASSERT_LE(first, base + log_.size() + 1);
    write.entries_from = first - base - 1;
    log_.resize(write.entries_from);
    TakeEntries(ready);
  }
  if (!ready.snapshot) CountBytes(ready);
  last_messages.assign(ready.messages.begin(), ready.messages.end());
  for (const OutMessage& message : ready.messages) {
    ASSERT_TRUE(!ready.snapshot || !message.before_write);
    TestMessage packed = Pack(message);
    if (message.before_write)
      cluster_.network.push_back(std::move(packed));
    else
      write.after.push_back(std::move(packed));
  }
  write.apply_to = ready.last_committed;
  if (ready.last_committed != 0 && !ready.snapshot) {
    ASSERT_EQ(ready.first_committed, applied_ + 1);
    ApplyTo(std::min(ready.last_committed, base + write.entries_from));
  }
  if (!hold_writes) FinishWrite();
}

void TestNode::TakeEntries(const Ready& ready) {
  for (const NewEntry& entry : ready.entries) {
    Payload data;
    if (entry.kind == EntryKind::kConfChange)
      data = MakePayload(std::string(entry.data));
    else if (entry.ref != 0)
      data = payloads_.at(entry.ref);
    log_.push_back({entry.index, entry.term, entry.kind, data});
  }
}

void TestNode::CountBytes(const Ready& ready) {
  const uint64_t stored = ready.entries.empty() ? UINT64_MAX : ready.entries.front().index;
  uint64_t from_log = 0;
  for (const OutMessage& message : ready.messages) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < message.entry_count; ++i) {
      const uint64_t index = message.first_index + i;
      bytes += log_.at(index - disk.base_index - 1).Size();
      if (index < stored) from_log += log_.at(index - disk.base_index - 1).Size();
    }
    if (message.entry_count > 1) most_bytes_sent = std::max(most_bytes_sent, bytes);
  }
  most_log_bytes_sent = std::max(most_log_bytes_sent, from_log);
}

TestMessage TestNode::Pack(const OutMessage& message) {
  TestMessage packed{.from = id_, .to = message.to, .type = message.type};
  packed.bytes = message.bytes;
  most_entries_sent = std::max(most_entries_sent, message.entry_count);
  uint64_t base = write_->snapshot ? write_->snapshot->index : disk.base_index;
  for (uint32_t i = 0; i < message.entry_count; ++i) {
    const LogEntry& entry = log_.at(message.first_index + i - base - 1);
    packed.payloads.push_back(entry.kind == EntryKind::kNormal ? entry.data : nullptr);
  }
  if (message.type == MessageType::kSnapshot) {
    EXPECT_EQ(message.snapshot_index, disk.snapshot.index);
    EXPECT_EQ(message.snapshot_term, disk.snapshot.term);
    packed.snapshot = disk.snapshot;
    packed.state = disk.snapshot_state;
  }
  return packed;
}

void TestNode::FinishWrite() {
  MYDIS_ASSERT(write_, "no write is under way");
  Write write = std::move(*write_);
  write_.reset();
  if (write.snapshot) {
    ASSERT_TRUE(received_.contains(write.snapshot->index));
    const TestMessage& received = received_[write.snapshot->index];
    ASSERT_EQ(*received.snapshot, *write.snapshot);
    disk.snapshot = *write.snapshot;
    disk.snapshot_state = received.state;
    disk.base_index = write.snapshot->index;
    disk.base_term = write.snapshot->term;
    disk.entries.clear();
    history_ = disk.snapshot_state;
    applied_ = write.snapshot->index;
    received_.erase(received_.begin(), received_.upper_bound(write.snapshot->index));
    ++snapshots_installed;
  }
  // What needs no flush may be lost: so it is, always.
  if (write.must_sync) {
    disk.entries.resize(std::min(disk.entries.size(), write.entries_from));
    disk.entries.insert(disk.entries.end(), log_.begin() + static_cast<long>(disk.entries.size()),
                        log_.end());
    if (write.hard_state) disk.hard_state = *write.hard_state;
  }
  for (TestMessage& message : write.after) cluster_.network.push_back(std::move(message));
  if (write.apply_to > applied_) ApplyTo(write.apply_to);
  engine_->Advance();
}

void TestNode::ApplyTo(uint64_t index) {
  while (applied_ < index) {
    const LogEntry& entry = At(++applied_);
    ASSERT_EQ(entry.index, applied_);
    history_[applied_] = TextOf(entry);
    cluster_.CheckApplied(applied_, TextOf(entry));
  }
}

void TestNode::TakeSnapshot(uint64_t keep) {
  // The configuration at `applied_` is known once a turn has taken the Advance() for it.
  while (!write_ && engine_->HasInput()) Turn();
  if (write_ || applied_ <= disk.snapshot.index) return;
  disk.snapshot = {applied_, At(applied_).term, conf_state};
  disk.snapshot_state = history_;
  engine_->SetSnapshot(disk.snapshot);
  const uint64_t through = std::max(applied_ - std::min(keep, applied_), disk.base_index);
  engine_->Compact(through);
  Turn();
  if (write_ || through == disk.base_index) return;
  disk.base_term = At(through).term;
  const auto gone = static_cast<long>(through - disk.base_index);
  log_.erase(log_.begin(), log_.begin() + gone);
  disk.entries.erase(disk.entries.begin(), disk.entries.begin() + gone);
  disk.base_index = through;
}

std::vector<std::string> TestNode::Texts() const {
  std::vector<std::string> texts;
  for (const auto& [index, text] : history_)
    if (!text.empty() && text != "conf") texts.push_back(text);
  return texts;
}

void TestNode::Trace(const TurnOutput& out) {
  cluster_.trace += fmt::format("{}: {} {} {} {}\n", id_, static_cast<int>(out.state.role),
                                out.state.leader, out.state.term, out.state.commit);
  for (const NewEntry& e : out.ready.entries)
    cluster_.trace += fmt::format("  entry {} {} {}\n", e.index, e.term, e.ref);
  for (const OutMessage& m : out.ready.messages)
    cluster_.trace +=
        fmt::format("  to {} {} {:x}\n", m.to, static_cast<int>(m.type), Hash64(m.bytes));
}

TestCluster::TestCluster(int n, int voters, uint64_t seed) : seed_(seed * 1000) {
  ConfState conf;
  for (int id = 1; id <= voters; ++id) conf.voters.push_back(static_cast<uint64_t>(id));
  for (int id = 1; id <= n; ++id) {
    auto node = std::make_unique<TestNode>(*this, static_cast<uint64_t>(id));
    if (id <= voters) {
      node->disk.hard_state = {1, 0, 1};
      node->disk.snapshot = {1, 1, conf};
      node->disk.base_index = node->disk.base_term = 1;
    }
    nodes_.push_back(std::move(node));
  }
}

void TestCluster::StartAll() {
  for (auto& node : nodes_) node->Start(NextSeed());
}

void TestCluster::Settle() {
  for (bool busy = true; busy;) {
    busy = false;
    for (auto& node : nodes_)
      while (node->up() && node->engine().HasInput()) {
        node->Turn();
        busy = true;
      }
    for (; !network.empty(); busy = true) DeliverFirst();
  }
}

void TestCluster::DeliverFirst(bool lose) {
  const TestMessage message = std::move(network.front());
  network.pop_front();
  if (message.to > nodes_.size()) return;
  TestNode& to = (*this)[message.to];
  TestNode& from = (*this)[message.from];
  const bool snapshot = message.type == MessageType::kSnapshot;
  const bool arrives = !lose && to.up() && Passes(message) && !lost.contains(message.type) &&
                       !(snapshot && fail_snapshots);
  if (snapshot && from.up() && report_snapshots) from.engine().ReportSnapshot(message.to, arrives);
  if (arrives) to.Receive(message);
}

void TestCluster::Tick(int n) {
  for (; n > 0; --n) {
    for (auto& node : nodes_)
      if (node->up()) node->engine().Tick();
    Settle();
  }
}

uint64_t TestCluster::leader_id() {
  uint64_t best = 0;
  uint64_t term = 0;
  for (auto& node : nodes_)
    if (node->up() && node->state().role == RaftRole::kLeader && node->state().term > term) {
      best = node->id();
      term = node->state().term;
    }
  return best;
}

bool TestCluster::RunUntil(const std::function<bool()>& done, int max_ticks) {
  for (int i = 0; i < max_ticks && !done(); ++i) Tick();
  return done();
}

uint64_t TestCluster::Elect() {
  RunUntil([&] {
    const uint64_t id = leader_id();
    if (id == 0) return false;
    for (auto& node : nodes_)
      if (node->up() && !isolated.contains(node->id()) && !node->conf_state.voters.empty() &&
          node->state().leader != id)
        return false;
    return true;
  });
  return leader_id();
}

void TestCluster::Lead(uint64_t id) {
  (*this)[id].engine().Campaign();
  Settle();
  ASSERT_EQ(leader_id(), id);
  Elect();
}

uint64_t TestCluster::Overthrow() {
  const uint64_t old = leader_id();
  Isolate(old);
  EXPECT_TRUE(RunUntil([&] { return leader_id() != old; }));
  return Elect();
}

void TestCluster::ProposeAll(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    leader().Propose(text);
    Settle();
  }
}

void TestCluster::Check(const TestNode& node) {
  if (node.state().role != RaftRole::kLeader) return;
  const auto [it, added] = leaders_.try_emplace(node.state().term, node.id());
  ASSERT_EQ(it->second, node.id()) << "two leaders in term " << node.state().term;
}

void TestCluster::CheckApplied(uint64_t index, const std::string& text) {
  const auto [it, added] = canonical_.try_emplace(index, text);
  ASSERT_EQ(it->second, text) << "two histories at index " << index;
}

}  // namespace mydis
