// What the server submits to the log: the interface between the state machine's side and those who
// wait for the answers.
#pragma once

#include <memory>

#include "consensus/submission.h"
#include "net/event_loop.h"
#include "server/core.h"
#include "state/state_machine.h"

namespace mydis {

class Outbox;

// Made on any thread; these calls: the consensus thread.
struct ServerSubmission : Submission {
  // The observer to hand to StateMachine::Apply.
  virtual ApplyObserver* BeginApply(Core& core) = 0;
  // It has come back. `self` is this one.
  virtual void Return(std::unique_ptr<ServerSubmission> self, const Outcome& outcome,
                      Outbox& outbox) = 0;
  // It has been applied; `body` is the entry's, after its envelope.
  virtual void WasApplied(std::string_view) {}
  // While it is applied: how many operations have begun, and the connection of the one that runs
  // (0: none).
  virtual uint32_t begun() const = 0;
  virtual uint64_t current_client() const = 0;
};

}  // namespace mydis
