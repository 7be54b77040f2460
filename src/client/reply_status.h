// What an error reply means to a call.
#pragma once

#include <string_view>

#include "mydis/status.h"
#include "mydis/value.h"

namespace mydis {

// "WRONGTYPE Operation against …" as a Status: the code by its first word, the text as its message,
// without an ERR before it.
Status StatusOfError(std::string_view text);

// A value, or the Status of the error that it is.
Result<Value> ResultOf(Value value);

// Whether another instance may do now what this one refuses with this error: it is behind, without
// a leader, full, or has lost track of the command (which then may have happened: `*doubtful`).
bool IsRefusal(std::string_view text, bool* doubtful);

// Whether an instance answers a connection's first command with this error because it takes no more
// connections, or none from this machine (protected mode): another instance may.
bool IsTurnedAway(std::string_view text);

// Whether an instance says this before the cluster is asked what has become of a write that it may
// know already: then it tells nothing of an earlier attempt.
bool IsSaidBeforehand(std::string_view text);

}  // namespace mydis
