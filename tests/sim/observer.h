// Looks at all instances from outside, keeps the one canonical history, and stops the run at the
// first thing that must not be.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/envelope.h"
#include "consensus/types.h"

namespace mydis::sim {

// One thread.
class Observer {
 public:
  // The first violation, or empty.
  const std::string& failure() const { return failure_; }
  void Fail(std::string what) {
    if (failure_.empty()) failure_ = std::move(what);
  }

  // `instance` applies an entry; `fresh` as its machine says.
  void OnApply(uint32_t instance, const LogEntry& entry, const Envelope& envelope, bool fresh);
  // The state's digest of `instance` after applying `index`.
  void OnDigest(uint32_t instance, uint64_t index, uint64_t digest);
  void OnRestore(uint32_t instance, uint64_t index, uint64_t digest);
  void OnLeader(uint32_t instance, uint64_t term);
  void OnCommit(uint32_t instance, uint64_t incarnation, uint64_t commit);
  // A client was told that its write is in the log at `index`.
  void OnAcknowledged(uint64_t index) { acknowledged_ = std::max(acknowledged_, index); }

  // All entries that anybody applied, by index.
  const std::map<uint64_t, std::string>& payloads() const { return payloads_; }
  uint64_t acknowledged() const { return acknowledged_; }
  uint64_t highest() const { return highest_; }
  uint64_t entries() const { return history_.size(); }

 private:
  struct Record {
    uint64_t term;
    uint64_t hash;
    uint64_t origin;
    uint64_t sequence;
    bool fresh;
  };
  std::map<uint64_t, Record> history_;  // By index.
  std::map<uint64_t, std::string> payloads_;
  std::map<uint64_t, uint64_t> digests_;    // By index.
  std::map<uint64_t, uint64_t> sequences_;  // By origin: the last one that took effect.
  std::map<uint64_t, uint32_t> leaders_;    // By term.
  std::map<std::pair<uint32_t, uint64_t>, uint64_t> commits_;
  uint64_t acknowledged_ = 0;
  uint64_t highest_ = 0;
  std::string failure_;
};

}  // namespace mydis::sim
