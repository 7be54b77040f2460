// The part of a connection that waits for keys. docs/blocking.md has the rules.
#include <algorithm>

#include "server/blocked_command.h"
#include "server/connection.h"
#include "server/io_thread.h"
#include "server/node.h"

namespace mydis {
namespace {

// About 140,000 years: what is added to the time of a timer stays a number.
constexpr uint64_t kLongestMs = uint64_t{1} << 52;

bool IsRead(const CommandSpec& spec) { return spec.effect == Effect::kRead; }

}  // namespace

bool Connection::Plan(const CommandSpec* spec, Args args, uint32_t db, WaitPlan* plan) {
  const State& state = thread_.Read();
  NullReply nowhere;
  const ReadContext context{args,
                            nowhere,
                            state,
                            state.keyspace,
                            db,
                            node_.core().cluster_clock.NowMs(),
                            thread_.random()};
  return spec->plan_wait(context, plan);
}

bool Connection::HandleBlocking(const CommandSpec* spec, Args args, bool strong, Step* step) {
  const bool read = IsRead(*spec);
  // What refuses other commands refuses this one; and what has its reply already waits for nothing.
  if (!read && RequestKnown(once_)) return false;
  if (node_.consensus().readiness() != Readiness::kReady || (!read && RefusesData(*spec)))
    return false;
  WaitPlan plan;
  const CallTimer timer(node_.config().Times(*spec));
  const bool may_wait = Plan(spec, args, session_.db, &plan);
  // What is under way may change what it meets.
  if (direct() || read ? !may_wait : !plan.asks) return false;
  if (read && !direct()) {
    *step = WaitFor(Wait::kIdle);
    return true;
  }
  if (read && strong && !PassBarrier(step)) return true;
  if (read && plan.ready) return false;
  if (once_ != nullptr) once_->words = HashOfWords(session_.db, args);
  if (!read && (plan.ready || plan.announces || !direct())) {
    const bool first = !node_.core().blocked.AnyoneBefore(session_.db, plan);
    if (first || plan.announces) {
      *step = Attempt(spec, args, strong);
      return true;
    }
    if (!direct()) {
      *step = WaitFor(Wait::kIdle);
      return true;
    }
  }
  if (!read && RefusesWrites(step)) return true;
  blocked_ = std::make_unique<BlockedCommand>();
  blocked_->command = StoredCommand(spec, session_.db, args);
  blocked_->ticket = node_.core().blocked.NextTicket();
  blocked_->strong = strong;
  blocked_->silent = Silent();
  blocked_->once = read ? nullptr : once_;
  if (timer.on()) blocked_->nanoseconds = timer.Nanoseconds();
  counted_ = Counted::kLater;
  WaitFor(Wait::kKeys);
  Register(plan);
  *step = Step::kNext;
  return true;
}

// After an attempt that has found nothing.
void Connection::TryOrWait(bool may_wait, const WaitPlan& plan) {
  BlockedCommand& blocked = *blocked_;
  const bool room = thread_.HasRoom() && node_.consensus().can_submit();
  const bool first = !node_.core().blocked.AnyoneBefore(blocked.command.db, plan);
  if (!may_wait || (((plan.ready && first) || plan.announces) && room)) {
    ClientBatch& batch = thread_.Batch(blocked.strong);
    std::vector<std::string_view> views;
    batch.AddWrite(this, blocked.command.spec, blocked.command.db, session_.resp_version,
                   blocked.command.Views(views), {}, blocked.once);
    Attached(batch, blocked.silent);
  } else if (blocked.ending != BlockedCommand::Ending::kNone) {
    EndWaitEmpty();
  } else {
    Register(plan);
  }
}

void Connection::SetDeadline(const WaitPlan& plan) {
  if (plan.timeout_ms <= 0 || blocked_->deadline_ms != 0) return;
  blocked_->deadline_ms =
      thread_.now_ms() + std::min(static_cast<uint64_t>(plan.timeout_ms), kLongestMs);
}

void Connection::Register(const WaitPlan& plan) {
  // As in Redis: whoever has closed its sending side does not wait.
  if (half_closed_) return Kill();
  SetDeadline(plan);
  BlockedCommand& blocked = *blocked_;
  auto waiter = std::make_shared<Waiter>();
  waiter->ticket = blocked.ticket;
  waiter->connection = id();
  waiter->thread = &thread_;
  waiter->spec = blocked.command.spec;
  waiter->db = blocked.command.db;
  waiter->resp_version = session_.resp_version;
  waiter->strong = blocked.strong;
  waiter->once = blocked.once;
  if (!session_.IsOwnProgram()) waiter->user = session_.user;
  waiter->user_id = session_.user_id;
  waiter->rule = plan.rule;
  waiter->tag = plan.tag;
  waiter->keys.assign(plan.keys.begin(), plan.keys.end());
  if (!plan.words.empty()) blocked.command.words = plan.words;
  waiter->words = blocked.command.words;
  // Attempts that differ only in the time they waited are the same.
  if (plan.timeout_word != 0) waiter->words[plan.timeout_word] = "0";
  blocked.waiter = waiter;
  session_.record->blocked = true;
  if (blocked.deadline_ms != 0 && blocked.timer == 0) {
    const uint64_t now = thread_.now_ms();
    blocked.timer = thread_.loop().AddTimer(
        blocked.deadline_ms > now ? blocked.deadline_ms - now : 0, [this] { WaitTimedOut(); });
  }
  node_.core().blocked.Register(std::move(waiter), plan.ready);
  if (plan.ready) node_.consensus().Nudge();
}

// An attempt made without waiting has found nothing: what was there has gone meanwhile.
void Connection::AttemptFoundNothing() {
  std::vector<std::string_view> views;
  const StoredCommand& command = blocked_->command;
  WaitPlan plan;
  const bool may_wait =
      Plan(command.spec, command.Views(views), command.db, &plan) && !RequestKnown(blocked_->once);
  plan.announces = false;  // That has been done.
  SetDeadline(plan);
  TryOrWait(may_wait, plan);
}

void Connection::AttemptEnded(const WakeBatch& batch, const WakeBatch::Item& item,
                              const Outcome& outcome) {
  if (blocked_ == nullptr || blocked_->waiter != item.waiter) return;
  if (item.fate == WakeBatch::Item::Fate::kLeft) return EndWaitEmpty();
  if (outcome.applied) {
    session_.last_write_index = batch.index;
    if (item.revision != 0) session_.last_write_revision = item.revision;
  }
  if (outcome.applied && outcome.status.ok())
    return EndWait(batch.ReplyOf(item), false, item.revision);
  EndWaitFailed(WriteError(item.revision, outcome));
}

void Connection::WakeRead(const std::shared_ptr<Waiter>& waiter) {
  if (blocked_ == nullptr || blocked_->waiter != waiter) return;
  std::vector<std::string_view> views;
  const Args args = blocked_->command.Views(views);
  WaitPlan plan;
  if (Plan(waiter->spec, args, waiter->db, &plan) && !plan.ready) {
    node_.core().blocked.PutBack(waiter);
    return;
  }
  node_.core().blocked.Finish(*waiter);
  std::string text;
  RespReply reply(text, session_.resp_version);
  RunRead(waiter->spec, args, waiter->db, reply);
  TrackKeys(waiter->spec, args);
  EndWait(text, false);
}

void Connection::WaitTimedOut() {
  blocked_->timer = 0;
  if (blocked_->ending == BlockedCommand::Ending::kNone)
    blocked_->ending = BlockedCommand::Ending::kTimeout;
  if (LeaveQueue()) EndWaitEmpty();
}

// A read is tried on this thread, so that none is under way here.
bool Connection::LeaveQueue() {
  const std::shared_ptr<Waiter>& waiter = blocked_->waiter;
  if (waiter == nullptr) return false;
  if (node_.core().blocked.Leave(*waiter)) return true;
  if (!IsRead(*waiter->spec)) return false;
  node_.core().blocked.Finish(*waiter);
  return true;
}

void Connection::EndWait(std::string_view bytes, bool unblocked, uint64_t revision) {
  const std::unique_ptr<BlockedCommand> blocked = std::move(blocked_);
  if (blocked->timer != 0) thread_.loop().CancelTimer(blocked->timer);
  const CommandSpec* spec = blocked->command.spec;
  const bool rejected = !blocked->refusal.empty() && bytes.starts_with('-');
  if (rejected) {
    thread_.CountRejected(spec);
  } else {
    std::vector<std::string_view> views;
    thread_.Count(spec);
    if (blocked->nanoseconds > 0) thread_.CountTime(spec, blocked->nanoseconds);
    NoteCall(*spec, blocked->command.Views(views), blocked->nanoseconds);
  }
  if (bytes.starts_with('-')) {
    if (!rejected) thread_.CountFailed(spec);
    node_.stats().CountError(bytes.substr(1));
  }
  if (!blocked->silent) {
    if (!bytes.empty() && session_.attributes) [[unlikely]]
      AppendAttributes(stream_.Tail(), revision != 0 ? revision : StateRevision());
    stream_.Tail() += bytes;
  }
  session_.record->blocked = false;
  session_.record->active_ms.store(thread_.now_ms(), std::memory_order_relaxed);
  for (auto& tell : blocked->unblocked) tell(unblocked);
  GoOn();
}

void Connection::EndWaitEmpty() {
  using Ending = BlockedCommand::Ending;
  if (blocked_->ending == Ending::kClientGone) return Kill();
  std::string text;
  RespReply reply(text, session_.resp_version);
  if (!blocked_->refusal.empty()) {
    reply.Error(blocked_->refusal);
  } else if (blocked_->ending == Ending::kError) {
    reply.Error(kErrUnblocked);
  } else {
    reply.NullArray();
  }
  EndWait(text, true);
}

void Connection::Unblock(bool with_error, std::move_only_function<void(bool)> done) {
  if (wait_ == Wait::kAnswer && unblock_ != nullptr) {
    std::exchange(unblock_, nullptr)(with_error);
    return done(true);
  }
  if (blocked_ == nullptr || blocked_->waiter == nullptr) return done(false);
  blocked_->unblocked.push_back(std::move(done));
  if (blocked_->ending == BlockedCommand::Ending::kNone) {
    blocked_->ending =
        with_error ? BlockedCommand::Ending::kError : BlockedCommand::Ending::kUnblocked;
  }
  if (LeaveQueue()) EndWaitEmpty();
}

void Connection::FailWait(std::string_view error) {
  if (blocked_ != nullptr && LeaveQueue()) EndWaitFailed(error);
}

void Connection::EndWaitFailed(std::string_view error) {
  std::string text;
  RespReply(text, session_.resp_version).Error(error);
  EndWait(text, false);
}

// The client sends no more: it is gone, unless what is under way brings something.
void Connection::ClientGone() {
  blocked_->ending = BlockedCommand::Ending::kClientGone;
  if (LeaveQueue()) Kill();
}

void Connection::AbandonWait() {
  if (blocked_ == nullptr) return;
  const std::unique_ptr<BlockedCommand> blocked = std::move(blocked_);
  if (blocked->timer != 0) thread_.loop().CancelTimer(blocked->timer);
  if (blocked->waiter != nullptr && !node_.core().blocked.Leave(*blocked->waiter) &&
      IsRead(*blocked->waiter->spec))
    node_.core().blocked.Finish(*blocked->waiter);
  session_.record->blocked = false;
  for (auto& tell : blocked->unblocked) tell(false);
}

}  // namespace mydis
