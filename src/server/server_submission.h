// What the server submits to the log: the interface between the state machine's side and those who
// wait for the answers.
#pragma once

#include <memory>

#include "consensus/submission.h"
#include "net/event_loop.h"
#include "server/core.h"
#include "state/state_machine.h"

namespace mydis {

// Made on any thread; these calls: the consensus thread.
struct ServerSubmission : Submission {
  // The observer to hand to StateMachine::Apply.
  virtual ApplyObserver* BeginApply(Core& core) = 0;
  // It has come back. `self` is this one. Gives the loop to which something was posted quietly, for
  // the caller to drive when its own work is done, or nullptr.
  virtual EventLoop* Return(std::unique_ptr<ServerSubmission> self, const Outcome& outcome) = 0;
};

}  // namespace mydis
