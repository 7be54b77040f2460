// What the sessions of one client (or instance) have in common: a thread, connections to be used
// again, and where callbacks run.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/random.h"
#include "client/dialer.h"
#include "client/lane.h"
#include "mydis/client.h"
#include "mydis/session.h"

namespace mydis {

// Any thread, except where said.
class ClientCore final : public std::enable_shared_from_this<ClientCore>,
                         public detail::CallbackRunner {
 public:
  struct Options {
    Executor executor;            // Empty: the core's thread.
    size_t idle_connections = 8;  // That are kept open for sessions to come.
  };
  static Result<std::shared_ptr<ClientCore>> Create(std::shared_ptr<Dialer> dialer,
                                                    Options options);
  // Stops it.
  ~ClientCore() override;

  Session NewSession(SessionOptions options);
  // Ends the thread and all connections: what is under way gives kUnavailable, or kUnknown if it
  // may have happened, and so does every call from then on. All callbacks of what was under way
  // have been called when this returns, or given to the executor. Within a callback, or on the
  // core's thread anyhow, it returns at once and all that comes to pass a little later.
  void Stop();

  // --- For what belongs to it ---
  Dialer& dialer() { return *dialer_; }
  EventLoop& loop() { return *loop_; }
  bool OnCoreThread() const { return std::this_thread::get_id() == thread_id_.load(); }
  uint64_t NowUs() { return clock_.MonotonicUs(); }
  // On the core's thread. Once that has ended the task is dropped.
  void Post(EventLoop::Task task) { (void)TryPost(task); }
  // On the core's thread, at once if this is it; at once on any if that has ended. There it is
  // given to the executor, if there is one.
  void RunCallback(std::move_only_function<void()> callback) override;
  // Posts what completes calls, or runs it at once if the core's thread has ended.
  void PostDelivery(EventLoop::Task delivery);
  // On the core's thread: whether what it completes now would overtake what was posted.
  bool DeliveriesWait() const { return OnCoreThread() && deliveries_posted_.load() > 0; }

  // An idle lane with these settings, or a new one.
  std::shared_ptr<Lane> TakeLane(const SessionOptions& settings,
                                 std::shared_ptr<SessionRevisions> revisions);
  // Nothing more will be started on it. It is used again, or closed, when nothing is under way.
  void GiveBack(std::shared_ptr<Lane> lane);
  // Something is under way: time limits are looked at for a while.
  void WatchTime();
  // Whose Close(why) is called on the core's thread before that ends, unless it has gone by itself.
  class Closable {
   public:
    virtual ~Closable() = default;
    virtual void CloseNow(const Status& why) = 0;
  };
  // False: the core has stopped.
  bool Register(const std::shared_ptr<Closable>& closable);

 private:
  ClientCore(std::shared_ptr<Dialer> dialer, Options options, std::unique_ptr<EventLoop> loop);
  void Run();
  // False, and the task is left, once the thread has ended.
  bool TryPost(EventLoop::Task& task);
  void Tick();
  void CloseAll();
  void KeepOrClose(const std::shared_ptr<Lane>& lane);
  void CloseLane(const std::shared_ptr<Lane>& lane);
  WriterIdentity NewIdentity() MYDIS_REQUIRES(mutex_);

  const Options options_;
  SystemClock clock_;
  const std::unique_ptr<EventLoop> loop_;
  const std::shared_ptr<Dialer> dialer_;  // Goes before the loop, which it uses.
  std::thread thread_;
  std::atomic<std::thread::id> thread_id_;
  std::atomic<uint32_t> deliveries_posted_{0};  // And not yet over.
  std::atomic<bool> ticking_{false};
  uint32_t quiet_ticks_ = 0;  // The core's thread.

  Mutex post_mutex_;
  bool ended_ MYDIS_GUARDED_BY(post_mutex_) = false;  // The thread: nothing is posted any more.

  Mutex mutex_;
  bool stopped_ MYDIS_GUARDED_BY(mutex_) = false;
  Random random_ MYDIS_GUARDED_BY(mutex_);
  uint64_t next_choice_ MYDIS_GUARDED_BY(mutex_);
  std::unordered_map<Lane*, std::shared_ptr<Lane>> lanes_ MYDIS_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<Lane>> idle_ MYDIS_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<Lane>> leaving_ MYDIS_GUARDED_BY(mutex_);  // With calls under way.
  std::vector<WriterIdentity> identities_ MYDIS_GUARDED_BY(mutex_);      // Of closed lanes.
  std::vector<std::weak_ptr<Closable>> closables_ MYDIS_GUARDED_BY(mutex_);
};

}  // namespace mydis
