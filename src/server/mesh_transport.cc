#include "server/mesh_transport.h"

#include <algorithm>

#include "consensus/wire.h"

namespace mydis {
namespace {

Frame ToFrame(WireMessage message) {
  Frame frame;
  frame.type = message.type;
  frame.head = std::move(message.head);
  frame.payloads = std::move(message.bodies);
  return frame;
}

WireMessage ToMessage(Frame&& frame) {
  return {frame.type, std::move(frame.head), std::move(frame.payloads)};
}

// The two have the same enumerators, for layers that do not know each other.
static_assert(static_cast<int>(Channel::kRaft) == static_cast<int>(MeshChannel::kRaft));
static_assert(static_cast<int>(Channel::kRpc) == static_cast<int>(MeshChannel::kRpc));
static_assert(static_cast<int>(Channel::kUrgent) == static_cast<int>(MeshChannel::kUrgent));
static_assert(kChannels == 3 && kMeshChannels == 3);

MeshChannel ToMesh(Channel channel) { return static_cast<MeshChannel>(channel); }
Channel FromMesh(MeshChannel channel) { return static_cast<Channel>(channel); }

}  // namespace

Result<std::unique_ptr<MeshTransport>> MeshTransport::Create(EventLoop& loop, Resolver& resolver,
                                                             PeerMesh::Options options) {
  auto transport = std::make_unique<MeshTransport>();
  MeshHandler* handler = transport.get();
  auto mesh = PeerMesh::Create(loop, resolver, handler, std::move(options));
  if (!mesh) return Fail(mesh.error());
  transport->mesh_ = *std::move(mesh);
  return transport;
}

void MeshTransport::SetReplica(Replica* replica) {
  replica_ = replica;
  if (replica == nullptr) return;
  std::string identity;
  Encoder out(identity);
  EncodeMember(out, replica->self());
  mesh_->SetIdentity(replica->cluster_id(), replica->self().raft_id, std::move(identity));
  identified_ = true;
  SetMembers(std::exchange(early_, {}));
}

bool MeshTransport::Send(uint64_t to, Channel channel, WireMessage message) {
  const Frame frame = ToFrame(std::move(message));
  if (mesh_->Send(to, ToMesh(channel), frame)) return true;
  if (channel != Channel::kUrgent) return false;
  const bool raft = frame.type == static_cast<uint8_t>(WireType::kRaft);
  return mesh_->Send(to, raft ? MeshChannel::kRaft : MeshChannel::kRpc, frame);
}

bool MeshTransport::Moving(uint64_t to, Channel channel) const {
  return mesh_->Moving(to, ToMesh(channel));
}

void MeshTransport::SetMembers(const std::vector<Member>& members) {
  if (!identified_) {
    early_ = members;
    return;
  }
  for (uint64_t peer : mesh_->Peers()) {
    const bool stays = std::any_of(members.begin(), members.end(),
                                   [peer](const Member& m) { return m.raft_id == peer; });
    if (!stays) mesh_->RemovePeer(peer);
  }
  for (const Member& member : members)
    mesh_->AddPeer(member.raft_id, member.host, member.raft_port, member.instance_id);
}

void MeshTransport::Request(const std::string& host, uint16_t raft_port, WireMessage message,
                            uint64_t timeout_us, Answer done) {
  mesh_->Request(host, raft_port, ToFrame(std::move(message)),
                 static_cast<uint32_t>(timeout_us / 1000),
                 [done = std::move(done)](Result<Frame> answer) mutable {
                   if (!answer) return done(Fail(answer.error()));
                   done(ToMessage(*std::move(answer)));
                 });
}

void MeshTransport::OnFrame(uint64_t peer, MeshChannel, Frame&& frame) {
  if (replica_ != nullptr) replica_->Receive(peer, ToMessage(std::move(frame)));
}

void MeshTransport::OnConnected(uint64_t peer, MeshChannel channel) {
  if (replica_ != nullptr) replica_->OnConnected(peer, FromMesh(channel));
}

// The core is told of what it may send again: entries.
void MeshTransport::OnUnreachable(uint64_t peer, MeshChannel channel, const std::string& why) {
  if (replica_ != nullptr && channel == MeshChannel::kRaft) replica_->OnUnreachable(peer, why);
}

void MeshTransport::OnRequest(uint64_t id, Frame&& question) {
  auto respond = [this, id](WireMessage answer) { mesh_->Reply(id, ToFrame(std::move(answer))); };
  if (replica_ != nullptr) {
    replica_->ReceiveRequest(ToMessage(std::move(question)), std::move(respond));
  } else if (founder_ != nullptr) {
    founder_->ReceiveRequest(ToMessage(std::move(question)), std::move(respond));
  }
}

std::string MeshTransport::OnHello(uint64_t peer, std::string_view identity) {
  Decoder in(identity);
  Member member;
  if (!DecodeMember(in, &member) || member.raft_id != peer) return "the hello names no member";
  if (replica_ == nullptr) return "this instance is starting";
  replica_->OnHello(member);
  return {};
}

}  // namespace mydis
