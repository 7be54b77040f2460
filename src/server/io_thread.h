// A thread that owns connections: one event loop, one batch being filled, the submissions under
// way.
#pragma once

#include <cstdint>
#include <deque>
#include <future>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/lookup_count.h"
#include "base/random.h"
#include "consensus/engine_thread.h"
#include "net/event_loop.h"
#include "protocol/resp_parser.h"
#include "server/client_batch.h"
#include "server/connection.h"
#include "server/listeners.h"
#include "server/mail.h"
#include "server/migrations.h"
#include "server/password.h"
#include "server/watches.h"

namespace mydis {

// Post, Adopt, Complete and those that say so: any thread. Others: its own.
class IoThread {
 public:
  IoThread(Node& node, uint32_t index, std::unique_ptr<EventLoop> loop);
  ~IoThread();
  void Start();
  // Waits until what the thread has begun is answered, so long at the most. REQUIRES: nothing is
  // begun any more. Any other thread.
  void Settle(uint64_t limit_ms);
  // Closes all connections and ends the thread. Any other thread.
  void Stop();

  // Takes over a connected socket. `user`: see Node::AdoptOwn. Any thread.
  void Adopt(int fd, Door door, std::string user = {});
  // Batches come back, and news. Any thread. True if that is little: then it is posted quietly, and
  // the caller calls loop().TryDrive() when it has finished its own work.
  bool Receive(Mail mail);
  // Announces news that Receive brings soon: listening connections wait for it. Any thread.
  void ExpectNews() { expected_news_.fetch_add(1); }
  bool ExpectsNews() const { return expected_news_.load() > 0; }
  // The connection waits for what is expected.
  void WaitForNews(uint64_t connection_id) { news_waiters_.push_back(connection_id); }
  // Bytes of news on their way to this thread. Any thread.
  size_t news_backlog() const { return news_backlog_.load(std::memory_order_relaxed); }
  // Connections that waited for room or for the end of a pause go on. Any thread.
  void RetryAll();
  // Runs `task` with the connection if it is still there. Any thread.
  void WithConnection(uint64_t id, std::move_only_function<void(Connection&)> task);

  // The same, with nullptr if it is not there any more. Any thread.
  void FindConnection(uint64_t id, std::move_only_function<void(Connection*)> task);

  Node& node() { return node_; }
  uint32_t index() const { return index_; }
  EventLoop& loop() { return *loop_; }
  RequestBatch& requests() { return requests_; }
  Migrations& migrations() {
    if (migrations_ == nullptr) migrations_ = std::make_unique<Migrations>(*loop_);
    return *migrations_;
  }

  // The batch to add to; one with the other `strong` is submitted first, so that order is kept.
  ClientBatch& Batch(bool strong);
  // The batch being filled. REQUIRES: it is not empty.
  ClientBatch& CurrentBatch() { return *batch_; }
  // Whether Batch(strong) would give the batch of this number.
  bool Fills(uint64_t serial, bool strong) const {
    return batch_ != nullptr && serial == batch_serial_ && batch_->strong == strong &&
           batch_->bytes() < kBatchBytes;
  }
  // Number of the batch being filled; changes with every batch.
  uint64_t batch_serial() const { return batch_serial_; }
  // False while too much of this thread's is under way.
  bool HasRoom() const { return in_flight_bytes_ < kWindowBytes; }
  void SubmitBatch();

  // The state, locked for reading until EndRead. Nests harmlessly.
  const State& Read();
  void EndRead();

  // One barrier for all connections that ask during this turn.
  void RequestBarrier(Connection* connection);
  // For the connection that has closed and is idle: destroyed at the end of the turn.
  void Bury(Connection* connection);
  size_t connections() const { return connections_.size(); }
  Random& random() { return random_; }
  ThreadStats& stats();  // This thread's.
  // Counts a command that was called; besides, one that failed or was timed; one that was refused.
  void Count(const CommandSpec* spec);
  void CountFailed(const CommandSpec* spec);
  void CountRejected(const CommandSpec* spec);
  void CountTime(const CommandSpec* spec, uint64_t nanoseconds);
  void CountLookups(const LookupCount& lookups);
  // Whether to time the next call: the first of a command, and then one in so many.
  bool Sampled(const CommandSpec* spec) {
    return CountOf(spec).calls.load(std::memory_order_relaxed) % kTimedOneIn == 0;
  }
  Listeners& listeners() { return listeners_; }
  Watches& watches() { return watches_; }
  // Users have changed: connections that may not be here, or not listen, any more are closed.
  void CheckUsers();
  // Words whose passwords are hashed, for the command at hand.
  HashedWords& hashed_words() { return hashed_words_; }
  // nullptr if it is gone.
  Connection* Find(uint64_t id);
  // Tells this instance's subscribers that reads have looked for these keys and not found them.
  void TellMisses(const std::vector<MissingKey>& missing);
  // What this thread's clients ran, for MONITOR on any thread; sent at the end of the turn.
  std::string& monitor_lines() { return monitor_lines_; }
  void ForEachConnection(const std::function<void(Connection&)>& visit);
  uint64_t now_ms() const { return loop_->NowMs(); }

 private:
  void LookIfSettled(uint64_t until_ms, std::promise<void>& settled);
  static constexpr size_t kWindowBytes = 16 << 20;
  static constexpr size_t kBatchBytes = 1 << 20;
  // While one batch is on its way through the log, a second would make two small groups of one:
  // what comes meanwhile is collected, unless it is much. Strong ones wait for members, not for the
  // disk: they neither hold others back nor are held back.
  static constexpr size_t kBatchesInFlight = 1;
  static constexpr size_t kHoldBackBytes = 128 << 10;
  // A batch of at most so many operations is taken through the log by this thread itself if nobody
  // else has the consensus loop, and the replies of one are written by whoever applied it: less
  // than waking another thread. More than that is worth a second thread.
  static constexpr size_t kDrivenOperations = 256;
  static constexpr size_t kDrivenReplies = 16;

  void CountTurn();
  void AfterEvents();
  void AfterTurn();
  // The command's counts; most often those looked for before.
  CommandCount& CountOf(const CommandSpec* spec);
  void SendBarrier();
  void OnComplete(std::unique_ptr<ClientBatch> batch, Outcome outcome);
  void Deliver(ClientBatch& batch, const Outcome& outcome);
  void OnMail(Mail mail);
  // Tells the news up to and with what the entry's first `operation` operations have brought.
  void TellNews(uint64_t index, uint32_t operation);
  void SendMonitorLines();
  // Once a second: idle connections, output limits, what CLIENT LIST shows.
  void EachSecond();

  Node& node_;
  const uint32_t index_;
  std::unique_ptr<EventLoop> loop_;
  EngineThread thread_;
  RequestBatch requests_;
  std::unordered_map<uint64_t, std::unique_ptr<Connection>> connections_;
  std::vector<uint64_t> buried_;
  std::unique_ptr<Migrations> migrations_;  // Once there was one.
  std::unique_ptr<ClientBatch> batch_;
  uint64_t batch_serial_ = 1;
  size_t in_flight_bytes_ = 0;
  // Submitted batches of each consistency (eventual, strong) in the order submitted, with what has
  // come back. One that fails at once, because the disk is full, must not overtake those before it.
  struct InFlight {
    uint64_t serial;
    std::unique_ptr<ClientBatch> batch;  // Once it is back.
    Outcome outcome;
  };
  std::deque<InFlight> in_flight_[2];
  bool drive_consensus_ = false;  // Something is posted quietly to the consensus loop.
  bool reading_ = false;
  Random random_;
  Listeners listeners_;
  Watches watches_;
  const News* news_ = nullptr;  // Of the mail at hand.
  size_t news_next_ = 0;        // The first item that was not told.
  std::atomic<uint32_t> expected_news_{0};
  std::atomic<size_t> news_backlog_{0};
  std::vector<uint64_t> news_waiters_;
  std::string monitor_lines_;
  HashedWords hashed_words_;
  const CommandSpec* counted_spec_ = nullptr;  // Whose counts `counted_` are.
  CommandCount* counted_ = nullptr;
  std::vector<uint64_t> barrier_waiters_;
  uint64_t turn_commands_ = 0;  // Counted up to the end of the last turn.
  // Of all threads, a second ago; kept by thread 0.
  uint64_t counted_commands_ = 0;
  uint64_t counted_turns_ = 0;
  uint64_t counted_busy_us_ = 0;
  uint64_t counted_input_ = 0;
  uint64_t counted_output_ = 0;
};

}  // namespace mydis
