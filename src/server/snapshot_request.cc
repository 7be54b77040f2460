#include "server/snapshot_request.h"

#include "base/error_table.h"
#include "server/io_thread.h"
#include "server/node.h"

namespace mydis {
namespace {

// How soon a snapshot is asked for again while another is under way.
constexpr uint64_t kAgainMs = 5;

}  // namespace

void WithSnapshot(IoThread& thread, SnapshotUse use) {
  thread.node().consensus().Post([&thread, use = std::move(use)](Replica* replica) mutable {
    if (replica == nullptr) {
      return use(nullptr,
                 Status(ErrorCode::kUnavailable, "this instance has not found its cluster yet"));
    }
    replica->TakeSnapshot([&thread, replica, use = std::move(use)](Status status) mutable {
      if (status.code() != ErrorCode::kBusy) return use(replica, std::move(status));
      thread.loop().Post([&thread, use = std::move(use)]() mutable {
        thread.loop().AddTimer(kAgainMs, [&thread, use = std::move(use)]() mutable {
          WithSnapshot(thread, std::move(use));
        });
      });
    });
  });
}

void ReplyAfterSnapshot(LocalContext& c) {
  WithSnapshot(c.thread, [resume = c.Suspend()](Replica*, Status status) {
    resume([status = std::move(status)](Reply& reply) {
      if (!status.ok()) return reply.Error(RedisError(status));
      reply.Ok();
    });
  });
}

uint64_t LastSnapshotSeconds(Node& node) {
  const uint64_t ago_us = node.clock().MonotonicUs() - node.consensus().status()->snapshot_taken_us;
  return (node.clock().WallMs() - ago_us / 1000) / 1000;
}

}  // namespace mydis
