#include "server/io_thread.h"

#include <unistd.h>

#include <future>

#include "base/assert.h"
#include "server/node.h"

namespace mydis {

IoThread::IoThread(Node& node, uint32_t index, std::unique_ptr<EventLoop> loop)
    : node_(node), index_(index), loop_(std::move(loop)), random_(RandomSeed()) {
  loop_->AddAfterEvents([this] { AfterEvents(); });
  loop_->AddAfterTurn([this] { AfterTurn(); });
}

IoThread::~IoThread() { Stop(); }

void IoThread::Start() {
  loop_->AddTimer(1000, [this] { EachSecond(); });
  thread_ = std::thread([this] { loop_->Run(); });
}

void IoThread::Stop() {
  if (!thread_.joinable()) return;
  std::promise<void> closed;
  loop_->Post([this, &closed] {
    // What has been answered leaves yet.
    for (auto& [id, connection] : connections_) connection->stream().Flush();
    connections_.clear();
    closed.set_value();
  });
  closed.get_future().wait();
  loop_->Stop();
  thread_.join();
}

void IoThread::Adopt(int fd) {
  loop_->Post([this, fd] {
    const uint64_t id = node_.clients().NextId();
    connections_[id] = std::make_unique<Connection>(*this, fd, id);
  });
}

bool IoThread::Complete(std::unique_ptr<ClientBatch> batch, Outcome outcome) {
  const bool small = batch->items().size() <= kDrivenReplies;
  auto task = [this, batch = std::move(batch), outcome = std::move(outcome)]() mutable {
    OnComplete(std::move(batch), std::move(outcome));
  };
  if (small)
    loop_->PostQuietly(std::move(task));
  else
    loop_->Post(std::move(task));
  return small;
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

const State& IoThread::Read() {
  Core& core = node_.core();
  if (!reading_) {
    core.lock.LockShared(index_);
    reading_ = true;
  }
  return core.machine.state();
}

void IoThread::EndRead() {
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
  for (BatchItem& item : batch.items()) item.connection->Deliver(batch, item, outcome);
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

void IoThread::AfterEvents() {
  EndRead();
  if (batch_ != nullptr && (batch_->strong || in_flight_[0].size() < kBatchesInFlight ||
                            batch_->bytes() >= kHoldBackBytes))
    SubmitBatch();
  SendBarrier();
  if (!buried_.empty()) {
    // After the streams have finished their turn.
    loop_->Post([this, ids = std::exchange(buried_, {})] {
      for (uint64_t id : ids) connections_.erase(id);
    });
  }
}

namespace {

// Only one thread adds, so no locked instruction is needed.
void AddTo(std::atomic<uint64_t>& counter, uint64_t n) {
  counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

}  // namespace

CommandCount& IoThread::CountOf(const CommandSpec* spec) {
  if (spec != counted_spec_) {
    counted_spec_ = spec;
    counted_ = &node_.stats().threads[index_]->Of(spec);
  }
  return *counted_;
}

void IoThread::Count(const CommandSpec* spec) {
  ThreadStats& stats = *node_.stats().threads[index_];
  AddTo(stats.commands, 1);
  AddTo(CountOf(spec).calls, 1);
}

void IoThread::CountFailed(const CommandSpec* spec) { AddTo(CountOf(spec).failed, 1); }

void IoThread::CountRejected(const CommandSpec* spec) { AddTo(CountOf(spec).rejected, 1); }

void IoThread::CountTime(const CommandSpec* spec, uint64_t nanoseconds) {
  CommandCount& count = CountOf(spec);
  AddTo(count.timed_calls, 1);
  AddTo(count.timed_ns, nanoseconds);
}

void IoThread::CountLookups(const LookupCount& lookups) {
  ThreadStats& stats = *node_.stats().threads[index_];
  if (lookups.hits != 0) AddTo(stats.keyspace_hits, lookups.hits);
  if (lookups.misses != 0) AddTo(stats.keyspace_misses, lookups.misses);
}

void IoThread::ForEachConnection(const std::function<void(Connection&)>& visit) {
  for (auto& [id, connection] : connections_) visit(*connection);
}

void IoThread::EachSecond() {
  const Config& config = node_.config();
  const uint64_t idle_ms = config.idle_timeout_s * 1000;
  const uint64_t hard_limit = config.output_hard_limit;
  const uint64_t soft_limit = config.output_soft_limit;
  for (auto& [id, connection] : connections_) {
    ByteStream& stream = connection->stream();
    ClientRecord& record = *connection->session().record;
    record.output_bytes = stream.output_size();
    record.input_bytes = stream.input_size() + connection->parser().memory();
    record.bytes_read = stream.bytes_read();
    record.bytes_written = stream.bytes_written();
    uint64_t& soft_seconds = connection->session().over_soft_limit_s;
    const bool over_soft = soft_limit != 0 && stream.output_size() > soft_limit;
    soft_seconds = over_soft ? soft_seconds + 1 : 0;
    if ((hard_limit != 0 && stream.output_size() > hard_limit) ||
        soft_seconds > config.output_soft_seconds) {
      stream.Close(Status(ErrorCode::kBusy, "output buffer limit"));
    } else if (record.input_bytes > config.query_buffer_limit) {
      stream.Close(Status(ErrorCode::kBusy, "query buffer limit"));
    } else if (idle_ms != 0 && !record.waiting && now_ms() - record.active_ms > idle_ms) {
      stream.Close(Status(ErrorCode::kTimeout, "idle"));
    }
  }
  if (index_ == 0) {
    Stats& stats = node_.stats();
    const auto [input, output] = node_.NetBytes();
    const auto since = [](uint64_t now, uint64_t& before) {
      const uint64_t change = now < before ? 0 : now - before;
      before = now;
      return change;
    };
    stats.ops_per_second = since(stats.Commands(), counted_commands_);
    stats.input_per_second = since(input, counted_input_);
    stats.output_per_second = since(output, counted_output_);
  }
  loop_->AddTimer(1000, [this] { EachSecond(); });
}

}  // namespace mydis
