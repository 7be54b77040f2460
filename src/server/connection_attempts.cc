// The part of a connection that goes on behind the attempt of a blocking command. docs/blocking.md
// has the rules.
#include "server/blocked_command.h"
#include "server/connection.h"
#include "server/io_thread.h"
#include "server/node.h"

namespace mydis {

Connection::Step Connection::Attempt(const CommandSpec* spec, Args args, bool strong) {
  Step step;
  if (!MayFollow(strong)) return WaitFor(Wait::kIdle);
  if (!MaySubmit(&step)) return step;
  ClientBatch& batch = thread_.Batch(strong);
  StandBehindAttempt(batch);
  batch.AddWrite(this, spec, session_.db, session_.resp_version, args, {}, once_);
  Attached(batch);
  BatchItem& item = batch.items().back();
  item.Extra().ticket = node_.core().blocked.NextTicket();
  item.counts_late = true;
  ++attempts_;
  attempt_ = batch.last_place();
  counted_ = Counted::kLater;
  return Step::kNext;
}

// What is carried out twice must not be shown, remembered or thrown away twice.
bool Connection::MayStandBehind() const {
  return session_.reply_mode == ClientSession::ReplyMode::kOn && session_.tracking == nullptr &&
         core_.audience.monitors() == 0 && thread_.Fills(batch_serial_, last_strong_);
}

void Connection::StandBehindAttempt(ClientBatch& batch) {
  if (attempts_ == 0) return;
  batch.Behind(attempt_);
  counted_ = Counted::kLater;
}

void Connection::StartWaiting(const ClientBatch& batch, BatchItem& item) {
  blocked_ = std::make_unique<BlockedCommand>();
  blocked_->command.spec = item.spec;
  blocked_->command.db = session_.db;
  blocked_->command.words = std::move(item.Extra().words);
  blocked_->ticket = item.Extra().ticket;
  blocked_->strong = batch.strong;
  blocked_->silent = item.silent;
  blocked_->once = std::move(item.Extra().once);
  blocked_->nanoseconds = item.nanoseconds;
  WaitFor(Wait::kKeys);
  // Nobody would have ended the wait that begins now.
  if (node_.consensus().readiness() == Readiness::kRemoved)
    return EndWaitFailed(node_.StaleError());
  if (!MayDoEverything() && RefusesWait()) return EndWaitEmpty();
  AttemptFoundNothing();
}

// Nothing that chooses a database or a consistency has gone on behind the attempt.
void Connection::Hold(const ClientBatch& batch, BatchItem& item) {
  std::vector<std::string> words =
      std::move(item.read != nullptr ? item.read->words : item.Extra().words);
  if (item.extra != nullptr && item.extra->once != nullptr) {
    const std::vector<std::string> prefix = item.extra->once->Prefix();
    words.insert(words.begin(), prefix.begin(), prefix.end());
  }
  words.insert(words.begin(), item.is_operation() && batch.strong ? "STRONG" : "EVENTUAL");
  held_.push_back(std::move(words));
}

bool Connection::HandleHeld() {
  std::vector<std::string_view> views;
  while (!held_.empty() && wait_ == Wait::kNone && !stream_.OutputFull()) {
    views.assign(held_.front().begin(), held_.front().end());
    if (Handle(views) == Step::kStop) break;
    held_.pop_front();
  }
  const bool done = held_.empty() && wait_ == Wait::kNone;
  if (!done) thread_.EndRead();
  return done;
}

}  // namespace mydis
