// All clients of this instance, for CLIENT LIST, KILL, INFO.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "server/session.h"

namespace mydis {

// Any thread.
class ClientRegistry {
 public:
  // Numbers grow for the life of the process, as Redis's do.
  uint64_t NextId() { return next_id_.fetch_add(1) + 1; }
  void Add(std::shared_ptr<ClientRecord> record) {
    MutexLock guard(mutex_);
    clients_[record->id] = std::move(record);
  }
  void Remove(uint64_t id) {
    MutexLock guard(mutex_);
    clients_.erase(id);
  }
  std::shared_ptr<ClientRecord> Find(uint64_t id) const {
    MutexLock guard(mutex_);
    auto it = clients_.find(id);
    return it == clients_.end() ? nullptr : it->second;
  }
  // In the order of their ids.
  std::vector<std::shared_ptr<ClientRecord>> List() const {
    MutexLock guard(mutex_);
    std::vector<std::shared_ptr<ClientRecord>> out;
    for (const auto& [id, record] : clients_) out.push_back(record);
    return out;
  }
  size_t size() const {
    MutexLock guard(mutex_);
    return clients_.size();
  }

 private:
  std::atomic<uint64_t> next_id_{0};
  mutable Mutex mutex_;
  std::map<uint64_t, std::shared_ptr<ClientRecord>> clients_ MYDIS_GUARDED_BY(mutex_);
};

}  // namespace mydis
