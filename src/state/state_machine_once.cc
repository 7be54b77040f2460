// The part of the state machine that carries a request out once, however often it is sent:
// docs/retries.md. Every instance makes the reply, and the state keeps it.
//
// A record's reply is that of a command as ReplyRecorder has it; of a transaction
//   u8 1 if it was aborted, else 0, then the reply of each of its commands as bytes
#include "state/entry_run.h"
#include "state/recorded_reply.h"

namespace mydis {
namespace {

constexpr std::string_view kErrRequestReused =
    "IDREUSED not run: this request id was used for another command. Give each request an id of "
    "its own, and send the same words when you send it again";

constexpr std::string_view kErrAnswered =
    "IDREUSED not run: a request of this number was answered, and its client has said so. Give "
    "each request the next number";

}  // namespace

void StateMachine::DropRequests(const Envelope& envelope) {
  const size_t most =
      envelope.kind == EntryBody::kPulse ? kDroppedByPulse : kDropped + envelope.operations;
  state_->requests.DropOld(state_->time_ms, state_->settings.request_retention_ms(), most);
}

void StateMachine::Remember(const RequestTag& tag, std::string_view reply) {
  state_->requests.Add(tag, reply, state_->time_ms, state_->revision);
  if (request_listener_ != nullptr) request_listener_->OnRemembered(tag);
}

bool StateMachine::ApplyAgain(EntryRun& run, Opcode opcode, const RememberedReply& known) {
  const uint64_t words = run.in.request().words;
  run.prefetch.BeforeCommand();
  if (!run.in.SkipOperation(opcode)) return false;
  if (run.observer == nullptr) return true;
  ApplyObserver& observer = *run.observer;
  if (known.forgotten) {
    observer.BeginCommand(run.operation).Error(kErrAnswered);
  } else if (known.words != words) {
    observer.BeginCommand(run.operation).Error(kErrRequestReused);
  } else {
    if (opcode == Opcode::kCommand) {
      ReplayReply(known.reply, observer.BeginCommand(run.operation));
    } else {
      Decoder in(known.reply);
      observer.BeginTransaction(run.operation, in.U8() != 0);
      for (uint32_t element = 0; in.ok() && !in.AtEnd(); ++element)
        ReplayReply(in.Bytes(), observer.ElementReply(run.operation, element));
    }
    observer.Repeats(run.operation, known.revision);
  }
  observer.End(run.operation, false);
  return true;
}

bool StateMachine::ApplyCommandOnce(EntryRun& run, bool full) {
  uint32_t db = 0;
  run.prefetch.BeforeCommand();
  const RequestTag tag = run.in.request();
  const Args args = run.in.Command(&db);
  if (!run.in.ok()) return false;
  NullReply nowhere;
  Reply& reply = run.observer != nullptr ? run.observer->BeginCommand(run.operation) : nowhere;
  const CommandRunner::Meaning meaning = runner_.Look(args);
  bool would_block = false;
  if (full && meaning.needs_memory) {
    // It was not run, and may succeed when there is memory.
    reply.Error(kErrOutOfMemory);
  } else {
    std::string recorded;
    ReplyRecorder recorder(recorded, tag.resp_version);
    would_block = RunCommand(meaning, args, db, run.in.user(), run.Seed(0), &recorder, true);
    ReplayReply(recorded, reply);
    if (would_block) {
      run.without.push_back(run.operation);
    } else {
      Remember(tag, recorded);
    }
  }
  if (run.observer != nullptr) run.observer->End(run.operation, would_block);
  return true;
}

void StateMachine::RunElementOnce(EntryRun& run, Args args, uint32_t db, uint64_t seed,
                                  Reply* reply, std::string& kept) {
  std::string recorded;
  ReplyRecorder recorder(recorded, run.in.request().resp_version);
  (void)RunCommand(runner_.Look(args), args, db, run.in.user(), seed, &recorder, true);
  Encoder(kept).Bytes(recorded);
  if (reply != nullptr) ReplayReply(recorded, *reply);
}

}  // namespace mydis
