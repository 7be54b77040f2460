// Snapshots of this instance that a client asks for.
#pragma once

#include <cstdint>

#include "server/local_context.h"

namespace mydis {

// Replies OK once a snapshot has been taken that holds everything applied here by now; one that is
// under way is waited for first. REQUIRES: !c.in_transaction. The connection's thread.
void ReplyAfterSnapshot(LocalContext& c);

// When the last snapshot here was taken, in Unix time; the start, before there was one. Any thread.
uint64_t LastSnapshotSeconds(Node& node);

}  // namespace mydis
