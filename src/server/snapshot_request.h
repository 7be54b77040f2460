// Snapshots of this instance that a client asks for.
#pragma once

#include <cstdint>

#include "consensus/replica.h"
#include "server/io_thread.h"
#include "server/local_context.h"

namespace mydis {

// Calls `use` on the consensus thread once a snapshot has been taken that holds everything applied
// here by now, or has failed; one that is under way is waited for first. An I/O thread.
using SnapshotUse = std::move_only_function<void(Replica* replica, Status status)>;
void WithSnapshot(IoThread& thread, SnapshotUse use);

// Replies OK once a snapshot has been taken that holds everything applied here by now; one that is
// under way is waited for first. REQUIRES: !c.in_transaction. The connection's thread.
void ReplyAfterSnapshot(LocalContext& c);

// When the last snapshot here was taken, in Unix time; the start, before there was one. Any thread.
uint64_t LastSnapshotSeconds(Node& node);

}  // namespace mydis
