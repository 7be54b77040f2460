#include "state/state_machine.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "base/hash.h"
#include "state/entry_run.h"
#include "state/restore_stage.h"

namespace mydis {
namespace {

// 1: settings and origins. 2: scripts too. 3: users too. 4: keys that go first, too. 5: users have
// dates. 6: how long history is kept, too. 7: replies to requests that may be sent again, too.
constexpr uint32_t kHeadVersion = 7;

// So many removals take no time that is worth a look at a clock.
constexpr size_t kFewRemovals = 16;

// Has remove(n) remove up to `limit` keys, and says so if they are many.
template <typename Remove>
size_t RemoveKeys(RemovalListener* listener, RemovalListener::Cause cause, size_t limit,
                  Remove remove) {
  size_t removed = remove(kFewRemovals);
  if (removed < kFewRemovals) [[likely]]
    return removed;
  if (listener != nullptr) listener->OnManyBegin(cause);
  removed += remove(limit - kFewRemovals);
  if (listener != nullptr) listener->OnManyEnd(cause);
  return removed;
}

// A state that another one has replaced.
class FormerState final : public Remains {
 public:
  explicit FormerState(std::unique_ptr<State> state) : state_(std::move(state)) {
    for (uint32_t db = 0; db < kDatabases; ++db) keys_ += state_->keyspace.Size(db);
  }
  size_t objects() const override { return keys_; }
  bool FreeSome(size_t allocations) override { return state_->keyspace.FreeSome(allocations); }

 private:
  std::unique_ptr<State> state_;
  size_t keys_ = 0;
};

}  // namespace

StateMachine::StateMachine(const CommandRunner& runner, uint64_t hash_seed)
    : runner_(runner), state_(std::make_unique<State>(hash_seed)) {
  state_->commands = &runner_;
}

void StateMachine::Reset(uint64_t hash_seed) {
  Adopt(std::make_unique<State>(hash_seed));
  state_->users = first_users_;
}

void StateMachine::SetFirstUsers(AclUsers users) {
  first_users_ = std::move(users);
  state_->users = first_users_;
}

void StateMachine::Adopt(std::unique_ptr<State> state) {
  std::swap(state_, state);
  if (reclaimer_ != nullptr && state != nullptr)
    reclaimer_->Reclaim(std::make_unique<FormerState>(std::move(state)));
  state_->keyspace.set_reclaimer(reclaimer_);
  state_->keyspace.set_listener(listener_);
  state_->messages = message_listener_;
  state_->commands = &runner_;
}

void StateMachine::TakeStateOf(StateMachine& other) {
  Adopt(std::move(other.state_));
  other.Reset(0);
}

void StateMachine::set_listener(KeyspaceListener* listener) {
  listener_ = listener;
  state_->keyspace.set_listener(listener);
}

void StateMachine::set_reclaimer(Reclaimer* reclaimer) {
  reclaimer_ = reclaimer;
  state_->keyspace.set_reclaimer(reclaimer);
}

void StateMachine::set_message_listener(MessageListener* listener) {
  message_listener_ = listener;
  state_->messages = listener;
}

void StateMachine::set_before_change(Keyspace::BeforeChange hook) {
  state_->keyspace.set_before_change(std::move(hook));
}

Result<Applied> StateMachine::Apply(std::string_view payload, ApplyObserver* observer) {
  Applied applied;
  if (!LoadEnvelope(payload, &applied.envelope))
    return Fail(ErrorCode::kCorrupt, "a log entry is of a kind this program does not know");
  const Envelope& envelope = applied.envelope;
  const uint64_t time_before_ms = state_->time_ms;
  if (envelope.time_ms > state_->time_ms) state_->time_ms = envelope.time_ms;
  state_->keyspace.set_revision(state_->revision);
  const UseScope uses(state_->time_ms, state_->settings.use_rule());
  RemoveExpired(&applied);
  DropRequests(envelope);
  if (state_->users.RemoveEnded(state_->time_ms) > 0 && state_->messages != nullptr)
    state_->messages->OnUsersChanged();
  if (state_->restoring != nullptr && state_->time_ms >= state_->restoring->Ends()) [[unlikely]] {
    state_->restoring->keys.FlushAll();
    state_->restoring.reset();
  }
  const std::string_view body = payload.substr(kEnvelopeSize);
  bool readable = true;
  switch (envelope.kind) {
    case EntryBody::kPulse:
      applied.fresh = true;
      readable = ApplyPulse(envelope, body, &applied);
      break;
    case EntryBody::kRegister:
      applied.fresh = state_->origins.Register(envelope.origin, envelope.sequence, body);
      break;
    case EntryBody::kCommands:
      applied.fresh = state_->origins.Accept(envelope.origin, envelope.sequence);
      if (applied.fresh) readable = ApplyCommands(envelope, body, observer, &applied);
      break;
  }
  if (!readable) return Fail(ErrorCode::kCorrupt, "a log entry's operations cannot be read");
  // No change will carry the last revision any more.
  state_->keyspace.set_revision(state_->revision + 1);
  applied.check = Check(time_before_ms);
  state_->verify.reset();
  return applied;
}

// Which partitions are looked at follows from the entries alone, and so does when.
std::optional<StateCheck> StateMachine::Check(uint64_t time_before_ms) const {
  StateCheck check{.first = state_->verify.value_or(0), .count = 1};
  if (!state_->verify) {
    if (checks_.period_ms == 0) return std::nullopt;
    const uint64_t turn = state_->time_ms / checks_.period_ms;
    if (turn == time_before_ms / checks_.period_ms) [[likely]]
      return std::nullopt;
    check.count = checks_.partitions;
    if (check.count == kPartitions) {
      check.digest = Digest();
      return check;
    }
    // Not one after the other: where entries come every so many seconds, some would never be met.
    Random random(turn);
    check.first = static_cast<uint32_t>(random.Below(kPartitions));
  }
  std::string bytes;
  check.digest = state_->revision;
  for (uint32_t i = 0; i < check.count; ++i) {
    bytes.clear();
    state_->keyspace.SavePartition((check.first + i) % kPartitions, bytes);
    check.digest = Hash64(bytes, check.digest);
  }
  return check;
}

void StateMachine::Corrupt(std::string_view key) {
  state_->keyspace.SetString(0, key, "corrupted on purpose", Ttl::Keep());
}

bool StateMachine::RunCommand(const CommandRunner::Meaning& meaning, Args args, uint32_t db,
                              std::string_view user, uint64_t seed, Reply* reply, bool kept) {
  NullReply nowhere;
  Reply& out = reply != nullptr ? *reply : nowhere;
  const CommandRunner::Kind kind = meaning.kind;
  MYDIS_ASSERT(kind != CommandRunner::Kind::kUnknown && db < state_->keyspace.databases(),
               "sessions submit only commands that the state machine knows");
  if (kind == CommandRunner::Kind::kRead && reply == nullptr) return false;
  if (kind == CommandRunner::Kind::kWrite) state_->keyspace.set_revision(++state_->revision);
  Random random(seed);
  WriteContext context{.args = args,
                       .reply = out,
                       .state = *state_,
                       .keyspace = state_->keyspace,
                       .db = db,
                       .now_ms = state_->time_ms,
                       .random = random,
                       .user = user,
                       .reply_is_kept = kept};
  // What reads of this instance's clients have said before counts nowhere else.
  out.TakeWouldBlock();
  runner_.Run(meaning, context);
  if (kind == CommandRunner::Kind::kWrite) EndRevision();
  // (Nor do reads that are in the log, which only this instance runs.)
  return kind == CommandRunner::Kind::kWrite && out.TakeWouldBlock();
}

void StateMachine::RemoveExpired(Applied* applied) {
  const auto now_ms = static_cast<int64_t>(state_->time_ms);
  const auto next_ms = state_->keyspace.NextDeadline();
  if (!next_ms || *next_ms > now_ms) [[likely]]
    return;
  applied->due = true;
  // While history is kept they have a revision of their own, so that what a watch was told of the
  // last one was all of it. Otherwise it stays that of the last write, as older entries had it.
  if (state_->history.KeepsChanges(state_->time_ms))
    state_->keyspace.set_revision(++state_->revision);
  applied->expired =
      RemoveKeys(removal_listener_, RemovalListener::Cause::kExpiry, SIZE_MAX,
                 [&](size_t limit) { return state_->keyspace.RemoveExpired(now_ms, limit); });
  EndRevision();
}

// Before a command, as in Redis, and before a transaction as a whole; and after an entry, so that
// the data is not left over the limit until somebody writes again.
bool StateMachine::MakeRoom(uint64_t seed, Applied* applied) {
  if (!state_->OverMemoryLimit()) [[likely]]
    return true;
  if (!MayEvict(state_->keyspace, state_->settings)) return false;
  Random random(seed);
  // A revision of its own: who watches a key that goes must be told.
  state_->keyspace.set_revision(++state_->revision);
  applied->evicted += RemoveKeys(
      removal_listener_, RemovalListener::Cause::kEviction, kEvictionsAtOnce, [&](size_t limit) {
        return mydis::MakeRoom(state_->keyspace, state_->settings, state_->evictions, random,
                               state_->requests.MemoryBytes(), limit);
      });
  EndRevision();
  return !state_->OutOfMemory();
}

// A pulse of a leader that sees memory run short brings what is to go first.
bool StateMachine::ApplyPulse(const Envelope& envelope, std::string_view body, Applied* applied) {
  if (body.empty()) return true;
  Decoder in(body);
  if (!state_->evictions.Load(in) || !in.AtEnd()) return false;
  MakeRoom(envelope.seed, applied);
  return true;
}

bool StateMachine::ApplyCommands(const Envelope& envelope, std::string_view body,
                                 ApplyObserver* observer, Applied* applied) {
  EntryRun run{.envelope = envelope,
               .in = EntryReader(body, envelope.operations),
               .observer = observer,
               .prefetch = ApplyPrefetch(body, envelope.operations, state_->keyspace)};
  for (; run.in.HasNext(); ++run.operation) {
    if (!ApplyOperation(run, applied)) return false;
  }
  MakeRoom(run.SeedAt(envelope.operations, UINT32_MAX), applied);
  return run.in.ok();
}

bool StateMachine::ApplyOperation(EntryRun& run, Applied* applied) {
  const Opcode opcode = run.in.NextOpcode();
  if (run.in.marked()) run.marks.push_back(state_->revision);
  if (const uint64_t behind = run.in.behind(); behind != 0) {
    if (!run.in.ok() || behind > run.operation) return false;
    if (run.WasWithout(run.operation - behind)) {
      run.without.push_back(run.operation);
      run.prefetch.BeforeCommand();
      if (!run.in.SkipOperation(opcode)) return false;
      if (run.observer != nullptr) run.observer->NotRun(run.operation);
      return true;
    }
  }
  const bool once = run.in.request().given();
  if (once) [[unlikely]] {
    const RequestTag& tag = run.in.request();
    if (const auto known = state_->requests.Find(tag)) return ApplyAgain(run, opcode, *known);
  }
  const bool full = !MakeRoom(run.Seed(UINT32_MAX), applied);
  if (opcode == Opcode::kTransaction) return ApplyTransaction(run);
  return once ? ApplyCommandOnce(run, full) : ApplyCommand(run, full);
}

bool StateMachine::ApplyCommand(EntryRun& run, bool full) {
  uint32_t db = 0;
  run.prefetch.BeforeCommand();
  const Args args = run.in.Command(&db);
  if (!run.in.ok()) return false;
  Reply* reply = run.observer != nullptr ? &run.observer->BeginCommand(run.operation) : nullptr;
  bool would_block = false;
  const CommandRunner::Meaning meaning = runner_.Look(args);
  if (full && meaning.needs_memory) {
    if (reply != nullptr) reply->Error(kErrOutOfMemory);
  } else {
    would_block = RunCommand(meaning, args, db, run.in.user(), run.Seed(0), reply);
  }
  if (would_block) run.without.push_back(run.operation);
  if (run.observer != nullptr) run.observer->End(run.operation, would_block);
  return true;
}

bool StateMachine::ApplyTransaction(EntryRun& run) {
  EntryReader& in = run.in;
  uint32_t db = 0;
  bool aborted = false;
  for (uint64_t n = in.Count(); n > 0 && in.ok(); --n) {
    std::string_view key;
    uint64_t revision = 0;
    in.Watched(&db, &key, &revision);
    if (!in.ok() || db >= state_->keyspace.databases()) return false;
    if (!IsAtMark(revision)) {
      aborted |= !state_->keyspace.IsUnchanged(db, key, revision);
    } else if (const uint64_t mark = revision & ~kAtMark; mark < run.marks.size()) {
      aborted |= state_->keyspace.ChangedSince(db, key, run.marks[mark]);
    } else {
      return false;
    }
  }
  if (!in.ok()) return false;
  if (run.observer != nullptr) run.observer->BeginTransaction(run.operation, aborted);
  const bool once = in.request().given();
  std::string kept;
  if (once) Encoder(kept).U8(aborted);
  const uint64_t commands = in.Count();
  for (uint32_t element = 0; element < commands; ++element) {
    run.prefetch.BeforeCommand();
    const Args args = in.Command(&db);
    if (!in.ok()) return false;
    if (aborted) continue;
    Reply* reply =
        run.observer != nullptr ? &run.observer->ElementReply(run.operation, element) : nullptr;
    const uint64_t seed = run.Seed(element + 1);
    // Nobody can wait here: who would block has said null.
    if (once) [[unlikely]] {
      RunElementOnce(run, args, db, seed, reply, kept);
    } else {
      (void)RunCommand(runner_.Look(args), args, db, in.user(), seed, reply);
    }
  }
  if (once) [[unlikely]] {
    if (!in.ok()) return false;
    Remember(in.request(), kept);
  }
  if (run.observer != nullptr) run.observer->End(run.operation, false);
  return true;
}

std::string StateMachine::SaveHead() const {
  std::string head;
  for (const SharedBytes& part : ShareHead()) head += part.bytes;
  return head;
}

std::vector<SharedBytes> StateMachine::ShareHead() const {
  std::string head;
  Encoder out(head);
  out.U32(kHeadVersion);
  out.U64(state_->keyspace.hash_seed());
  out.U64(state_->time_ms);
  out.U64(state_->revision);
  state_->settings.Save(out);
  state_->origins.Save(out);
  state_->scripts.Save(out);
  state_->users.Save(out);
  state_->evictions.Save(head);
  state_->history.Save(out);
  std::vector<SharedBytes> parts = {ShareCopy(head)};
  state_->requests.Share(parts);
  return parts;
}

Status StateMachine::LoadHead(std::string_view head) {
  Decoder in(head);
  const uint32_t version = in.U32();
  if (version == 0 || version > kHeadVersion)
    return Status(ErrorCode::kCorrupt,
                  fmt::format("the snapshot's state has version {}, this program reads {}: use the "
                              "program that wrote it, or a newer one",
                              version, kHeadVersion));
  auto state = std::make_unique<State>(in.U64());
  state->time_ms = in.U64();
  state->revision = in.U64();
  if (!state->settings.Load(in) || !state->origins.Load(in) ||
      (version >= 2 && !state->scripts.Load(in)) ||
      (version >= 3 && !state->users.Load(in, version >= 5)) ||
      (version >= 4 && !state->evictions.Load(in)) || (version >= 6 && !state->history.Load(in)) ||
      (version >= 7 && !state->requests.Load(in)) || !in.AtEnd())
    return Status(ErrorCode::kCorrupt, "the head of the snapshot's state cannot be read");
  Adopt(std::move(state));
  return Status::Ok();
}

Status StateMachine::LoadPartition(uint32_t partition, std::string_view bytes) {
  if (partition >= kPartitions || !state_->keyspace.LoadPartition(partition, bytes))
    return Status(ErrorCode::kCorrupt,
                  fmt::format("partition {} of the snapshot cannot be read", partition));
  return Status::Ok();
}

uint64_t StateMachine::PartitionDigest(uint32_t partition) const {
  std::string bytes;
  state_->keyspace.SavePartition(partition, bytes);
  return Hash64(bytes);
}

uint64_t StateMachine::Digest() const {
  uint64_t digest = Hash64(SaveHead());
  std::string bytes;
  for (uint32_t p = 0; p < kPartitions; ++p) {
    bytes.clear();
    state_->keyspace.SavePartition(p, bytes);
    digest = Hash64(bytes, digest);
  }
  return digest;
}

}  // namespace mydis
