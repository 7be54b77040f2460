// The state of an instance as threads of the program around it see it, without an I/O thread
// between.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/random.h"
#include "server/node.h"

namespace mydis {

// Any thread. Outlives the instance's stop: no visit takes place then.
class StateVisits {
 public:
  // After Node::Start.
  explicit StateVisits(std::shared_ptr<Node> node);

  // What one visitor at a time has for itself.
  struct alignas(64) Desk {
    Random random;
    const CommandSpec* counted_spec = nullptr;  // Whose counts `counted` are.
    CommandCount* counted = nullptr;
  };

  // A thread that has the state's lock for reading, unless it is empty: the instance is stopped, or
  // as many threads are in as may be and this one does not wait.
  enum Patience : uint8_t { kLeaves, kWaits };
  class Visit {
   public:
    explicit Visit(StateVisits& visits, Patience patience = kLeaves);
    ~Visit();
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

    explicit operator bool() const { return slot_.has_value(); }
    // REQUIRES of the rest: it is not empty.
    Node& node() const { return *visits_.node_; }
    const State& state() const { return node().core().machine.state(); }
    Random& random() const { return desk().random; }
    ThreadStats& stats() const { return node().stats().visitor(place()); }
    // Of the command, counted by this visitor.
    CommandCount& CountsOf(const CommandSpec& spec) const;

   private:
    uint32_t place() const { return *slot_ - visits_.lock_->own_slots(); }
    Desk& desk() const { return visits_.desks_[place()]; }

    StateVisits& visits_;
    const std::optional<uint32_t> slot_;
  };

  // Whose tables and options may be looked at without a visit, and nothing else.
  const Node& node() const { return *node_; }

 private:
  std::optional<uint32_t> Enter(Patience patience);

  const std::shared_ptr<Node> node_;
  const std::shared_ptr<StateLock> lock_;
  std::vector<Desk> desks_;
};

}  // namespace mydis
