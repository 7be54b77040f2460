#include "server/http/node_backend.h"

#include "server/node.h"

namespace mydis {

const CommandTable& NodeBackend::table() const { return node_.table(); }

uint64_t NodeBackend::max_body() const { return node_.resp_limits().max_bulk; }

std::string NodeBackend::Leader() const {
  const auto status = node_.consensus().status();
  for (const MemberStatus& member : status->members) {
    if (member.member.raft_id == status->leader) return member.member.instance_id;
  }
  return {};
}

Consistency NodeBackend::Given(bool write, std::optional<Consistency> wanted) const {
  const ServerOptions& options = node_.options();
  if (write && node_.core().strong_writes.load(std::memory_order_relaxed))
    return Consistency::kStrong;
  return wanted.value_or(write ? options.write_consistency : options.read_consistency);
}

const std::string& NodeBackend::cors_origin() const { return node_.options().http_cors_origin; }

uint64_t NodeBackend::WallMs() const { return node_.clock().WallMs(); }

}  // namespace mydis
