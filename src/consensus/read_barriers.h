// Linearizable reads: who waits for which round of ReadIndex, and then for which index.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "mydis/status.h"

namespace mydis {

// A round serves every barrier that was there when it was started; those that come later share the
// next one. One thread.
class ReadBarriers {
 public:
  using Callback = std::move_only_function<void(Status)>;
  // `first_context` should be random: an answer to this instance's former process, late, must not
  // be taken for one to this.
  ReadBarriers(uint64_t first_context, uint64_t retry_us)
      : context_(first_context), retry_us_(retry_us) {}

  void Add(uint64_t deadline_us, Callback done);
  // True: call Engine::ReadIndex(*context) now.
  bool Start(uint64_t now_us, bool leader_known, uint64_t* context);
  // The round must be asked for again at once.
  void LeaderChanged() { asked_us_ = 0; }
  void Answered(uint64_t context, uint64_t index);
  // Moves out what can be called: everything up to `applied` with success, what is overdue with an
  // error that says whether a leader is known.
  struct Due {
    Callback done;
    Status status;
  };
  std::vector<Due> TakeDue(uint64_t applied, uint64_t now_us, bool leader_known);
  void FailAll(const Status& status, std::vector<Due>* due);
  bool empty() const { return waiting_.empty() && round_.empty() && applying_.empty(); }

 private:
  struct Read {
    uint64_t deadline_us;
    Callback done;
  };
  uint64_t context_;
  uint64_t retry_us_;
  uint64_t asked_us_ = 0;  // When the round was asked for last; 0: to be asked again.
  uint64_t next_scan_us_ = 0;
  std::vector<Read> waiting_;                       // For the next round.
  std::vector<Read> round_;                         // For the answer to the one under way.
  std::map<uint64_t, std::vector<Read>> applying_;  // For this index to be applied.
};

}  // namespace mydis
