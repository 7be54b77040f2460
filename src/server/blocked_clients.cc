#include "server/blocked_clients.h"

#include <algorithm>

#include "base/assert.h"
#include "base/hash.h"

namespace mydis {

struct WaitQueue {
  WaitKey* key;
  const WaitRule* rule;
  std::string tag;
  std::map<uint64_t, std::shared_ptr<Waiter>> waiting;  // By ticket.
  std::map<uint64_t, std::shared_ptr<Waiter>> trying;   // Attempts under way for this queue.

  bool idle() const { return waiting.empty() && trying.empty(); }
};

struct WaitKey {
  uint32_t db;
  std::string name;
  uint64_t hash;
  bool changed = false;  // In changed_.
  // One, but for a key that is waited for as several types or for several groups.
  std::vector<std::unique_ptr<WaitQueue>> queues;

  WaitQueue* Find(const WaitRule* rule, std::string_view tag) const {
    for (const auto& queue : queues) {
      if (queue->rule == rule && queue->tag == tag) return queue.get();
    }
    return nullptr;
  }
};

BlockedClients::BlockedClients() = default;
BlockedClients::~BlockedClients() = default;

uint64_t BlockedClients::HashOf(uint32_t db, std::string_view key) { return Hash64(key, db); }

size_t BlockedClients::KeyHash::operator()(const KeyId& id) const { return HashOf(id.db, id.key); }

WaitKey* BlockedClients::FindKey(uint32_t db, std::string_view key, uint64_t hash) const {
  const auto it = keys_.find(KeyView{db, key, hash});
  return it == keys_.end() ? nullptr : it->second.get();
}

WaitQueue& BlockedClients::QueueOf(const Waiter& waiter, const std::string& key) {
  const uint64_t hash = HashOf(waiter.db, key);
  WaitKey* found = FindKey(waiter.db, key, hash);
  if (found == nullptr) {
    auto made = std::make_unique<WaitKey>(WaitKey{waiter.db, key, hash, false, {}});
    found = made.get();
    keys_.emplace(KeyId{waiter.db, key}, std::move(made));
    FilterOf(hash).fetch_add(1, std::memory_order_relaxed);
    key_count_.fetch_add(1, std::memory_order_relaxed);
  }
  if (WaitQueue* queue = found->Find(waiter.rule, waiter.tag)) return *queue;
  found->queues.push_back(
      std::make_unique<WaitQueue>(WaitQueue{found, waiter.rule, waiter.tag, {}, {}}));
  return *found->queues.back();
}

void BlockedClients::Enqueue(const std::shared_ptr<Waiter>& waiter) {
  for (const std::string& key : waiter->keys)
    QueueOf(*waiter, key).waiting.emplace(waiter->ticket, waiter);
  waiter->state = Waiter::State::kWaiting;
}

void BlockedClients::Dequeue(Waiter& waiter) {
  for (const std::string& name : waiter.keys) {
    WaitKey* key = FindKey(waiter.db, name, HashOf(waiter.db, name));
    MYDIS_ASSERT(key != nullptr, "a waiter stands in the queues of its keys");
    key->Find(waiter.rule, waiter.tag)->waiting.erase(waiter.ticket);
    DropIfIdle(*key);
  }
}

// A key that is to be compared stays until that is done.
void BlockedClients::DropIfIdle(WaitKey& key) {
  std::erase_if(key.queues, [](const auto& queue) { return queue->idle(); });
  if (key.changed || !key.queues.empty()) return;
  FilterOf(key.hash).fetch_sub(1, std::memory_order_relaxed);
  key_count_.fetch_sub(1, std::memory_order_relaxed);
  keys_.erase(keys_.find(KeyView{key.db, key.name, key.hash}));
}

void BlockedClients::MarkChanged(WaitKey& key) {
  if (key.changed) return;
  key.changed = true;
  changed_.push_back(&key);
  has_changed_.store(true, std::memory_order_relaxed);
}

void BlockedClients::MarkKeys(const Waiter& waiter) {
  for (const std::string& key : waiter.keys) MarkChanged(*QueueOf(waiter, key).key);
}

void BlockedClients::Out(Waiter& waiter, Waiter::State state) {
  waiter.state = state;
  if (waiter.once != nullptr) {
    const auto [begin, end] = requests_.equal_range(KeyOf(waiter.once->Tag()));
    const auto found =
        std::find_if(begin, end, [&](const auto& entry) { return entry.second.get() == &waiter; });
    if (found != end) {
      requests_.erase(found);
      request_count_.fetch_sub(1, std::memory_order_relaxed);
    }
  }
  clients_.fetch_sub(1, std::memory_order_relaxed);
}

bool BlockedClients::AnyoneBefore(uint32_t db, const WaitPlan& plan) const {
  if (key_count_.load(std::memory_order_relaxed) == 0) return false;
  MutexLock guard(mutex_);
  return std::any_of(plan.keys.begin(), plan.keys.end(),
                     [&](std::string_view name) MYDIS_REQUIRES(mutex_) {
                       const WaitKey* key = FindKey(db, name, HashOf(db, name));
                       return key != nullptr && key->Find(plan.rule, plan.tag) != nullptr;
                     });
}

void BlockedClients::Register(std::shared_ptr<Waiter> waiter, bool compare) {
  std::sort(waiter->keys.begin(), waiter->keys.end());
  waiter->keys.erase(std::unique(waiter->keys.begin(), waiter->keys.end()), waiter->keys.end());
  MutexLock guard(mutex_);
  MYDIS_ASSERT(waiter->state == Waiter::State::kNew, "a waiter is registered once");
  Enqueue(waiter);
  clients_.fetch_add(1, std::memory_order_relaxed);
  if (waiter->once != nullptr) {
    requests_.emplace(KeyOf(waiter->once->Tag()), waiter);
    request_count_.fetch_add(1, std::memory_order_relaxed);
  }
  if (compare) MarkKeys(*waiter);
}

bool BlockedClients::Leave(Waiter& waiter) {
  MutexLock guard(mutex_);
  waiter.left = true;
  if (waiter.state == Waiter::State::kTrying || waiter.state == Waiter::State::kServed)
    return false;
  if (waiter.state == Waiter::State::kWaiting) {
    Dequeue(waiter);
    Out(waiter, Waiter::State::kGone);
  }
  return true;
}

std::vector<std::shared_ptr<Waiter>> BlockedClients::LeaveIf(
    const std::function<bool(const Waiter&)>& leaves) {
  std::map<uint64_t, std::shared_ptr<Waiter>> all;
  MutexLock guard(mutex_);
  for (const auto& [id, key] : keys_) {
    for (const auto& queue : key->queues) all.insert(queue->waiting.begin(), queue->waiting.end());
  }
  std::vector<std::shared_ptr<Waiter>> left;
  for (const auto& [ticket, waiter] : all) {
    if (!leaves(*waiter)) continue;
    Dequeue(*waiter);
    Out(*waiter, Waiter::State::kGone);
    waiter->taken_out = true;
    left.push_back(waiter);
  }
  return left;
}

bool BlockedClients::WasTakenOut(const Waiter& waiter) const {
  MutexLock guard(mutex_);
  return waiter.taken_out;
}

std::pair<size_t, size_t> BlockedClients::CountKeys() const {
  MutexLock guard(mutex_);
  size_t waited_for = 0;
  size_t without_key = 0;
  for (const auto& [id, key] : keys_) {
    // One without queues is only to be compared yet.
    waited_for += !key->queues.empty();
    without_key += std::any_of(key->queues.begin(), key->queues.end(), [](const auto& queue) {
      return queue->rule->supply(nullptr, queue->tag) > 0;
    });
  }
  return {waited_for, without_key};
}

void BlockedClients::OnKeyChanged(uint32_t db, std::string_view key) {
  if (key_count_.load(std::memory_order_relaxed) == 0) [[likely]]
    return;
  const uint64_t hash = HashOf(db, key);
  if (FilterOf(hash).load(std::memory_order_relaxed) == 0) return;
  MutexLock guard(mutex_);
  if (WaitKey* found = FindKey(db, key, hash)) MarkChanged(*found);
}

void BlockedClients::OnFlush(std::optional<uint32_t> db) {
  if (key_count_.load(std::memory_order_relaxed) == 0) return;
  MutexLock guard(mutex_);
  for (const auto& [id, key] : keys_) {
    if (!db || key->db == *db) MarkChanged(*key);
  }
}

void BlockedClients::TryRequest(const std::shared_ptr<Waiter>& waiter) {
  answered_.push_back(waiter);
  has_changed_.store(true, std::memory_order_relaxed);
}

void BlockedClients::OnRemembered(const RequestTag& tag) {
  if (request_count_.load(std::memory_order_relaxed) == 0) [[likely]]
    return;
  MutexLock guard(mutex_);
  const auto [begin, end] = requests_.equal_range(KeyOf(tag));
  for (auto it = begin; it != end; ++it) TryRequest(it->second);
}

void BlockedClients::RetryRequests() {
  MutexLock guard(mutex_);
  for (const auto& [key, waiter] : requests_) TryRequest(waiter);
}

// One that is trying finds what was remembered by itself.
void BlockedClients::TakeRequests(std::vector<std::shared_ptr<Attempt>>* ready) {
  for (const std::shared_ptr<Waiter>& waiter : std::exchange(answered_, {})) {
    if (waiter->state != Waiter::State::kWaiting) continue;
    StartTry(QueueOf(*waiter, waiter->keys[0]), waiter, std::make_shared<Attempt>());
    ready->push_back(waiter->attempt);
  }
}

void BlockedClients::StartTry(WaitQueue& queue, const std::shared_ptr<Waiter>& waiter,
                              std::shared_ptr<Attempt> attempt) {
  attempt->waiter = waiter;
  waiter->state = Waiter::State::kTrying;
  waiter->of = &queue;
  waiter->attempt = std::move(attempt);
  // Before the waiter's places go, so that this queue stays.
  queue.trying.emplace(waiter->ticket, waiter);
  Dequeue(*waiter);
}

std::shared_ptr<Waiter> BlockedClients::PassToFirst(const std::shared_ptr<Attempt>& attempt) {
  MutexLock guard(mutex_);
  const std::shared_ptr<Waiter> waiter = attempt->waiter;
  WaitQueue& queue = *waiter->of;
  const auto takes_it = [&waiter](const Waiter& other) {
    return (waiter->left || other.ticket < waiter->ticket) && !other.left &&
           other.spec == waiter->spec && other.strong == waiter->strong &&
           other.words == waiter->words && other.once == waiter->once;
  };
  const std::shared_ptr<Waiter> trying = queue.trying.begin()->second;
  if (trying != waiter && !trying->left && trying->ticket < waiter->ticket && takes_it(*trying) &&
      (queue.waiting.empty() || trying->ticket < queue.waiting.begin()->first)) {
    std::swap(waiter->attempt->waiter, trying->attempt->waiter);
    std::swap(waiter->attempt, trying->attempt);
    return nullptr;
  }
  if (queue.waiting.empty()) return nullptr;
  const std::shared_ptr<Waiter> first = queue.waiting.begin()->second;
  if (!takes_it(*first)) return nullptr;
  const bool left = waiter->left;
  StartTry(queue, first, attempt);
  if (!left) Enqueue(waiter);
  EndTry(*waiter);
  if (!left) {
    MarkKeys(*waiter);
    return nullptr;
  }
  Out(*waiter, Waiter::State::kGone);
  return waiter;
}

void BlockedClients::TakeFrom(WaitQueue& queue, const Entry* entry,
                              std::vector<std::shared_ptr<Attempt>>* ready) {
  const size_t supply = queue.rule->supply(entry, queue.tag);
  while (queue.trying.size() < supply && !queue.waiting.empty()) {
    const std::shared_ptr<Waiter> waiter = queue.waiting.begin()->second;
    StartTry(queue, waiter, std::make_shared<Attempt>());
    ready->push_back(waiter->attempt);
  }
}

void BlockedClients::TakeReady(const Keyspace& keyspace, bool writes, bool reads,
                               std::vector<std::shared_ptr<Attempt>>* ready) {
  MutexLock guard(mutex_);
  if (writes) TakeRequests(ready);
  std::vector<WaitKey*> later;
  // Dequeueing drops no key that is marked, so what changed_ points to stays.
  for (size_t i = 0; i < changed_.size(); ++i) {
    WaitKey& key = *changed_[i];
    std::erase_if(key.queues, [](const auto& queue) { return queue->idle(); });
    const Entry* entry = keyspace.Find(key.db, key.name);
    bool kept_back = false;
    // No queue of this key becomes idle here: who is taken tries for it.
    for (const auto& queue : key.queues) {
      if (queue->rule->writes ? writes : reads) {
        TakeFrom(*queue, entry, ready);
      } else {
        kept_back |= !queue->waiting.empty();
      }
    }
    if (kept_back) later.push_back(&key);
  }
  std::vector<WaitKey*> done;
  std::swap(done, changed_);
  changed_ = std::move(later);
  has_changed_.store(!changed_.empty() || !answered_.empty(), std::memory_order_relaxed);
  for (WaitKey* key : done) key->changed = false;
  for (WaitKey* key : changed_) key->changed = true;
  for (WaitKey* key : done) {
    if (!key->changed) DropIfIdle(*key);
  }
}

// What the attempt has left or taken: others may be served now. Reads hold nobody up.
void BlockedClients::EndTry(Waiter& waiter) {
  MYDIS_ASSERT(waiter.of != nullptr, "an attempt ends once");
  WaitQueue& queue = *std::exchange(waiter.of, nullptr);
  waiter.attempt.reset();
  queue.trying.erase(waiter.ticket);
  if (queue.rule->writes && !queue.waiting.empty()) MarkChanged(*queue.key);
  DropIfIdle(*queue.key);
}

bool BlockedClients::PutBack(const std::shared_ptr<Waiter>& waiter) {
  MutexLock guard(mutex_);
  if (waiter->left) {
    EndTry(*waiter);
    Out(*waiter, Waiter::State::kGone);
    return false;
  }
  Enqueue(waiter);  // First, so that its queue stays.
  EndTry(*waiter);
  // A write did not hear of changes while it was out; a read has just looked.
  if (waiter->rule->writes) MarkKeys(*waiter);
  return true;
}

void BlockedClients::Finish(Waiter& waiter) {
  MutexLock guard(mutex_);
  EndTry(waiter);
  Out(waiter, Waiter::State::kServed);
}

void BlockedClients::CheckInvariants() const {
  MutexLock guard(mutex_);
  MYDIS_ASSERT(key_count_.load() == keys_.size(), "the count of keys is right");
  size_t filtered = 0;
  for (const auto& counter : filter_) filtered += counter.load();
  MYDIS_ASSERT(filtered == keys_.size(), "the filter counts every key once");
  for (const auto& [id, key] : keys_) {
    MYDIS_ASSERT(key->changed || !key->queues.empty(), "no key is kept for nothing");
    MYDIS_ASSERT(
        key->changed == (std::find(changed_.begin(), changed_.end(), key.get()) != changed_.end()),
        "a key knows whether it is to be compared");
    for (const auto& queue : key->queues) {
      MYDIS_ASSERT(!queue->idle() || key->changed, "no queue is kept for nothing");
      for (const auto& [ticket, waiter] : queue->waiting) {
        MYDIS_ASSERT(waiter->ticket == ticket && waiter->state == Waiter::State::kWaiting,
                     "who stands in a queue waits");
      }
    }
  }
}

}  // namespace mydis
