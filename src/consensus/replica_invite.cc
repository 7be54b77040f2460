// Inviting an instance that waits for a cluster (`mydis cluster add`).
#include "consensus/replica_impl.h"

namespace mydis {

void ReplicaImpl::Invite(const std::string& host, uint16_t raft_port, Replica::AdminCallback done) {
  const uint64_t id = next_request_++;
  const uint64_t limit = options_.raft_timeout_us;
  invites_.emplace(id, PendingInvite{host, raft_port, Now() + limit, false, std::move(done)});
  env_.transport.Request(
      host, raft_port,
      Encode(WireInvite{.cluster_name = options_.meta.cluster_name, .member = self_}), limit,
      [this, id](Result<WireMessage> message) {
        const auto it = invites_.find(id);
        if (it == invites_.end()) return;
        WireInviteAnswer answer;
        if (!message) {
          // Nothing is down but what was named.
          const bool nobody = message.error().code() == ErrorCode::kUnavailable;
          answer = {nobody ? ErrorCode::kNotFound : message.error().code(),
                    message.error().message()};
        } else if (!Decode(message->head, &answer)) {
          answer = {ErrorCode::kCorrupt, "it does not answer as an instance of Mydis does"};
        }
        if (answer.code == ErrorCode::kOk) {
          it->second.accepted = true;
          return;
        }
        auto node = invites_.extract(it);
        node.mapped().done(Status(answer.code, answer.text), {});
      });
}

void ReplicaImpl::PumpInvites(uint64_t now) {
  for (auto it = invites_.begin(); it != invites_.end();) {
    const PendingInvite& invite = it->second;
    const Member* member = nullptr;
    for (const auto& [id, known] : members_.all()) {
      if (known.host == invite.host && known.raft_port == invite.port) member = &known;
    }
    const bool joined = invite.accepted && member != nullptr;
    if (!joined && now < invite.deadline_us) {
      ++it;
      continue;
    }
    auto node = invites_.extract(it++);
    if (joined) {
      node.mapped().done(Status::Ok(), member->instance_id + " is a member now");
    } else {
      node.mapped().done(
          Status(ErrorCode::kTimeout, "it has not become a member in time; its own log says why"),
          {});
    }
  }
}

}  // namespace mydis
