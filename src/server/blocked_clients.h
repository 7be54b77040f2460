// Those who wait for keys on this instance, in the order of their arrival; docs/blocking.md has the
// rules.
//
// A waiter is *waiting*, standing in the queues of all its keys; or *trying*: taken out of them
// because a key could serve it, its attempt under way; or served, or gone without.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "commands/blocking.h"
#include "commands/spec.h"
#include "server/once_request.h"
#include "state/events.h"
#include "state/keyspace.h"

namespace mydis {

class IoThread;
struct WaitKey;    // A key that is waited for.
struct WaitQueue;  // Those who wait for it by one rule.

// An attempt under way: the non-blocking form of a waiter's command. Which waiter it is made for
// may change to one who asks for the same, until it is run.
struct Attempt {
  std::shared_ptr<struct Waiter> waiter;
};

// One blocked command. Made by the session; nothing of it changes once it is registered, but for
// what BlockedClients keeps in it.
struct Waiter {
  uint64_t ticket = 0;  // Its place in every queue.
  uint64_t connection = 0;
  IoThread* thread = nullptr;
  const CommandSpec* spec = nullptr;
  uint32_t db = 0;
  int resp_version = 2;
  bool strong = false;
  std::string user;  // Whose rights it needs; empty: nobody's.
  uint64_t user_id = 0;
  std::vector<std::string> words;
  const WaitRule* rule = nullptr;
  std::string tag;
  std::vector<std::string> keys;  // Each once.
  SharedOnceRequest once;         // Null: it is no request that may be sent again.

 private:
  friend class BlockedClients;
  enum class State : uint8_t { kNew, kWaiting, kTrying, kServed, kGone };
  State state = State::kNew;  // Guarded by the registry's mutex, as what follows.
  bool taken_out = false;     // By LeaveIf.
  bool left = false;          // While trying: the session wants no further attempt.
  // While trying:
  WaitQueue* of = nullptr;  // The queue whose supply it was taken for.
  std::shared_ptr<Attempt> attempt;
};

// Says of each call which thread it is for.
class BlockedClients final : public KeyspaceListener, public RequestListener {
 public:
  BlockedClients();
  ~BlockedClients();
  BlockedClients(const BlockedClients&) = delete;
  BlockedClients& operator=(const BlockedClients&) = delete;

  // --- Any thread ---
  uint64_t NextTicket() { return next_ticket_.fetch_add(1, std::memory_order_relaxed); }
  // Whether somebody waits or tries for one of the plan's keys by its rule.
  bool AnyoneBefore(uint32_t db, const WaitPlan& plan) const;
  // Takes a new waiter in; `compare`: its keys are to be compared at once, since one could serve
  // it. REQUIRES: the caller has held the state's lock shared since it looked at the keys.
  void Register(std::shared_ptr<Waiter> waiter, bool compare);
  // True: it is out, nothing comes any more. False: its attempt is under way, or has served it, and
  // what has become of that is told as ever; afterwards it is out.
  bool Leave(Waiter& waiter);
  // Registered and not gone.
  size_t clients() const { return clients_.load(std::memory_order_relaxed); }
  // Keys waited for; of them, those whose deletion wakes.
  std::pair<size_t, size_t> CountKeys() const;
  // Those leave for whom `leaves` says so, but for those whose attempt is under way.
  std::vector<std::shared_ptr<Waiter>> LeaveIf(const std::function<bool(const Waiter&)>& leaves);
  // Whether LeaveIf has taken it out.
  bool WasTakenOut(const Waiter& waiter) const;
  std::vector<std::shared_ptr<Waiter>> LeaveAll() {
    return LeaveIf([](const Waiter&) { return true; });
  }

  // --- The consensus thread ---
  void OnKeyChanged(uint32_t db, std::string_view key) override;
  void OnKeyExpired(uint32_t, std::string_view) override {}
  void OnFlush(std::optional<uint32_t> db) override;
  void OnEvent(EventClass, std::string_view, uint32_t, std::string_view) override {}
  // Whoever waits with this request is answered with what was remembered.
  void OnRemembered(const RequestTag& tag) override;
  // The state was replaced: whoever waits with a request may have been answered in it.
  void RetryRequests();
  // Keys have to be compared.
  bool HasChanged() const { return has_changed_.load(std::memory_order_relaxed); }
  // Compares the changed keys with the state and appends an attempt for each waiter whose turn it
  // is, in order: they are trying from now on. Rules that write, or all others, may be kept back.
  void TakeReady(const Keyspace& keyspace, bool writes, bool reads,
                 std::vector<std::shared_ptr<Attempt>>* ready);
  // The attempt is about to be run. Since it was submitted another waiter may have come back to a
  // place before it, or its own may have left: who is first in the queue gets it, if it asks for
  // the same. Gives the waiter who had left, if it is out by this.
  std::shared_ptr<Waiter> PassToFirst(const std::shared_ptr<Attempt>& attempt);
  // The attempt found nothing: back to its old place. False if it has left meanwhile: it is out.
  // Of a read: its I/O thread, which has held the state's lock shared since it looked.
  bool PutBack(const std::shared_ptr<Waiter>& waiter);
  // The attempt has served it, or failed for good: it is out. Of a read: its I/O thread.
  void Finish(Waiter& waiter);

  void CheckInvariants() const;

 private:
  struct KeyId {
    uint32_t db;
    std::string key;
  };
  struct KeyView {
    uint32_t db;
    std::string_view key;
    uint64_t hash;
  };
  struct KeyHash {
    using is_transparent = void;
    size_t operator()(const KeyId& id) const;
    size_t operator()(const KeyView& view) const { return view.hash; }
  };
  struct KeyEqual {
    using is_transparent = void;
    bool operator()(const KeyId& a, const KeyId& b) const { return a.db == b.db && a.key == b.key; }
    bool operator()(const KeyView& a, const KeyId& b) const {
      return a.db == b.db && a.key == b.key;
    }
    bool operator()(const KeyId& a, const KeyView& b) const { return (*this)(b, a); }
  };
  using Keys = std::unordered_map<KeyId, std::unique_ptr<WaitKey>, KeyHash, KeyEqual>;

  // Those who wait or try with a request, by it.
  using RequestKey = std::tuple<std::string, std::string, uint64_t>;
  static RequestKey KeyOf(const RequestTag& tag) {
    return {std::string(tag.user), std::string(tag.id), tag.number};
  }

  static uint64_t HashOf(uint32_t db, std::string_view key);
  std::atomic<uint32_t>& FilterOf(uint64_t hash) { return filter_[hash % filter_.size()]; }
  WaitQueue& QueueOf(const Waiter& waiter, const std::string& key) MYDIS_REQUIRES(mutex_);
  WaitKey* FindKey(uint32_t db, std::string_view key, uint64_t hash) const MYDIS_REQUIRES(mutex_);
  void Enqueue(const std::shared_ptr<Waiter>& waiter) MYDIS_REQUIRES(mutex_);
  void Dequeue(Waiter& waiter) MYDIS_REQUIRES(mutex_);
  void StartTry(WaitQueue& queue, const std::shared_ptr<Waiter>& waiter,
                std::shared_ptr<Attempt> attempt) MYDIS_REQUIRES(mutex_);
  void EndTry(Waiter& waiter) MYDIS_REQUIRES(mutex_);
  void Out(Waiter& waiter, Waiter::State state) MYDIS_REQUIRES(mutex_);
  void MarkChanged(WaitKey& key) MYDIS_REQUIRES(mutex_);
  void MarkKeys(const Waiter& waiter) MYDIS_REQUIRES(mutex_);
  void DropIfIdle(WaitKey& key) MYDIS_REQUIRES(mutex_);
  // It is tried whatever its keys hold.
  void TryRequest(const std::shared_ptr<Waiter>& waiter) MYDIS_REQUIRES(mutex_);
  void TakeRequests(std::vector<std::shared_ptr<Attempt>>* ready) MYDIS_REQUIRES(mutex_);
  void TakeFrom(WaitQueue& queue, const Entry* entry, std::vector<std::shared_ptr<Attempt>>* ready)
      MYDIS_REQUIRES(mutex_);

  mutable Mutex mutex_;
  Keys keys_ MYDIS_GUARDED_BY(mutex_);                      // with what its elements point to.
  std::vector<WaitKey*> changed_ MYDIS_GUARDED_BY(mutex_);  // each once, as it is marked itself.
  // Several may wait with one request: a client that thinks that it has lost its connection.
  std::multimap<RequestKey, std::shared_ptr<Waiter>> requests_ MYDIS_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<Waiter>> answered_ MYDIS_GUARDED_BY(mutex_);  // To be tried.
  std::atomic<size_t> request_count_{0};
  std::atomic<bool> has_changed_{false};
  std::atomic<size_t> key_count_{0};  // Of keys_: changes are looked at only if it is not 0.
  std::atomic<size_t> clients_{0};
  std::atomic<uint64_t> next_ticket_{1};
  // How many keys of keys_ fall on each counter.
  std::array<std::atomic<uint32_t>, 4096> filter_{};
};

}  // namespace mydis
