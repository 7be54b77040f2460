#include "server/connection.h"

#include <fmt/format.h>

#include <array>

#include "base/read_trace.h"
#include "net/tcp.h"
#include "server/blocked_command.h"
#include "server/dispatch.h"
#include "server/io_thread.h"
#include "server/node.h"

namespace mydis {
namespace {

const ByteStream::Options kStreamOptions{};

}  // namespace

Connection::Connection(IoThread& thread, int fd, uint64_t id, Origin origin)
    : thread_(thread),
      node_(thread.node()),
      core_(node_.core()),
      parser_(node_.resp_limits()),
      stream_(thread.loop(), fd, this, kStreamOptions, std::move(origin.filter)) {
  session_.door = origin.door;
  session_.own_user = std::move(origin.user);
  const bool own = origin.door == Door::kLibrary;
  if (origin.door == Door::kHttp) {
    session_.resp_version = 3;
    session_.attributes = true;
    session_.reply_mode = session_.answering();
    session_.requester = std::make_unique<ClientSession::Requester>();
  }
  ClientRecord& record = *session_.record;
  record.id = id;
  record.fd = fd;
  record.address = own ? kOwnAddress : PeerName(fd);
  record.local_address = own ? kOwnAddress : LocalName(fd);
  record.connected_ms = thread.now_ms();
  record.active_ms = thread.now_ms();
  record.thread = thread.index();
  certificate_seen_ = own || !node_.options().tls_user_from_certificate;
  BecomeDefaultUser();
  node_.clients().Add(session_.record);
}

Connection::~Connection() {
  AbandonWait();
  node_.clients().Remove(id());
  node_.ConnectionGone();
  node_.stats().net_input_bytes.Add(stream_.bytes_read());
  node_.stats().net_output_bytes.Add(stream_.bytes_written());
}

size_t Connection::Prefetch(const RequestBatch& batch, size_t from) {
  constexpr size_t kAhead = 16;
  const size_t end = std::min(from + kAhead, batch.size());
  const Keyspace& keyspace = thread_.Read().keyspace;
  std::array<uint64_t, kAhead> hashes;
  for (size_t i = from; i < end; ++i) {
    const Args args = batch[i].args;
    hashes[i - from] = args.size() < 2 ? 0 : keyspace.HashOf(args[1]);
    keyspace.PrefetchSlot(session_.db, hashes[i - from]);
  }
  for (size_t i = from; i < end; ++i) keyspace.PrefetchEntry(session_.db, hashes[i - from]);
  return end;
}

size_t Connection::OnData(ByteStream&, std::string_view bytes) {
  if (session_.listens() && !MayListenerGoOn()) [[unlikely]]
    return 0;
  if (!held_.empty() && !HandleHeld()) return 0;
  if (!certificate_seen_) [[unlikely]]
    TakeCertificate();
  RequestBatch& batch = thread_.requests();
  session_.record->input_bytes.store(bytes.size(), std::memory_order_relaxed);
  parser_.Parse(bytes, batch);
  size_t done = 0;
  size_t prefetched = 0;
  while (done < batch.size() && wait_ == Wait::kNone && !close_after_reply_) {
    if (stream_.OutputFull()) break;
    if (done >= prefetched && batch.size() - done > 1) prefetched = Prefetch(batch, done);
    arrived_ = batch.size() - done;
    if (Handle(batch[done].args) == Step::kStop) break;
    ++done;
    // Whatever the request was: what arrives later is not covered.
    if (barrier_budget_ > 0) --barrier_budget_;
  }
  const bool all = done == batch.size() && wait_ == Wait::kNone && !close_after_reply_;
  if (all && !batch.error().empty()) {
    if (pending_ > 0) {
      WaitFor(Wait::kIdle);
    } else {
      node_.stats().protocol_errors.Add();
      stream_.Write(fmt::format("-ERR {}\r\n", batch.error()));
      stream_.CloseAfterFlush(Status(ErrorCode::kInvalid, std::string(batch.error())));
    }
  }
  thread_.EndRead();
  const size_t used = parser_.Consume(batch, done);
  if (close_after_reply_ && pending_ == 0) stream_.CloseAfterFlush();
  if (ended_ && used == bytes.size() && !parser_.target_full()) FinishIfDone();
  return used;
}

void Connection::OnEnd(ByteStream&, bool unread) {
  half_closed_ = true;
  if (blocked_ != nullptr) return ClientGone();  // As in Redis, whatever it has sent behind.
  if (unread) return;  // What is unread is handled first; this is called again.
  ended_ = true;
  FinishIfDone();
}

void Connection::FinishIfDone() {
  if (pending_ == 0 && wait_ == Wait::kNone && held_.empty() && (ended_ || close_after_reply_))
    stream_.CloseAfterFlush();
}

void Connection::OnDrained(ByteStream&) {
  if (session_.watches != nullptr) thread_.watches().ReadOnSoon();
}

void Connection::OnClosed(ByteStream&, const Status& reason) {
  closed_ = true;
  if (reason.code() == ErrorCode::kNoAuth) node_.LogRefusedClient(session_.record->address, reason);
  AbandonWait();
  node_.clients().Remove(id());
  thread_.listeners().Forget(*this);
  if (pending_ == 0) thread_.Bury(this);
}

void Connection::Kill() {
  AbandonWait();
  stream_.Close();
}

Connection::Step Connection::WaitFor(Wait wait) {
  wait_ = wait;
  session_.record->waiting = true;
  session_.record->paused = wait == Wait::kPause;
  stream_.PauseReading();
  return Step::kStop;
}

void Connection::GoOn() {
  wait_ = Wait::kNone;
  session_.record->waiting = false;
  session_.record->paused = false;
  if (closed_) return;
  stream_.ResumeReading();
  if (stream_.input_size() == 0 && !parser_.target_full()) FinishIfDone();
}

void Connection::Retry() {
  if (wait_ == Wait::kRoom || wait_ == Wait::kPause) GoOn();
}

uint64_t Connection::Suspend() {
  wait_ = Wait::kAnswer;
  session_.record->waiting = true;
  stream_.PauseReading();
  return ++suspension_;
}

void Connection::LetUnblock(std::move_only_function<void(bool)> unblock) {
  unblock_ = std::move(unblock);
  session_.record->blocked = true;
}

void Connection::Resumed(uint64_t suspension, LocalContext::Answer answer) {
  if (closed_ || wait_ != Wait::kAnswer || suspension != suspension_) return;
  unblock_ = nullptr;
  session_.record->blocked = false;
  std::string& tail = stream_.Tail();
  const size_t start = tail.size();
  const size_t before = BeginReply(tail);
  RespReply reply(tail, session_.resp_version);
  answer(reply);
  const bool failed = reply.failed();
  // What was submitted in its place is answered later.
  if (pending_ == 0) AfterReply(before);
  if (tail.size() == before) tail.resize(start);
  if (const auto call = std::move(suspended_)) {
    if (failed) thread_.CountFailed(call->command.spec);
    std::vector<std::string_view> views;
    // Waiting for others is no work.
    if ((call->command.spec->flags & kBlocking) == 0)
      NoteTime(*call->command.spec, call->command.Views(views), call->timer.Nanoseconds());
  }
  GoOn();
}

bool Connection::InBatch() const { return batch_serial_ == thread_.batch_serial(); }

void Connection::Attached(ClientBatch& batch, bool silent) {
  ++pending_;
  if (!InBatch()) batch_begin_ = batch.bytes_before_last();
  batch_serial_ = thread_.batch_serial();
  last_strong_ = batch.strong;
  BatchItem& item = batch.items().back();
  item.silent = silent;
  item.attributes = session_.reply_mode == ClientSession::ReplyMode::kWithAttributes;
  item.tracks = Tracks();
  item.touches = !session_.record->no_touch.load(std::memory_order_relaxed);
  if (core_.audience.monitors() != 0 &&
      (item.transaction != nullptr ||
       (item.spec != nullptr && item.spec->group == Group::kScripting))) [[unlikely]]
    item.Extra().calls = std::make_unique<std::vector<CalledCommand>>();
}

// Replies one after the other, as those of MULTI and of what it queues, are one item.
void Connection::AttachReply(std::string_view reply) {
  ClientBatch& batch = thread_.CurrentBatch();
  const bool silent = Silent();
  if (!silent && !session_.attributes && batch.ExtendLiteral(this, reply)) return;
  batch.AddLiteral(this, reply);
  Attached(batch, silent);
}

// Whether the reply of the command at hand is to be thrown away; moves CLIENT REPLY SKIP on.
bool Connection::Silent() {
  using Mode = ClientSession::ReplyMode;
  switch (session_.reply_mode) {
    case Mode::kOn:
    case Mode::kWithAttributes:
      return false;
    case Mode::kOff:
      return true;
    case Mode::kSkipNext:
      session_.reply_mode = Mode::kSkipThis;
      return true;
    case Mode::kSkipThis:
      session_.reply_mode = session_.answering();
      return true;
  }
  return false;
}

void Connection::AfterReply(size_t before, bool pushes) {
  std::string& tail = stream_.Tail();
  if (tail.size() > before && tail[before] == '-') [[unlikely]] {
    if (!std::exchange(error_counted_, false))
      node_.stats().CountError(std::string_view(tail).substr(before + 1));
    counted_ = Counted::kFailed;
  }
  // Pushes are no replies.
  const bool pushed = pushes && tail.size() > before && tail[before] != '-';
  if (session_.reply_mode != ClientSession::ReplyMode::kOn && Silent() && !pushed) [[unlikely]]
    tail.resize(before);
}

Connection::Step Connection::ReplyFailure(std::string_view error) {
  const Step step = ReplyError(error);
  counted_ = Counted::kFailed;
  return step;
}

Connection::Step Connection::ReplyError(std::string_view error) {
  if (direct()) {
    std::string& tail = stream_.Tail();
    const size_t before = BeginReply(tail);
    RespReply(tail, session_.resp_version).Error(error);
    AfterReply(before);
    counted_ = Counted::kRejected;
    return Step::kNext;
  }
  if (!CanAttach()) return WaitFor(Wait::kIdle);
  counted_ = Counted::kRejected;
  std::string text;
  RespReply(text, session_.resp_version).Error(error);
  node_.stats().CountError(error);
  AttachReply(text);
  return Step::kNext;
}

bool Connection::Strong(Effect effect, std::optional<Consistency> forced) const {
  const bool write = effect == Effect::kWrite;
  const ServerOptions& options = node_.options();
  const std::optional<Consistency>& own =
      write ? session_.write_consistency : session_.read_consistency;
  const Consistency wanted =
      forced.value_or(own.value_or(write ? options.write_consistency : options.read_consistency));
  // The cluster-wide floor is a floor: nothing lowers it.
  return wanted == Consistency::kStrong ||
         (write && core_.strong_writes.load(std::memory_order_relaxed));
}

Connection::Step Connection::Handle(Args args) {
  const CommandSpec* spec = node_.table().Resolve(args);
  if (spec != nullptr && spec->group == Group::kCluster) [[unlikely]]
    return HandlePrefixed(spec, args);
  return HandleCommand(spec, args, std::nullopt);
}

Connection::Step Connection::HandleCommand(const CommandSpec* spec, Args args,
                                           std::optional<Consistency> forced) {
  const CommandTable& table = node_.table();
  if (std::string error = CheckCommand(table, spec, args); !error.empty()) [[unlikely]] {
    if (Step step; RefusesUnknown(spec, args, &step)) return step;
    const bool exec = spec != nullptr && IsExec(*spec);
    if (exec)
      error = "EXECABORT Transaction discarded because of: " + error.substr(error.find(' ') + 1);
    if (session_.in_multi) session_.multi_failed = true;
    const Step step = ReplyError(error);
    if (step == Step::kNext && exec) ResetTransaction();
    if (step == Step::kNext && spec != nullptr) thread_.CountRejected(spec);
    return step;
  }
  ClientRecord& record = *session_.record;
  record.last_command.store(spec, std::memory_order_relaxed);
  Step step;
  if (!MayDoEverything() && Refuses(*spec, args, &step)) [[unlikely]]
    return step;
  if (spec->group == Group::kScripting) spec = ScriptForm(spec, args);
  if (spec->group == Group::kServer && IsSetUser(*spec)) [[unlikely]]
    args = thread_.hashed_words().Of(args);
  const Effect effect = spec->effect;
  if (session_.resp_version == 2 && session_.subscribed() && !AllowedToSubscribers(*spec))
      [[unlikely]] {
    thread_.CountRejected(spec);
    return ReplyError(
        fmt::format("{} Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT "
                    "/ RESET are allowed in this context",
                    IsExec(*spec) ? "EXECABORT Transaction discarded because of:" : "ERR",
                    table.FullName(*spec)));
  }
  if (node_.PausedNow(true) && !PassesPause(*spec) &&
      node_.PausedNow(IsExec(*spec) ? QueuedPauses() : Pauses(spec, args))) [[unlikely]]
    return WaitFor(Wait::kPause);
  if (session_.monitor && effect != Effect::kLocal) [[unlikely]] {
    thread_.CountRejected(spec);
    return ReplyError("ERR Replica can't interact with the keyspace");
  }
  return Run(spec, args, forced);
}

Connection::Step Connection::Run(const CommandSpec* spec, Args args,
                                 std::optional<Consistency> forced) {
  const Effect effect = spec->effect;
  // EXEC takes the queue away.
  std::vector<StoredCommand> executed;
  if (IsExec(*spec) && core_.audience.monitors() != 0) [[unlikely]]
    executed = session_.queued;
  counted_ = Counted::kCall;
  Step step;
  if (session_.in_multi && !RunsInsideMulti(*spec)) {
    step = HandleQueued(spec, args, forced == Consistency::kStrong);
  } else if (spec->plan_wait != nullptr &&
             HandleBlocking(spec, args, Strong(effect, forced), &step)) {
    // Done.
  } else if (effect == Effect::kRead) {
    step = HandleRead(spec, args, Strong(effect, forced));
  } else if (effect == Effect::kWrite) {
    step = HandleWrite(spec, args, Strong(effect, forced));
  } else if (IsExec(*spec)) {
    step = HandleExec(forced);
  } else {
    forced_ = forced;
    step = HandleLocal(spec, args);
  }
  if (step == Step::kNext) [[likely]]
    AfterCommand(*spec, args, executed);
  return step;
}

void Connection::AfterCommand(const CommandSpec& spec, Args args,
                              std::span<const StoredCommand> executed) {
  // CLIENT CACHING is for the next command, or transaction.
  if (session_.tracking != nullptr && session_.tracking->caching && !session_.in_multi &&
      !node_.table().FullName(spec).starts_with("client|")) [[unlikely]]
    session_.tracking->caching = false;
  // What blocks is shown now; what is queued, when EXEC runs it.
  if (core_.audience.monitors() != 0 && counted_ != Counted::kRejected &&
      counted_ != Counted::kQueued) [[unlikely]] {
    TellMonitors(spec, args, executed);
    TellCalls(std::exchange(script_calls_, {}));
  }
  if ((spec.flags & kAudited) != 0) [[unlikely]]
    Audit(spec, args);
  session_.record->active_ms.store(thread_.now_ms(), std::memory_order_relaxed);
  if (counted_ == Counted::kCall) [[likely]] {
    thread_.Count(&spec);
  } else if (counted_ == Counted::kFailed) {
    thread_.Count(&spec);
    thread_.CountFailed(&spec);
  } else if (counted_ == Counted::kRejected) {
    thread_.CountRejected(&spec);
  }
}

bool Connection::RefusesData(const CommandSpec& spec) const {
  return (spec.flags & kDenyOom) != 0 && core_.out_of_memory.load(std::memory_order_relaxed);
}

bool Connection::RefusesWrites(Step* step) {
  const ConsensusDriver& consensus = node_.consensus();
  if (consensus.readiness() != Readiness::kReady) [[unlikely]] {
    *step = ReplyError(node_.StaleError());
    return true;
  }
  if (consensus.disk_full()) [[unlikely]] {
    *step = ReplyError(
        "DISKFULL the disk of this instance is full: not written. Free some room; writes resume by "
        "themselves");
    return true;
  }
  return false;
}

bool Connection::MaySubmit(Step* step) {
  if (RefusesWrites(step)) return false;
  const ConsensusDriver& consensus = node_.consensus();
  if (!thread_.HasRoom() || !consensus.can_submit()) [[unlikely]] {
    *step = WaitFor(Wait::kRoom);
    return false;
  }
  return true;
}

Connection::Step Connection::HandleWrite(const CommandSpec* spec, Args args, bool strong) {
  Step step;
  // A request that may have been carried out already is refused, or not, where it is applied.
  if (RefusesData(*spec) && once_ == nullptr) [[unlikely]]
    return ReplyError(kErrOutOfMemory);
  if (!MayFollow(strong)) return WaitFor(Wait::kIdle);
  // What is noted for the audit when it is submitted is not to be submitted twice.
  if (attempts_ > 0 && (spec->flags & kAudited) != 0) return WaitFor(Wait::kIdle);
  if (!MaySubmit(&step)) return step;
  ClientBatch& batch = thread_.Batch(strong);
  StandBehindAttempt(batch);
  if (once_ != nullptr) [[unlikely]]
    once_->words = HashOfWords(session_.db, args);
  batch.AddWrite(this, spec, session_.db, session_.resp_version, args, ScriptUser(*spec), once_);
  Attached(batch);
  // What follows is checked against the users as they will be.
  if (spec->group == Group::kServer && IsChangeOfUsers(*spec)) [[unlikely]]
    WaitFor(Wait::kIdle);
  return Step::kNext;
}

void Connection::RunLocal(const CommandSpec* spec, Args args, RespReply& reply,
                          bool in_transaction) {
  const CallTimer timer(true);
  LocalContext context{args, reply, *this, session_, thread_, node_, in_transaction};
  spec->handler.local(context);
  if (wait_ == Wait::kAnswer) {
    suspended_ = std::make_unique<SuspendedCall>(StoredCommand(spec, session_.db, args), timer);
  } else {
    NoteTime(*spec, args, timer.Nanoseconds());
  }
}

Connection::Step Connection::HandleLocal(const CommandSpec* spec, Args args) {
  if (direct()) {
    std::string& tail = stream_.Tail();
    const size_t start = tail.size();
    const size_t before = IsSubscription(*spec) ? start : BeginReply(tail);
    RespReply reply(tail, session_.resp_version);
    RunLocal(spec, args, reply, false);
    if (stream_.closed()) return Step::kNext;
    if (wait_ == Wait::kNone && pending_ == 0) {
      AfterReply(before, IsSubscription(*spec));
    }
    // A command that is answered later has replied nothing yet.
    if (tail.size() == before) tail.resize(start);
    return Step::kNext;
  }
  if (!RunsAhead(*spec) || !CanAttach()) return WaitFor(Wait::kIdle);
  const bool watch = IsWatch(node_.table(), *spec);
  if (watch && session_.watch_batch != 0 && session_.watch_batch != batch_serial_)
    return WaitFor(Wait::kIdle);
  std::string text;
  RespReply reply(text, session_.resp_version);
  const size_t watched = session_.watched.size();
  RunLocal(spec, args, reply, false);
  AttachReply(text);
  if (watch && session_.watched.size() > watched) WatchInOrder(watched);
  return Step::kNext;
}

}  // namespace mydis
