// Connections of sessions to the instance of this process: socket pairs, whose other ends the
// instance serves.
#pragma once

#include <memory>

#include "base/mutex.h"
#include "client/dialer.h"
#include "library/state_visits.h"

namespace mydis {

// Any thread, but for what Dialer says.
class InstanceDialer final : public Dialer {
 public:
  // After Node::Start.
  explicit InstanceDialer(std::shared_ptr<Node> node);

  // From now on nobody gets a connection any more. To be called before Node::Stop.
  void Close();
  const std::shared_ptr<StateVisits>& visits() const { return visits_; }

  void Dial(EventLoop& loop, const SessionOptions& session, uint64_t choice,
            OnDialed done) override;
  size_t choices() const override { return 1; }
  std::unique_ptr<DirectReader> NewReader(const SessionOptions& session) override;

 private:
  const std::shared_ptr<Node> node_;
  const std::shared_ptr<StateVisits> visits_;
  Mutex mutex_;
  bool closed_ MYDIS_GUARDED_BY(mutex_) = false;
};

}  // namespace mydis
