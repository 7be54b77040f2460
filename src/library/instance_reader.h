// Reads of a session that are answered in the caller's thread.
#pragma once

#include <memory>
#include <string>

#include "client/dialer.h"
#include "library/state_visits.h"

namespace mydis {

// Any thread. What it leaves to the connection is told by DirectReader::TryRead; besides, whatever
// somebody listens to (MONITOR, key misses), whatever is refused or fails, and everything while the
// instance is not ready or paused: it is the connection that tells, counts and waits.
class InstanceReader final : public DirectReader {
 public:
  InstanceReader(std::shared_ptr<StateVisits> visits, const SessionOptions& session);

  std::optional<Result<Value>> TryRead(CallKind kind, const Words& words,
                                       const CallOptions& options, uint64_t min_revision,
                                       uint64_t* revision) override;

 private:
  class Approach;

  // Null unless these words are a command that is answered here.
  const CommandSpec* SpecToRead(Args args) const;
  bool MayAnswer(const StateVisits::Visit& visit, const CommandSpec& spec, Args args) const;
  std::optional<Value> Run(const StateVisits::Visit& visit, const CommandSpec& spec, Args args,
                           const Approach& approach) const;

  const std::shared_ptr<StateVisits> visits_;
  const uint32_t database_;
  const std::string user_;  // Empty: the program itself.
  const bool strong_;       // What is not said otherwise is.
};

}  // namespace mydis
