// A thread of the load generator, with an event loop and its share of the connections.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "cli/bench_load.h"
#include "cli/reply_scanner.h"
#include "net/byte_stream.h"
#include "net/event_loop.h"
#include "net/resolver.h"
#include "net/tcp.h"
#include "net/unique_fd.h"

namespace mydis {

class BenchWorker;

// One connection. It is made again, to the next address, when it ends. The worker's thread.
class BenchClient final : public StreamHandler {
 public:
  BenchClient(BenchWorker& worker, size_t first_address);
  void Connect();
  // Appends `count` requests, which count from `since_us` on. REQUIRES: room() >= count.
  void Send(uint64_t count, uint64_t since_us);

  // Requests that it may have on the way besides those that it has; 0 while not connected.
  uint64_t room() const;
  uint64_t on_the_way() const { return since_us_.size(); }
  bool waits_for_work = false;  // It is in the worker's list of idle ones.

 private:
  size_t OnData(ByteStream& stream, std::string_view bytes) override;
  void OnClosed(ByteStream& stream, const Status& reason) override;
  void OnConnected(Result<int> fd);
  void OnReply(ByteStream& stream, uint64_t now_us);
  void Greet();
  void ConnectLater(const Status& why);
  const HostPort& address() const;

  BenchWorker& worker_;
  size_t address_;
  std::unique_ptr<TcpConnector> connector_;
  std::unique_ptr<ByteStream> stream_;
  ReplyScanner scanner_;
  size_t greetings_left_ = 0;
  size_t failures_ = 0;            // To connect, one after the other.
  bool ready_ = false;             // Connected, and the greeting is answered.
  std::deque<uint64_t> since_us_;  // Of each request on the way.
};

// Thread: the constructor's caller makes, starts and joins it; everything else runs on its loop.
class BenchWorker final : private FdHandler {
 public:
  // What the one who waits for the workers is told; called on their threads.
  struct Events {
    std::function<void()> ready;   // All connections of this worker stand.
    std::function<void()> done;    // It has ended, well or with a failure.
    std::function<void()> failed;  // Before that: it ends with a failure.
  };

  // `share` of `options.threads`: which part of connections and requests is this one's.
  BenchWorker(const LoadOptions& options, const CommandTemplate& command, Resolver& resolver,
              uint64_t share, Events events);
  ~BenchWorker();

  Status Start();
  // Begins the load. Any thread, once, after `ready`.
  void Begin(uint64_t start_us);
  // Sends no more, and ends when what is on the way is answered. Any thread.
  void Finish();
  // REQUIRES: Start was called. After that the results may be read.
  void Join();

  uint64_t answered() const { return answered_.load(std::memory_order_relaxed); }
  const LoadResult& result() const { return result_; }
  const Status& failure() const { return failure_; }
  uint64_t end_us() const { return end_us_; }

 private:
  friend class BenchClient;

  void OnEvents(uint32_t events) override;  // The timer's.
  void SetTimer(uint64_t at_us);
  // --- What clients tell ---
  void ClientReady();
  void ConnectFailed(size_t failures, const Status& why);
  void ClientIdle(BenchClient& client);  // It could send, perhaps.
  void ClientLost(uint64_t on_the_way);
  void Answered(uint64_t since_us, uint64_t now_us, const ReplyScanner& scanner);
  void SendDue();
  void SendBatch(BenchClient& client);
  void Send(BenchClient& client, uint64_t count, uint64_t since_us);
  uint64_t DueAt(uint64_t request) const;
  void StopSending(uint64_t drain_ms);
  void EndIfAnswered();
  void End();
  void Fail(Status why);
  uint64_t NowUs() { return clock_.MonotonicUs(); }

  const LoadOptions& options_;
  const CommandTemplate& command_;
  Resolver& resolver_;
  const uint64_t share_;
  Events events_;
  SystemClock clock_;
  Random random_;
  std::unique_ptr<EventLoop> loop_;
  UniqueFd timer_;  // Finer than the loop's own, which counts milliseconds.
  std::vector<std::unique_ptr<BenchClient>> clients_;
  std::deque<BenchClient*> idle_;  // That could send, while a rate says when.
  std::thread thread_;
  uint64_t quota_;     // Requests of this worker.
  uint64_t sent_ = 0;  // Of them.
  uint64_t on_the_way_ = 0;
  size_t ready_clients_ = 0;
  bool told_ready_ = false;
  bool running_ = false;  // Between Begin and the end of sending.
  bool ended_ = false;
  uint64_t start_us_ = 0;
  uint64_t stop_us_ = UINT64_MAX;  // No request is due from then on.
  uint64_t lost_all_us_ = 0;       // Since when no connection stands.
  uint64_t end_us_ = 0;
  LoadResult result_;
  Status failure_;
  std::atomic<uint64_t> answered_{0};
};

}  // namespace mydis
