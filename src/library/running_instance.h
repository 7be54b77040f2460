// An instance of this process, from its start to its stop.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <thread>

#include "base/mutex.h"
#include "client/client_core.h"
#include "library/instance_dialer.h"
#include "mydis/instance.h"

namespace mydis {

// Any thread. REQUIRES: it is stopped before it is destroyed.
class RunningInstance : public std::enable_shared_from_this<RunningInstance> {
 public:
  static Result<std::shared_ptr<RunningInstance>> Start(const InstanceOptions& options);

  Status WaitUntilReady(std::chrono::milliseconds limit);
  Session NewSession(SessionOptions options) { return client_->NewSession(std::move(options)); }
  InstanceStatus status();
  const Node& node() const { return *node_; }
  const std::shared_ptr<Node>& shared_node() const { return node_; }
  // Waits until it has stopped; but from within a callback it only sees to it that it will.
  void Stop();
  void OnStopped(std::function<void(const Status&)> handler);

 private:
  RunningInstance(std::shared_ptr<Node> node, std::shared_ptr<InstanceDialer> dialer,
                  std::shared_ptr<ClientCore> client);
  // Waits for the node to ask for its stop, and tells the program.
  void Watch();
  void StopNow();
  // Whether this is a thread that the stop has to wait for.
  bool OnOwnThread() const;

  const std::shared_ptr<Node> node_;
  const std::shared_ptr<InstanceDialer> dialer_;
  const std::shared_ptr<ClientCore> client_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  bool stopping_ MYDIS_GUARDED_BY(mutex_) = false;
  bool stopped_ MYDIS_GUARDED_BY(mutex_) = false;
  std::function<void(const Status&)> on_stopped_ MYDIS_GUARDED_BY(mutex_);
  std::thread watcher_;
  std::thread::id watcher_id_;  // Still known while it is waited for.
};

}  // namespace mydis
