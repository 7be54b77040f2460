// Clients of a simulated cluster: sessions, each at one instance, one operation at a time. What
// they are told is kept and judged at the end.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "history.h"
#include "linearizability.h"
#include "node.h"
#include "observer.h"
#include "state/entry_codec.h"
#include "workload.h"
#include "world.h"

namespace mydis::sim {

struct ClientOptions {
  uint32_t sessions = 6;
  uint64_t pause_us = 15'000;        // Between two operations, at most.
  uint64_t key_life_us = 2'000'000;  // After so long other keys are used, to keep histories short.
};

struct ClientCounts {
  uint64_t operations = 0;
  uint64_t succeeded = 0;
  uint64_t unknown = 0;
  uint64_t sent_again = 0;  // With their ids, after a broken connection or an unknown outcome.
  uint64_t refused = 0;
  uint64_t not_all = 0;
  uint64_t strong_reads = 0;
  uint64_t transactions = 0;       // Of the successful ones.
  uint64_t aborted = 0;            // Transactions that found a watched key changed.
  std::set<std::string> commands;  // That were answered without an error.
  uint64_t waited = 0;             // Blocking commands that were served after a wait.
  uint64_t longest_us = 0;         // The longest that a successful operation took.
};

// One thread.
class Clients {
 public:
  Clients(World& world, Observer& observer, std::vector<std::unique_ptr<Node>>& nodes,
          const CommandTable& table, const ClientOptions& options);

  void Start();
  // No new operations.
  void Stop() { stopped_ = true; }
  bool idle() const { return in_flight_ == 0; }
  // All instances have converged: judges everything. `node` is any of them.
  void CheckAtEnd(Node& node);
  const ClientCounts& counts() const { return counts_; }

 private:
  struct Session {
    uint32_t node = 0;
    uint64_t life = 0;        // Of the node, when the session began.
    uint64_t generation = 0;  // Counts operations, so that late answers are told apart.
    uint64_t seen_revision = 0;
    bool busy = false;
  };
  // What a session writes in one go: a command, or a transaction of several.
  struct Batch {
    std::vector<std::vector<std::string>> commands;
    bool transaction = false;
    std::vector<WatchedKey> watched;
    // Each is run only if those before it found something.
    bool chain = false;
    // Stands between WATCH of a transaction's keys, which are those of this entry, and itself.
    std::vector<std::string> between = {};
  };
  // One operation under way: told once how it went, or given up when its instance died.
  struct Pending {
    uint32_t session = 0;
    std::string key;
    Operation op;
    bool tracked = false;  // Goes into the key's history.
    bool transaction = false;
    std::string token;  // Of an APPEND.
    uint64_t started = 0;
    std::string name;                // Of a single command of any family.
    uint64_t floor = 0;              // Of the history, when it was called.
    std::vector<std::string> waits;  // A command that is tried again while it finds nothing …
    uint64_t attempts = 0;           // … so many times so far.
    // The id of a request that is sent again, to whatever instance, until it is answered.
    std::string request;
    Batch again;
    uint64_t sends = 0;
  };
  void Next(uint32_t index);
  void Write(uint32_t index);
  Batch Command(Pending& pending);
  Batch CompareAndSet(Pending& pending, SimMachine& machine);
  Batch Transfer(Pending& pending);
  // Commands of all families, on keys of their own.
  Batch AnyWrite(Pending& pending, const SimMachine& machine);
  // A pipeline of them, with blocking ones in between.
  Batch AnyPipeline();
  void AnyStrongRead(uint32_t index);
  // The server's part in a blocking command: once the key is there, another attempt.
  void WaitForKey(const std::shared_ptr<Pending>& pending, uint64_t life);
  void Submit(const std::shared_ptr<Pending>& pending, const Batch& batch);
  // Sends a request with an id once more, from wherever the session goes next; false: it is given
  // up or has no id.
  bool SendAgain(const std::shared_ptr<Pending>& pending);
  // What became of it stays unknown.
  void GiveUp(const Pending& pending);
  uint64_t NowMs() const { return 1'700'000'000'000 + world_.now() / 1000; }
  void CheckAccounts(Node& node);
  void StrongRead(uint32_t index);
  void EventualRead(uint32_t index);
  void Ended(const std::shared_ptr<Pending>& pending, const SimSubmission& submission,
             const Outcome& outcome);
  void Later(uint32_t index);
  // If the instance dies, the outcome stays unknown and the session goes elsewhere.
  void Watch(uint32_t index, std::shared_ptr<Pending> pending);
  void Look(uint32_t index, uint64_t generation, std::shared_ptr<Pending> pending);
  void Record(const Pending& pending, const std::string& answer, bool returned);
  std::string Key(const char* kind, uint32_t count);
  void CheckStrong(uint64_t index, Node& node);
  void Fail(std::string what) { observer_.Fail(std::move(what)); }

  World& world_;
  Observer& observer_;
  std::vector<std::unique_ptr<Node>>& nodes_;
  const CommandTable& table_;
  const Workload workload_;
  History history_;
  ClientOptions options_;
  std::vector<Session> sessions_;
  std::map<std::string, std::vector<Operation>> histories_;
  // APPEND: tokens by key; true: acknowledged.
  std::map<std::string, std::map<std::string, bool>> tokens_;
  std::set<std::string> refused_tokens_;  // Certainly not written.
  uint64_t next_value_ = 0;
  uint64_t in_flight_ = 0;
  bool stopped_ = false;
  ClientCounts counts_;
};

}  // namespace mydis::sim
