#include "clients.h"

#include <fmt/format.h>

#include <cstdlib>

namespace mydis::sim {
namespace {

constexpr uint64_t kAccounts = 4;

// INCR, and a trace of what could make instances differ: the order of a table with tables as keys,
// an address, chance.
constexpr const char* kIncrScript =
    "local t, order = {}, '' for i = 1, 9 do t[{}] = i end "
    "for _, v in pairs(t) do order = order .. v end "
    "redis.call('set', 'order', order .. tostring(t) .. math.random()) "
    "return redis.call('incr', KEYS[1])";

std::string Account(uint64_t number) { return fmt::format("account{}", number); }

}  // namespace

Clients::Clients(World& world, Observer& observer, std::vector<std::unique_ptr<Node>>& nodes,
                 const CommandTable& table, const ClientOptions& options)
    : world_(world),
      observer_(observer),
      nodes_(nodes),
      table_(table),
      workload_(table),
      history_(observer),
      options_(options) {}

void Clients::Start() {
  sessions_.resize(options_.sessions);
  for (uint32_t i = 0; i < options_.sessions; ++i) Later(i);
}

void Clients::Later(uint32_t index) {
  world_.After(world_.Between(100, options_.pause_us), [this, index] { Next(index); });
}

std::string Clients::Key(const char* kind, uint32_t count) {
  return fmt::format("{}{}.{}", kind, world_.now() / options_.key_life_us,
                     world_.random().Below(count));
}

void Clients::Next(uint32_t index) {
  if (stopped_) return;
  Session& session = sessions_[index];
  Node* node = nodes_[session.node].get();
  if (node->replica() == nullptr || session.life != node->life() || world_.random().Chance(1, 50)) {
    session.node = static_cast<uint32_t>(world_.random().Below(nodes_.size()));
    node = nodes_[session.node].get();
    session.life = node->life();
    session.seen_revision = 0;
  }
  if (node->replica() == nullptr || !node->replica()->CanSubmit()) return Later(index);
  const uint64_t dice = world_.random().Below(10);
  if (dice < 6) return Write(index);
  if (dice < 8) return StrongRead(index);
  if (dice < 9) return AnyStrongRead(index);
  EventualRead(index);
}

Clients::Batch Clients::Command(Pending& pending) {
  pending.tracked = true;
  const std::string& value = pending.op.argument;
  switch (world_.random().Below(8)) {
    case 0:
    case 1:
      pending.op.kind = OpKind::kSet;
      pending.key = Key("r", 3);
      return {{{"SET", pending.key, value}}};
    case 2:
      pending.op.kind = OpKind::kGetSet;
      pending.key = Key("r", 3);
      return {{{"GETSET", pending.key, value}}};
    case 3:
    case 4:
      pending.op.kind = OpKind::kIncr;
      pending.key = Key("c", 2);
      if (world_.random().Chance(1, 3)) return {{{"EVAL", kIncrScript, "1", pending.key}}};
      return {{{"INCR", pending.key}}};
    case 5:
      pending.op.kind = OpKind::kDel;
      pending.key = Key("r", 3);
      return {{{"DEL", pending.key}}};
    case 6:
      pending.tracked = false;
      pending.key = Key("a", 2);
      pending.token = value + ";";
      return {{{"APPEND", pending.key, pending.token}}};
    default:
      pending.tracked = false;
      pending.key = Key("e", 3);
      return {{{"SET", pending.key, value, "PX", std::to_string(world_.Between(1, 500))}}};
  }
}

// WATCH, GET, MULTI, SET, EXEC: what is read is this instance's state, which may be old.
Clients::Batch Clients::CompareAndSet(Pending& pending, SimMachine& machine) {
  pending.tracked = true;
  pending.op.kind = OpKind::kCas;
  pending.key = Key("r", 3);
  pending.op.expected = machine.Read({"GET", pending.key});
  return {.commands = {{"SET", pending.key, pending.op.argument}},
          .transaction = true,
          .watched = {{0, pending.key, machine.state().keyspace.WatchRevision(0, pending.key)}}};
}

// From one account to another; what is noted besides says whether it happened, and how often.
Clients::Batch Clients::Transfer(Pending& pending) {
  const uint64_t from = world_.random().Below(kAccounts);
  const uint64_t to = (from + 1 + world_.random().Below(kAccounts - 1)) % kAccounts;
  const std::string amount = std::to_string(world_.Between(1, 100));
  pending.key = Key("a", 2);
  pending.token = pending.op.argument + ";";
  return {.commands = {{"DECRBY", Account(from), amount},
                       {"APPEND", pending.key, pending.token},
                       {"INCRBY", Account(to), amount},
                       {"ACL", "SETUSER", fmt::format("teller{}", from), "~" + pending.key}},
          .transaction = true};
}

Clients::Batch Clients::AnyWrite(Pending& pending, const SimMachine& machine) {
  Random& random = world_.random();
  if (random.Chance(1, 8)) {
    pending.waits = workload_.Pop(random);
    return {{pending.waits}};
  }
  if (random.Chance(1, 8)) return AnyPipeline();
  Batch batch;
  batch.transaction = random.Chance(1, 5);
  const uint64_t commands = batch.transaction ? world_.Between(1, 4) : 1;
  for (uint64_t i = 0; i < commands; ++i)
    batch.commands.push_back(workload_.Write(random, NowMs()));
  if (!batch.transaction) pending.name = Workload::NameOf(batch.commands[0], table_);
  if (batch.transaction && random.Chance(1, 3)) {
    const std::string key = workload_.AnyKey(random);
    batch.watched.push_back({0, key, machine.state().keyspace.WatchRevision(0, key)});
    if (random.Chance(1, 2)) batch.between = workload_.Write(random, NowMs());
  }
  return batch;
}

Clients::Batch Clients::AnyPipeline() {
  Random& random = world_.random();
  Batch batch{.commands = {}, .watched = {}, .chain = true};
  for (uint64_t i = world_.Between(2, 6); i > 0; --i) {
    batch.commands.push_back(random.Chance(1, 3) ? workload_.Pop(random)
                                                 : workload_.Write(random, NowMs()));
  }
  return batch;
}

void Clients::Write(uint32_t index) {
  auto pending = std::make_shared<Pending>();
  pending->session = index;
  pending->op.argument = fmt::format("v{}", ++next_value_);
  Process& process = *nodes_[sessions_[index].node]->process();
  const uint64_t dice = world_.random().Below(20);
  const bool ready = process.replica()->readiness() == Readiness::kReady;
  const Batch batch = dice < 2 && ready    ? CompareAndSet(*pending, process.machine())
                      : dice < 4           ? Transfer(*pending)
                      : dice < 11 && ready ? AnyWrite(*pending, process.machine())
                                           : Command(*pending);
  pending->transaction = batch.transaction;
  if (!batch.chain && batch.between.empty() && pending->waits.empty() &&
      world_.random().Chance(1, 2)) {
    pending->request = fmt::format("request{}", next_value_);
    pending->again = batch;
  }
  if (!pending->token.empty()) tokens_[pending->key][pending->token] = false;
  pending->started = pending->op.called = world_.now();
  Watch(index, pending);
  Submit(pending, batch);
}

void Clients::Submit(const std::shared_ptr<Pending>& pending, const Batch& batch) {
  pending->floor = history_.Floor();
  auto submission = std::make_unique<SimSubmission>();
  EntryBuilder builder;
  std::vector<WatchedKey> watched = batch.watched;
  const auto words_of = [](const std::vector<std::string>& command) {
    return std::vector<std::string_view>(command.begin(), command.end());
  };
  if (!batch.between.empty()) {
    for (WatchedKey& key : watched) key.revision = builder.Mark() | kAtMark;
    builder.AddCommand(0, words_of(batch.between));
  }
  if (!pending->request.empty())
    builder.Once({.user = "teller0", .id = pending->request, .words = 1});
  if (batch.transaction) builder.AsUser("teller0");
  if (batch.transaction) builder.BeginTransaction(watched, batch.commands.size());
  for (const auto& command : batch.commands) {
    if (batch.transaction) {
      builder.AddElement(0, words_of(command));
    } else {
      if (batch.chain && builder.operations() > 0) builder.Behind(1);
      builder.AddCommand(0, words_of(command));
    }
  }
  submission->operations = builder.operations();
  submission->payload = builder.Take();
  submission->strong = world_.random().Chance(1, 4);
  submission->done = [this, pending](const SimSubmission& s, const Outcome& outcome) {
    Ended(pending, s, outcome);
  };
  nodes_[sessions_[pending->session].node]->process()->Submit(std::move(submission));
}

bool Clients::SendAgain(const std::shared_ptr<Pending>& pending) {
  constexpr uint64_t kSends = 20;
  if (pending->request.empty() || stopped_ || ++pending->sends > kSends) return false;
  ++in_flight_;  // Its history has it only at its end.
  world_.After(world_.Between(1'000, 100'000), [this, pending] {
    --in_flight_;
    Session& session = sessions_[pending->session];
    session.node = static_cast<uint32_t>(world_.random().Below(nodes_.size()));
    Node& node = *nodes_[session.node];
    session.life = node.life();
    session.seen_revision = 0;
    if (node.running() && node.replica() != nullptr && node.replica()->CanSubmit()) {
      ++counts_.sent_again;
      Watch(pending->session, pending);
      Submit(pending, pending->again);
    } else if (!SendAgain(pending)) {
      GiveUp(*pending);
    }
  });
  return true;
}

void Clients::GiveUp(const Pending& pending) {
  ++counts_.unknown;
  if (pending.tracked) Record(pending, "", false);
  Later(pending.session);
}

void Clients::WaitForKey(const std::shared_ptr<Pending>& pending, uint64_t life) {
  world_.After(world_.Between(1'000, 40'000), [this, pending, life] {
    Session& session = sessions_[pending->session];
    Node& node = *nodes_[session.node];
    const bool connected = node.running() && node.life() == life && node.replica() != nullptr;
    if (stopped_ || !connected || ++pending->attempts > 50 || !node.replica()->CanSubmit())
      return Later(pending->session);
    const Keyspace& keyspace = node.process()->machine().state().keyspace;
    if (keyspace.Find(0, pending->waits[1]) == nullptr) return WaitForKey(pending, life);
    Watch(pending->session, pending);
    Submit(pending, {{pending->waits}});
  });
}

void Clients::Watch(uint32_t index, std::shared_ptr<Pending> pending) {
  Session& session = sessions_[index];
  session.busy = true;
  const uint64_t generation = ++session.generation;
  ++counts_.operations;
  ++in_flight_;
  Look(index, generation, std::move(pending));
}

// From time to time: a client sees its connection break.
void Clients::Look(uint32_t index, uint64_t generation, std::shared_ptr<Pending> pending) {
  world_.After(100'000, [this, index, generation, pending = std::move(pending)] {
    Session& session = sessions_[index];
    if (session.generation != generation || !session.busy) return;
    const Node& node = *nodes_[session.node];
    if (node.life() == session.life && node.running()) return Look(index, generation, pending);
    session.busy = false;
    --in_flight_;
    if (!SendAgain(pending)) GiveUp(*pending);
  });
}

void Clients::Record(const Pending& pending, const std::string& answer, bool returned) {
  Operation op = pending.op;
  op.answer = answer;
  op.returned = returned ? world_.now() : Operation::kNever;
  if (op.kind == OpKind::kGet && !returned) return;
  histories_[pending.key].push_back(std::move(op));
}

void Clients::Ended(const std::shared_ptr<Pending>& pending, const SimSubmission& submission,
                    const Outcome& outcome) {
  Session& session = sessions_[pending->session];
  Node& node = *nodes_[session.node];
  session.busy = false;
  --in_flight_;
  const ErrorCode code = outcome.status.code();
  world_.Trace(static_cast<uint64_t>(code), submission.index, submission.reply);
  const bool done = code == ErrorCode::kOk || code == ErrorCode::kNotAll;
  if (done) {
    ++counts_.succeeded;
    if (code == ErrorCode::kNotAll) ++counts_.not_all;
    counts_.longest_us = std::max(counts_.longest_us, world_.now() - pending->started);
    if (submission.index == 0) Fail("a write succeeded without an index");
    history_.Wrote(submission.index, pending->floor, submission.reply);
    if (!pending->name.empty() && !submission.reply.starts_with('-'))
      counts_.commands.insert(pending->name);
    observer_.OnAcknowledged(submission.index);
    if (code == ErrorCode::kOk && submission.strong) CheckStrong(submission.index, node);
    session.seen_revision =
        std::max(session.seen_revision, node.process()->machine().state().revision);
    const bool aborted = pending->op.kind == OpKind::kCas && submission.reply == "_";
    counts_.aborted += aborted;
    counts_.transactions += pending->transaction && !aborted;
    if (pending->tracked && !aborted) Record(*pending, submission.reply, true);
    if (!pending->token.empty()) tokens_[pending->key][pending->token] = true;
  } else if (code == ErrorCode::kUnknown) {
    if (outcome.applied && !pending->token.empty()) tokens_[pending->key][pending->token] = true;
    if (!SendAgain(pending)) GiveUp(*pending);
    return;
  } else if (pending->sends > 0) {
    // This time it was not written; what became of the other times nobody knows.
    if (!SendAgain(pending)) GiveUp(*pending);
    return;
  } else {
    ++counts_.refused;
    if (code != ErrorCode::kNotCommitted && code != ErrorCode::kDiskFull &&
        code != ErrorCode::kStale)
      Fail("a write ended with " + outcome.status.message());
    if (!pending->token.empty()) refused_tokens_.insert(pending->token);
  }
  if (done && !pending->waits.empty() && submission.reply == "_" && !stopped_)
    return WaitForKey(pending, session.life);
  if (done && pending->attempts > 0) ++counts_.waited;
  Later(pending->session);
}

// Everybody has it: also those that crashed meanwhile have had it.
void Clients::CheckStrong(uint64_t index, Node& node) {
  for (const auto& [id, member] : node.replica()->members().all()) {
    const Node& other = *nodes_[Network::NumberOf(member.host)];
    if (&other != &node && other.most_applied() < index)
      Fail(fmt::format("a strong write at {} was answered, but instance {} has applied only {}",
                       index, other.number(), other.most_applied()));
  }
}

void Clients::StrongRead(uint32_t index) {
  auto pending = std::make_shared<Pending>();
  pending->session = index;
  pending->tracked = true;
  pending->op.kind = OpKind::kGet;
  pending->key = world_.random().Chance(1, 2) ? Key("r", 3) : Key("c", 2);
  pending->started = pending->op.called = world_.now();
  Watch(index, pending);
  Node& node = *nodes_[sessions_[index].node];
  node.process()->Barrier([this, index, pending, &node](Status status) {
    Session& session = sessions_[index];
    session.busy = false;
    --in_flight_;
    if (status.ok()) {
      ++counts_.succeeded;
      ++counts_.strong_reads;
      const std::string answer = node.process()->machine().Read({"GET", pending->key});
      world_.Trace(1, 1, answer);
      counts_.longest_us = std::max(counts_.longest_us, world_.now() - pending->started);
      Record(*pending, answer, true);
    } else {
      ++counts_.refused;
    }
    Later(index);
  });
}

void Clients::AnyStrongRead(uint32_t index) {
  auto pending = std::make_shared<Pending>();
  pending->session = index;
  pending->started = world_.now();
  pending->waits = workload_.Read(world_.random(), NowMs());
  const uint64_t floor = history_.Floor();
  Watch(index, pending);
  Node& node = *nodes_[sessions_[index].node];
  node.process()->Barrier([this, index, pending, floor, &node](Status status) {
    sessions_[index].busy = false;
    --in_flight_;
    if (status.ok()) {
      ++counts_.succeeded;
      ++counts_.strong_reads;
      const SimMachine& machine = node.process()->machine();
      const std::string answer = machine.Read(pending->waits);
      world_.Trace(1, 2, answer);
      history_.StrongRead(node.replica()->applied(), floor, pending->waits, answer);
      if (!answer.starts_with('-'))
        counts_.commands.insert(Workload::NameOf(pending->waits, table_));
    } else {
      ++counts_.refused;
    }
    Later(index);
  });
}

// Never older than what this session has seen here.
void Clients::EventualRead(uint32_t index) {
  Session& session = sessions_[index];
  Node& node = *nodes_[session.node];
  if (node.replica()->readiness() == Readiness::kReady) {
    ++counts_.operations;
    ++counts_.succeeded;
    const uint64_t revision = node.process()->machine().state().revision;
    if (revision < session.seen_revision)
      Fail(fmt::format("a session on instance {} saw revision {} and now reads {}", node.number(),
                       session.seen_revision, revision));
    session.seen_revision = revision;
    const SimMachine& machine = node.process()->machine();
    const auto words = workload_.Read(world_.random(), NowMs());
    history_.Read(node.replica()->applied(), words, machine.Read(words));
    CheckAccounts(node);
  }
  Later(index);
}

// No state shows half a transaction: what one account lacks the others have.
void Clients::CheckAccounts(Node& node) {
  int64_t sum = 0;
  for (uint64_t i = 0; i < kAccounts; ++i) {
    const std::string value = node.process()->machine().Read({"GET", Account(i)});
    if (value != "_") sum += std::strtoll(value.c_str() + 1, nullptr, 10);
  }
  if (sum != 0)
    Fail(fmt::format("instance {} has half a transaction: the accounts' sum is {}", node.number(),
                     sum));
}

void Clients::CheckAtEnd(Node& node) {
  CheckAccounts(node);
  SimMachine& machine = node.process()->machine();
  if (!machine.corrupt()) history_.Check(table_, machine.applied(), machine.Digest());
  for (const auto& [key, tokens] : tokens_) {
    std::string value = machine.Read({"GET", key});
    if (!value.empty()) value.erase(0, 1);
    std::map<std::string, int> found;
    for (size_t at = 0; at < value.size();) {
      const size_t end = value.find(';', at);
      if (end == std::string::npos) break;
      ++found[value.substr(at, end + 1 - at)];
      at = end + 1;
    }
    for (const auto& [token, times] : found) {
      if (times > 1) Fail(fmt::format("the write {} of {} happened {} times", token, key, times));
      if (refused_tokens_.contains(token))
        Fail(fmt::format("the write {} of {} was refused, and happened", token, key));
    }
    for (const auto& [token, acknowledged] : tokens)
      if (acknowledged && !found.contains(token))
        Fail(fmt::format("the acknowledged write {} of {} is lost", token, key));
  }
  for (const auto& [key, operations] : histories_)
    if (CheckLinearizable(operations) == Verdict::kNot)
      Fail(fmt::format("what clients saw of {} ({} operations) is not linearizable", key,
                       operations.size()));
}

}  // namespace mydis::sim
