// The command of one connection that waits for keys, or whose first attempt is under way.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "net/timer_queue.h"
#include "server/blocked_clients.h"
#include "server/client_batch.h"

namespace mydis {

// The connection's own thread.
struct BlockedCommand {
  StoredCommand command;
  uint64_t ticket = 0;
  bool strong = false;
  SharedOnceRequest once;
  std::string refusal;       // Why the user may not run it any more.
  bool silent = false;       // CLIENT REPLY: the reply is thrown away.
  uint64_t deadline_ms = 0;  // On the thread's clock; 0: none.
  TimerId timer = 0;
  uint64_t nanoseconds = 0;        // What looking at the keys took; 0: not timed.
  std::shared_ptr<Waiter> waiter;  // Once it is registered.

  // Why it waits no more, once the attempt under way is known to have found nothing.
  enum class Ending : uint8_t { kNone, kTimeout, kUnblocked, kError, kClientGone };
  Ending ending = Ending::kNone;
  std::vector<std::move_only_function<void(bool)>>
      unblocked;  // Told whether CLIENT UNBLOCK did it.
};

}  // namespace mydis
