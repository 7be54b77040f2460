// The part of a connection that reads the state.
#include "base/error_table.h"
#include "base/read_trace.h"
#include "server/connection.h"
#include "server/io_thread.h"
#include "server/node.h"

namespace mydis {

bool Connection::PassBarrier(Step* step) {
  if (pending_ > 0) {
    *step = WaitFor(Wait::kIdle);
    return false;
  }
  if (barrier_budget_ > 0) {
    if (barrier_error_.empty()) return true;
    *step = ReplyFailure(barrier_error_);
    return false;
  }
  // What has arrived by now is covered by the barrier that starts now.
  barrier_budget_ = static_cast<uint32_t>(arrived_);
  thread_.RequestBarrier(this);
  *step = WaitFor(Wait::kBarrier);
  return false;
}

uint64_t Connection::StateRevision() { return thread_.Read().revision; }

void Connection::AppendAttributes(std::string& out, uint64_t revision, bool repeats) {
  RespWriter writer(out, 3);
  writer.AttributeHeader(repeats ? 2 : 1);
  writer.Simple("revision");
  writer.Integer(static_cast<int64_t>(revision));
  if (!repeats) [[likely]]
    return;
  writer.Simple("repeated");
  writer.Bool(true);
}

void Connection::BarrierDone(const Status& status) {
  if (closed_ || wait_ != Wait::kBarrier) return;
  // A failure is the answer of every strong read that the barrier was for.
  barrier_error_ = status.ok() ? std::string() : RedisError(status);
  GoOn();
}

void Connection::RunRead(const CommandSpec* spec, Args args, uint32_t db, Reply& reply) {
  const State& state = thread_.Read();
  const CallTimer timer(thread_.Sampled(spec) || node_.config().Times(*spec));
  const LookupCount before = thread_lookups;
  ReadContext context{
      args, reply, state, state.keyspace, db, core_.cluster_clock.NowMs(), thread_.random()};
  const UseScope uses(
      session_.record->no_touch.load(std::memory_order_relaxed) ? 0 : context.now_ms,
      state.settings.use_rule());
  std::vector<MissingKey> missing;
  if (core_.TellsMisses()) [[unlikely]]
    thread_read_trace.missing = &missing;
  std::vector<RefusedCall> refused;
  context.user = ScriptUser(*spec);
  if (!context.user.empty()) thread_read_trace.refused = &refused;
  // Of a script what counts is what it really reads and calls.
  const bool script = spec->group == Group::kScripting;
  std::vector<std::string> keys;
  if (script && Tracks()) thread_read_trace.keys = &keys;
  if (script && core_.audience.monitors() != 0) thread_read_trace.calls = &script_calls_;
  if (script) thread_read_trace.counter = &thread_.stats();
  spec->handler.read(context);
  error_counted_ = thread_read_trace.error_counted;
  thread_read_trace = {};
  for (const std::string& key : keys) thread_.listeners().tracked().Remember(*this, key);
  if (!refused.empty()) NoteRefusals(refused);
  if (!missing.empty()) thread_.TellMisses(missing);
  thread_.CountLookups(thread_lookups - before);
  if (timer.on()) NoteTime(*spec, args, timer.Nanoseconds());
}

Connection::Step Connection::HandleRead(const CommandSpec* spec, Args args, bool strong) {
  Step step;
  if (strong && !PassBarrier(&step)) return step;
  if (node_.consensus().readiness() != Readiness::kReady) [[unlikely]]
    return ReplyError(node_.StaleError());
  if (direct()) {
    std::string& tail = stream_.Tail();
    const size_t before = BeginReply(tail);
    RespReply reply(tail, session_.resp_version);
    RunRead(spec, args, session_.db, reply);
    AfterReply(before);
    if (session_.tracking != nullptr) [[unlikely]]
      TrackKeys(spec, args);
    return Step::kNext;
  }
  if (!InBatch() || !MayFollow(last_strong_)) return WaitFor(Wait::kIdle);
  ClientBatch& batch = thread_.CurrentBatch();
  // What this connection's writes in the batch put there is not to be seen yet.
  const size_t expected = ExpectedReplyBytes(thread_.Read().keyspace, session_.db, *spec, args) +
                          batch.bytes() - batch_begin_;
  if (!batch.HasRoomForRead(expected)) return WaitFor(Wait::kIdle);
  StandBehindAttempt(batch);
  batch.AddRead(this, spec, session_.db, session_.resp_version, args, expected, ScriptUser(*spec));
  Attached(batch);
  return Step::kNext;
}

}  // namespace mydis
