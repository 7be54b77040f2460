// The HTTP door's view of a running instance.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "server/http/http_backend.h"

namespace mydis {

class Node;

// Any thread.
class NodeBackend final : public HttpBackend {
 public:
  // `node` must outlive it.
  explicit NodeBackend(Node& node) : node_(node) {}

  const CommandTable& table() const override;
  uint64_t max_body() const override;
  uint64_t max_word() const override;
  std::string Leader() const override;
  Consistency Given(bool write, std::optional<Consistency> wanted) const override;
  const std::string& cors_origin() const override;
  uint64_t WallMs() const override;
  HttpHealth Health() const override;

 private:
  // The time at which a loop was asked for a sign of life that it has not given yet; 0: none is
  // owed. The loop has a share in it, since it may answer when this is gone.
  using Owed = std::shared_ptr<std::atomic<uint64_t>>;
  // Asks all loops; false if one owes an answer for too long.
  bool AllTurn() const;

  Node& node_;
  mutable Mutex mutex_;
  mutable std::vector<Owed> owed_ MYDIS_GUARDED_BY(mutex_);  // Of consensus, then I/O threads.
};

}  // namespace mydis
