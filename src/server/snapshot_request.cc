#include "server/snapshot_request.h"

#include "base/error_table.h"
#include "server/io_thread.h"
#include "server/node.h"

namespace mydis {
namespace {

// How soon a snapshot is asked for again while another is under way.
constexpr uint64_t kAgainMs = 5;

void Ask(IoThread& thread, const LocalContext::Resume& resume) {
  thread.node().consensus().Post([&thread, resume](Replica* replica) {
    auto done = [&thread, resume](Status status) {
      if (status.code() == ErrorCode::kBusy) {
        thread.loop().Post([&thread, resume] {
          thread.loop().AddTimer(kAgainMs, [&thread, resume] { Ask(thread, resume); });
        });
        return;
      }
      resume([status = std::move(status)](Reply& reply) {
        if (!status.ok()) return reply.Error(RedisError(status));
        reply.Ok();
      });
    };
    if (replica == nullptr)
      return done(Status(ErrorCode::kUnavailable, "this instance has not found its cluster yet"));
    replica->TakeSnapshot(std::move(done));
  });
}

}  // namespace

void ReplyAfterSnapshot(LocalContext& c) { Ask(c.thread, c.Suspend()); }

uint64_t LastSnapshotSeconds(Node& node) {
  const uint64_t ago_us = node.clock().MonotonicUs() - node.consensus().status()->snapshot_taken_us;
  return (node.clock().WallMs() - ago_us / 1000) / 1000;
}

}  // namespace mydis
