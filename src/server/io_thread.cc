#include "server/io_thread.h"

#include <future>

#include "base/assert.h"
#include "net/unique_fd.h"
#include "server/node.h"

namespace mydis {

IoThread::IoThread(Node& node, uint32_t index, std::unique_ptr<EventLoop> loop)
    : node_(node),
      index_(index),
      loop_(std::move(loop)),
      random_(RandomSeed()),
      listeners_(*this),
      watches_(*this) {
  loop_->AddAfterEvents([this] { AfterEvents(); });
  loop_->AddAfterTurn([this] { AfterTurn(); });
}

IoThread::~IoThread() { Stop(); }

void IoThread::Start() {
  loop_->AddTimer(1000, [this] { EachSecond(); });
  thread_ = EngineThread([this] { loop_->Run(); });
}

void IoThread::Settle(uint64_t limit_ms) {
  if (!thread_.joinable()) return;
  std::promise<void> settled;
  loop_->Post([this, limit_ms, &settled] { LookIfSettled(now_ms() + limit_ms, settled); });
  settled.get_future().wait();
}

void IoThread::LookIfSettled(uint64_t until_ms, std::promise<void>& settled) {
  const bool under_way = batch_ != nullptr || !in_flight_[0].empty() || !in_flight_[1].empty();
  if (!under_way || now_ms() >= until_ms) return settled.set_value();
  loop_->AddTimer(1, [this, until_ms, &settled] { LookIfSettled(until_ms, settled); });
}

void IoThread::Stop() {
  if (!thread_.joinable()) return;
  std::promise<void> closed;
  loop_->Post([this, &closed] {
    // What has been answered leaves yet.
    for (auto& [id, connection] : connections_) connection->stream().Flush();
    watches_.Stop();
    connections_.clear();
    migrations_.reset();
    closed.set_value();
  });
  closed.get_future().wait();
  loop_->Stop();
  thread_.join();
}

void IoThread::Adopt(int fd, Door door, std::string user) {
  loop_->Post([this, door, user = std::move(user), socket = UniqueFd(fd)]() mutable {
    const uint64_t id = node_.clients().NextId();
    Connection::Origin origin{door, std::move(user), node_.MakeFilter(door, socket.get())};
    connections_[id] = std::make_unique<Connection>(*this, socket.Release(), id, std::move(origin));
  });
}

bool IoThread::Receive(Mail mail) {
  size_t work = 0;
  for (const Mail::Completed& completed : mail.completed) work += completed.batch->items().size();
  if (mail.news != nullptr) {
    news_backlog_.fetch_add(mail.news->bytes(), std::memory_order_relaxed);
    work += mail.news->deliveries();
  }
  // How much it is for watches nobody knows yet.
  if (mail.history) work += kDrivenReplies + 1;
  auto task = [this, mail = std::move(mail)]() mutable { OnMail(std::move(mail)); };
  const bool small = work <= kDrivenReplies;
  if (small)
    loop_->PostQuietly(std::move(task));
  else
    loop_->Post(std::move(task));
  return small;
}

void IoThread::OnMail(Mail mail) {
  news_ = mail.news.get();
  news_next_ = 0;
  for (Mail::Completed& completed : mail.completed)
    OnComplete(std::move(completed.batch), std::move(completed.outcome));
  if (news_ != nullptr) {
    TellNews(UINT64_MAX, 0);
    listeners_.EndOfNews();
    news_ = nullptr;
    news_backlog_.fetch_sub(mail.news->bytes(), std::memory_order_relaxed);
  }
  if (mail.news_lost) listeners_.CloseSubscribers("this instance could not keep up with messages");
  if (mail.history) watches_.ReadOn();
  if (mail.Announced() == 0) return;
  expected_news_.fetch_sub(mail.Announced());
  for (const uint64_t id : std::exchange(news_waiters_, {})) {
    if (Connection* connection = Find(id)) connection->MailHandled();
  }
}

void IoThread::TellNews(uint64_t index, uint32_t operation) {
  const std::vector<NewsItem>& items = news_->items();
  for (; news_next_ < items.size(); ++news_next_) {
    const NewsPosition& at = items[news_next_].at;
    if (at.index > index || (at.index == index && at.operation > operation)) return;
    listeners_.Tell(*news_, items[news_next_]);
  }
}

Connection* IoThread::Find(uint64_t id) {
  const auto it = connections_.find(id);
  return it == connections_.end() ? nullptr : it->second.get();
}

void IoThread::CheckUsers() {
  for (auto& [id, connection] : connections_) connection->CheckUser();
}

void IoThread::RetryAll() {
  loop_->Post([this] {
    for (auto& [id, connection] : connections_) connection->Retry();
  });
}

void IoThread::WithConnection(uint64_t id, std::move_only_function<void(Connection&)> task) {
  loop_->Post([this, id, task = std::move(task)]() mutable {
    auto it = connections_.find(id);
    if (it != connections_.end()) task(*it->second);
  });
}

void IoThread::FindConnection(uint64_t id, std::move_only_function<void(Connection*)> task) {
  loop_->Post([this, id, task = std::move(task)]() mutable {
    auto it = connections_.find(id);
    task(it == connections_.end() ? nullptr : it->second.get());
  });
}

ClientBatch& IoThread::Batch(bool strong) {
  if (batch_ != nullptr && (batch_->strong != strong || batch_->bytes() >= kBatchBytes))
    SubmitBatch();
  if (batch_ == nullptr) batch_ = std::make_unique<ClientBatch>(*this, strong);
  return *batch_;
}

void IoThread::SubmitBatch() {
  if (batch_ == nullptr) return;
  batch_->Seal();
  batch_->serial = batch_serial_++;
  in_flight_[batch_->strong].push_back({batch_->serial, nullptr, {}});
  in_flight_bytes_ += batch_->submitted_bytes();
  const bool small = batch_->items().size() <= kDrivenOperations;
  drive_consensus_ |= small;
  node_.consensus().Submit(std::move(batch_), small);
}

const State& IoThread::Read() MYDIS_NO_THREAD_ANALYSIS {
  Core& core = node_.core();
  if (!reading_) {
    core.lock.LockShared(index_);
    reading_ = true;
  }
  return core.machine.state();
}

void IoThread::EndRead() MYDIS_NO_THREAD_ANALYSIS {
  if (!reading_) return;
  node_.core().lock.UnlockShared(index_);
  reading_ = false;
}

void IoThread::RequestBarrier(Connection* connection) {
  barrier_waiters_.push_back(connection->id());
}

void IoThread::SendBarrier() {
  if (barrier_waiters_.empty()) return;
  auto done = [this, waiters = std::exchange(barrier_waiters_, {})](Status status) mutable {
    loop_->Post([this, waiters = std::move(waiters), status = std::move(status)] {
      for (uint64_t id : waiters) {
        auto it = connections_.find(id);
        if (it != connections_.end()) it->second->BarrierDone(status);
      }
    });
  };
  drive_consensus_ = true;
  node_.consensus().PostQuietly([done = std::move(done)](Replica* replica) mutable {
    if (replica == nullptr) {
      done(Status(ErrorCode::kUnavailable, "this instance has not found its cluster yet"));
    } else {
      replica->Barrier(0, std::move(done));
    }
  });
}

void IoThread::Deliver(ClientBatch& batch, const Outcome& outcome) {
  in_flight_bytes_ -= batch.submitted_bytes();
  CountLookups(batch.lookups());
  uint32_t operations = 0;
  for (BatchItem& item : batch.items()) {
    if (news_ != nullptr && outcome.applied) TellNews(batch.index, operations);
    item.connection->Deliver(batch, item, outcome);
    operations += item.is_operation();
  }
  // Connections that were buried in the loop above are destroyed only at the end of the turn.
  for (BatchItem& item : batch.items()) item.connection->AfterBatch();
  EndRead();
}

void IoThread::OnComplete(std::unique_ptr<ClientBatch> batch, Outcome outcome) {
  const bool had_room = HasRoom();
  std::deque<InFlight>& in_flight = in_flight_[batch->strong];
  MYDIS_ASSERT(!in_flight.empty() && batch->serial >= in_flight.front().serial,
               "every batch comes back once");
  for (InFlight& entry : in_flight) {
    if (entry.serial != batch->serial) continue;
    entry.batch = std::move(batch);
    entry.outcome = std::move(outcome);
    break;
  }
  while (!in_flight.empty() && in_flight.front().batch != nullptr) {
    const InFlight back = std::move(in_flight.front());
    in_flight.pop_front();
    Deliver(*back.batch, back.outcome);
  }
  if (!had_room && HasRoom()) {
    for (auto& [id, connection] : connections_) connection->Retry();
  }
}

void IoThread::Bury(Connection* connection) { buried_.push_back(connection->id()); }

void IoThread::AfterTurn() {
  if (!std::exchange(drive_consensus_, false)) return;
  EndRead();
  node_.consensus().TryDrive();
}

void IoThread::CountTurn() {
  ThreadStats& stats = *node_.stats().threads[index_];
  const uint64_t commands = stats.commands.load(std::memory_order_relaxed);
  // Fewer than before: they were reset.
  const uint64_t turn = commands - (commands < turn_commands_ ? 0 : turn_commands_);
  turn_commands_ = commands;
  if (turn > stats.most_commands_a_turn.load(std::memory_order_relaxed))
    stats.most_commands_a_turn.store(turn, std::memory_order_relaxed);
}

void IoThread::AfterEvents() {
  EndRead();
  CountTurn();
  if (batch_ != nullptr && (batch_->strong || in_flight_[0].size() < kBatchesInFlight ||
                            batch_->bytes() >= kHoldBackBytes))
    SubmitBatch();
  SendBarrier();
  if (!monitor_lines_.empty()) SendMonitorLines();
  if (!buried_.empty()) {
    // After the streams have finished their turn.
    loop_->Post([this, ids = std::exchange(buried_, {})] {
      for (uint64_t id : ids) connections_.erase(id);
    });
  }
}

void IoThread::TellMisses(const std::vector<MissingKey>& missing) {
  Core& core = node_.core();
  const uint32_t flags = Read().settings.notify_events();
  auto news = std::make_shared<News>();
  for (const MissingKey& key : missing)
    news->AddEvent(core.audience, {}, flags, EventClass::kKeyMiss, "keymiss", key.db, key.key);
  for (const auto& thread : node_.threads()) {
    if ((news->threads() & MaskOf(thread->index())) == 0) continue;
    thread->loop().Post([&thread = *thread, news] {
      for (const NewsItem& item : news->items()) thread.listeners().Tell(*news, item);
    });
  }
}

void IoThread::SendMonitorLines() {
  const auto lines = std::make_shared<const std::string>(std::exchange(monitor_lines_, {}));
  const ThreadMask monitors = node_.core().audience.monitors();
  for (const auto& thread : node_.threads()) {
    if ((monitors & MaskOf(thread->index())) == 0) continue;
    if (thread.get() == this) {
      listeners_.TellMonitors(*lines);
    } else {
      thread->loop().Post([&thread = *thread, lines] { thread.listeners().TellMonitors(*lines); });
    }
  }
}

ThreadStats& IoThread::stats() { return *node_.stats().threads[index_]; }

CommandCount& IoThread::CountOf(const CommandSpec* spec) {
  if (spec != counted_spec_) {
    counted_spec_ = spec;
    counted_ = &stats().Of(spec);
  }
  return *counted_;
}

void IoThread::Count(const CommandSpec* spec) {
  ThreadStats& stats = this->stats();
  AddTo(stats.commands, 1);
  AddTo(CountOf(spec).calls, 1);
}

void IoThread::CountFailed(const CommandSpec* spec) { AddTo(CountOf(spec).failed, 1); }

void IoThread::CountRejected(const CommandSpec* spec) { AddTo(CountOf(spec).rejected, 1); }

void IoThread::CountTime(const CommandSpec* spec, uint64_t nanoseconds) {
  CountOf(spec).AddTime(nanoseconds);
}

void IoThread::CountLookups(const LookupCount& lookups) {
  ThreadStats& stats = this->stats();
  if (lookups.hits != 0) AddTo(stats.keyspace_hits, lookups.hits);
  if (lookups.misses != 0) AddTo(stats.keyspace_misses, lookups.misses);
}

void IoThread::ForEachConnection(const std::function<void(Connection&)>& visit) {
  for (auto& [id, connection] : connections_) visit(*connection);
}

void IoThread::EachSecond() {
  const Config& config = node_.config();
  const uint64_t idle_ms = config.idle_timeout_s * 1000;
  for (auto& [id, connection] : connections_) {
    ByteStream& stream = connection->stream();
    stream.CheckTime();
    ClientRecord& record = *connection->session().record;
    record.output_bytes = stream.output_size();
    record.input_bytes = stream.input_size() + connection->parser().memory();
    record.bytes_read = stream.bytes_read();
    record.bytes_written = stream.bytes_written();
    const auto& limits =
        connection->session().listens() ? config.output_pubsub : config.output_normal;
    const uint64_t hard_limit = limits.hard_bytes;
    const uint64_t soft_limit = limits.soft_bytes;
    uint64_t& soft_seconds = connection->session().over_soft_limit_s;
    const bool over_soft = soft_limit != 0 && stream.output_size() > soft_limit;
    soft_seconds = over_soft ? soft_seconds + 1 : 0;
    if ((hard_limit != 0 && stream.output_size() > hard_limit) ||
        soft_seconds > limits.soft_seconds) {
      stream.Close(Status(ErrorCode::kBusy, "output buffer limit"));
    } else if (record.input_bytes > config.query_buffer_limit) {
      stream.Close(Status(ErrorCode::kBusy, "query buffer limit"));
    } else if (idle_ms != 0 && connection->session().door != Door::kLibrary && !record.waiting &&
               now_ms() - record.active_ms > idle_ms) {
      stream.Close(Status(ErrorCode::kTimeout, "idle"));
    }
  }
  listeners_.tracked().ObeyLimit();
  watches_.EachSecond();
  if (index_ == 0) {
    Stats& stats = node_.stats();
    const auto [input, output] = node_.NetBytes();
    const auto since = [](uint64_t now, uint64_t& before) {
      // CONFIG RESETSTAT lets them begin anew.
      const uint64_t change = now < before ? now : now - before;
      before = now;
      return change;
    };
    stats.ops_per_second = since(stats.Commands(), counted_commands_);
    stats.input_per_second = since(input, counted_input_);
    stats.output_per_second = since(output, counted_output_);
    const LoopTotals loops = node_.LoopWork();
    const uint64_t turns = since(loops.turns, counted_turns_);
    stats.turns_per_second = turns;
    stats.busy_us_per_turn = turns == 0 ? 0 : since(loops.busy_us, counted_busy_us_) / turns;
  }
  loop_->AddTimer(1000, [this] { EachSecond(); });
}

}  // namespace mydis
