// Messages in, and whom the transport connects to.
#include "base/log.h"
#include "consensus/replica_impl.h"

namespace mydis {
namespace {

// A core's message begins with its type: field 1 of the protobuf.
bool IsOfType(std::string_view bytes, MessageType type) {
  return bytes.size() >= 2 && bytes[0] == 0x08 &&
         static_cast<uint8_t>(bytes[1]) == static_cast<uint8_t>(type);
}

}  // namespace

void ReplicaImpl::Receive(uint64_t from, WireMessage message) {
  if (fatal_) return;
  if (members_.WasRemoved(from)) {
    if (message.type != static_cast<uint8_t>(WireType::kRemoved))
      SendRpc(from, Encode(WireRemoved{from}));
    return;
  }
  if (message.type == static_cast<uint8_t>(WireType::kRaft))
    ReceiveRaft(from, std::move(message));
  else
    ReceiveRpc(from, std::move(message));
}

void ReplicaImpl::ReceiveRaft(uint64_t from, WireMessage message) {
  WireRaft raft;
  if (!Decode(message.head, &raft)) {
    LogWarning("{} sent a malformed Raft message", NameOf(from));
    return;
  }
  // Snapshots come with their file, see SnapshotFetcher.
  if (raft.to != self_.raft_id || IsOfType(raft.bytes, MessageType::kSnapshot)) return;
  if (IsOfType(raft.bytes, MessageType::kTimeoutNow)) {
    timeout_now_.emplace_back(from, std::move(raft.bytes));
    return;
  }
  std::vector<uint64_t> refs;
  refs.reserve(raft.has_body.size());
  size_t next = 0;
  for (bool has_body : raft.has_body) {
    if (has_body && next == message.bodies.size()) return;
    refs.push_back(has_body ? refs_.Add(std::move(message.bodies[next++])) : 0);
  }
  flights_.Received(from, raft.bytes);
  engine_->Step(from, raft.bytes, refs);
}

void ReplicaImpl::ReceiveRpc(uint64_t from, WireMessage message) {
  const std::string_view head = message.head;
  bool good = false;
  switch (static_cast<WireType>(message.type)) {
    case WireType::kSubmit: {
      WireSubmit m;
      if ((good = Decode(head, &m))) intake_.Receive(from, m, std::move(message.bodies));
      break;
    }
    case WireType::kSubmitAnswer: {
      WireSubmitAnswer m;
      if ((good = Decode(head, &m)) && from == state_.leader) origin_.Answered(m, Now());
      break;
    }
    case WireType::kWatch: {
      WireWatch m;
      if ((good = Decode(head, &m)))
        reach_.OnWatch(from, m, applied_, std::min(durable_, state_.commit));
      break;
    }
    case WireType::kApplied: {
      WireApplied m;
      if ((good = Decode(head, &m))) reach_.OnApplied(from, m);
      break;
    }
    case WireType::kAdmin: {
      WireAdmin m;
      if ((good = Decode(head, &m))) ReceiveAdmin(from, m);
      break;
    }
    case WireType::kAdminAnswer: {
      WireAdminAnswer m;
      if ((good = Decode(head, &m))) ReceiveAdminAnswer(m);
      break;
    }
    case WireType::kSnapshotOffer: {
      WireSnapshotOffer m;
      good = Decode(head, &m);
      if (good && (!m.raft.empty() || Repairing()))
        fetcher_.OnOffer(from, std::move(m), state_.commit);
      break;
    }
    case WireType::kSnapshotWant: {
      WireSnapshotWant m;
      if ((good = Decode(head, &m))) sender_.OnWant(from, m, Now());
      break;
    }
    case WireType::kSnapshotChunk: {
      WireSnapshotChunk m;
      if ((good = message.bodies.size() == 1 && Decode(head, &m)))
        fetcher_.OnChunk(from, m, std::move(message.bodies[0]));
      break;
    }
    case WireType::kDigest: {
      WireDigest m;
      if ((good = Decode(head, &m)) && m.format == env_.machine.CheckFormat())
        digests_.OnPeer(from, m.index, m.check);
      break;
    }
    case WireType::kSnapshotAsk: {
      WireSnapshotAsk m;
      if ((good = Decode(head, &m))) asks_[from] = m.index;
      break;
    }
    case WireType::kRemoved: {
      WireRemoved m;
      if ((good = Decode(head, &m)) && m.raft_id == self_.raft_id) Removed();
      break;
    }
    default:
      break;
  }
  if (!good) LogWarning("{} sent a malformed message of type {}", NameOf(from), message.type);
}

bool ReplicaImpl::SendRpc(uint64_t to, WireMessage message) {
  return env_.transport.Send(to, Channel::kRpc, std::move(message));
}

// Of what is said again if it is lost.
void ReplicaImpl::SendUrgent(uint64_t to, WireMessage message) {
  (void)env_.transport.Send(to, Channel::kUrgent, std::move(message));
}

void ReplicaImpl::OnHello(const Member& peer) {
  flights_.Forget(peer.raft_id);
  if (peer.raft_id == self_.raft_id || members_.WasRemoved(peer.raft_id)) return;
  // The table knows better, unless this instance is too far behind to have it.
  if (members_.Find(peer.raft_id) != nullptr) return;
  Member& known = contacts_[peer.raft_id];
  if (known == peer) return;
  known = peer;
  UpdateTransport();
}

void ReplicaImpl::OnConnected(uint64_t peer, Channel channel) {
  acknowledged_.erase(peer);
  if (channel == Channel::kRaft) {
    flights_.Forget(peer);
    unreached_.erase(peer);
    TellWhomItMisses();
  }
  if (channel == Channel::kRpc && peer == state_.leader) {
    origin_.LeaderChanged();
    for (auto& [id, request] : admin_) request.send_us = 0;
  }
  reach_.OnConnected(peer);
}

void ReplicaImpl::OnUnreachable(uint64_t peer, const std::string& why) {
  flights_.Forget(peer);
  unreached_[peer] = why;
  TellWhomItMisses();
  if (!fatal_) engine_->ReportUnreachable(peer);
}

void ReplicaImpl::UpdateTransport() {
  std::vector<Member> peers;
  for (const auto& [id, member] : members_.all())
    if (id != self_.raft_id) peers.push_back(member);
  for (const auto& [id, member] : contacts_)
    if (members_.Find(id) == nullptr && id != self_.raft_id) peers.push_back(member);
  if (peers == connected_) return;
  connected_ = peers;
  std::erase_if(unreached_, [&](const auto& entry) {
    return std::ranges::none_of(peers,
                                [&](const Member& peer) { return peer.raft_id == entry.first; });
  });
  env_.transport.SetMembers(connected_);
}

void ReplicaImpl::ReceiveRequest(WireMessage message, Respond respond) {
  if (message.type == static_cast<uint8_t>(WireType::kJoin)) {
    WireJoin join;
    if (Decode(message.head, &join)) AnswerJoin(join, std::move(respond));
  } else if (message.type == static_cast<uint8_t>(WireType::kProbe)) {
    WireProbe probe;
    if (Decode(message.head, &probe)) AnswerProbe(probe, std::move(respond));
  } else if (message.type == static_cast<uint8_t>(WireType::kInvite)) {
    respond(Encode(WireInviteAnswer{ErrorCode::kExists, "it belongs to a cluster already"}));
  }
}

void ReplicaImpl::AnswerJoin(const WireJoin& join, Respond respond) {
  WireJoinAnswer answer;
  if (join.cluster_name != options_.meta.cluster_name) {
    answer.code = ErrorCode::kInvalid;
    answer.text = "this is cluster '" + options_.meta.cluster_name + "', not '" +
                  join.cluster_name + "': see --name and --join";
    return respond(Encode(answer));
  }
  if (!Leading()) {
    answer.code = ErrorCode::kNotLeader;
    answer.text = "no leader is known here yet";
    if (const Member* leader = members_.Find(state_.leader)) {
      answer.text = "ask the leader";
      answer.host = leader->host;
      answer.port = leader->raft_port;
    }
    return respond(Encode(answer));
  }
  AdminRequest request;
  request.kind = AdminKind::kAdd;
  request.instance_id = join.self.instance_id;
  coordinator_.Request(std::move(request), {join.self, join.replaces},
                       Now() + options_.raft_timeout_us,
                       [this, instance = join.self.instance_id, respond = std::move(respond)](
                           Status status, std::string) mutable {
                         WireJoinAnswer reply;
                         reply.code = status.code();
                         reply.text = status.message();
                         const Member* place = members_.FindInstance(instance);
                         if (status.code() == ErrorCode::kExists && place != nullptr)
                           reply.place = place->nonce;
                         if (status.ok() && place != nullptr) {
                           reply.cluster_id = options_.meta.cluster_id;
                           reply.raft_id = place->raft_id;
                           reply.members = members_.List();
                         }
                         respond(Encode(reply));
                       });
}

void ReplicaImpl::AnswerProbe(const WireProbe& probe, Respond respond) {
  WireProbeAnswer answer;
  if (probe.cluster_name != options_.meta.cluster_name) {
    answer.code = ErrorCode::kInvalid;
    answer.text = "this is cluster '" + options_.meta.cluster_name + "'";
    return respond(Encode(answer));
  }
  if (readiness_ == Readiness::kRemoved && probe.expect != 0) {
    answer.code = ErrorCode::kUnavailable;
    answer.text = "this instance has been removed from its cluster; stop it";
    return respond(Encode(answer));
  }
  answer.in_cluster = readiness_ != Readiness::kRemoved;
  answer.cluster_id = options_.meta.cluster_id;
  answer.removed = probe.self.raft_id != 0 && members_.WasRemoved(probe.self.raft_id);
  answer.self = self_;
  respond(Encode(answer));
}

}  // namespace mydis
