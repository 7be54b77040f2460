#include "net/peer_mesh.h"

#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "net/mesh_hello.h"
#include "net/mesh_links.h"
#include "net/tls.h"

namespace mydis {
namespace {

constexpr int kKeepaliveS = 15;
constexpr int kChoices = 50;  // Of the system, until there are two free ports side by side.

uint16_t ChannelPort(uint16_t raft_port, MeshChannel channel) {
  return channel == MeshChannel::kRpc ? static_cast<uint16_t>(raft_port + 1) : raft_port;
}

}  // namespace

PeerMesh::PeerMesh(EventLoop& loop, Resolver& resolver, MeshHandler* handler, Options options)
    : loop_(loop),
      resolver_(resolver),
      handler_(handler),
      options_(std::move(options)),
      keys_(options_.keys),
      random_(RandomSeed()) {
  stream_options_.output_high = 0;  // What waits is bounded by queue_limit.
}

PeerMesh::~PeerMesh() = default;

Result<std::unique_ptr<PeerMesh>> PeerMesh::Create(EventLoop& loop, Resolver& resolver,
                                                   MeshHandler* handler, Options options) {
  std::unique_ptr<PeerMesh> mesh(new PeerMesh(loop, resolver, handler, std::move(options)));
  const int raft_port = mesh->options_.raft_port;
  if (raft_port == Options::kPortOff) return mesh;
  Status status;
  // Of a port that the system has chosen, the next one may be taken.
  for (int attempts = raft_port == 0 ? kChoices : 1; attempts > 0; --attempts) {
    status = mesh->Listen(static_cast<uint16_t>(raft_port));
    if (status.ok()) return mesh;
  }
  return Fail(std::move(status));
}

Status PeerMesh::Listen(uint16_t raft_port) {
  for (const MeshChannel channel : {MeshChannel::kRaft, MeshChannel::kRpc}) {
    const bool first = channel == MeshChannel::kRaft;
    const uint16_t port = first ? raft_port : ChannelPort(listeners_[0]->port(), channel);
    if (port == 0 && !first) return {ErrorCode::kIo, "there is no port behind 65535"};
    auto listener = TcpListener::Listen(loop_, options_.bind_address, port,
                                        [this, channel](int fd) { Accept(channel, fd); });
    if (!listener) return listener.error();
    listeners_[static_cast<size_t>(channel)] = std::move(*listener);
  }
  return Status::Ok();
}

std::unique_ptr<StreamFilter> PeerMesh::MakeFilter(bool client, size_t key) const {
  return keys_ ? keys_->MakeFilter(client, {}, key) : nullptr;
}

bool PeerMesh::IsKey(const std::string& name) const { return keys_->FindKey(name) != nullptr; }

void PeerMesh::SetKeys(std::shared_ptr<const TlsContext> keys) {
  MYDIS_ASSERT(keys_ && keys, "an instance encrypts or does not, for as long as it runs");
  keys_ = std::move(keys);
  for (auto& [peer, links] : peers_)
    for (auto& link : links.channels) link->CheckKey();
  for (auto& [id, incoming] : incoming_) incoming->CheckKey();
}

void PeerMesh::LogRefusal(const std::string& kind, const std::string& line) {
  if (refusals_.Allows(kind, loop_.NowMs())) LogWarning("{}", line);
}

void PeerMesh::LogKeyRefusal(const std::string& whose, const std::string& line) {
  LogRefusal(whose, line + std::string(kKeyAdvice));
}

void PeerMesh::TuneMeshSocket(int fd) const {
  TuneSocket(fd, kKeepaliveS);
  const unsigned timeout_ms = options_.dead_after_ms;
  // Tuning only: without it a dead connection is found later.
  (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
}

void PeerMesh::Bury(std::shared_ptr<void> dead) {
  if (dead_.empty()) {
    loop_.Post([this, alive = std::weak_ptr<bool>(alive_)] {
      if (!alive.expired()) dead_.clear();
    });
  }
  dead_.push_back(std::move(dead));
}

// ---- Members ----

void PeerMesh::SetIdentity(uint64_t cluster_id, uint64_t raft_id, std::string identity) {
  const bool same = cluster_id == cluster_id_ && raft_id == raft_id_;
  cluster_id_ = cluster_id;
  raft_id_ = raft_id;
  identity_ = std::move(identity);
  if (same) return;
  const std::string reason = "this instance has a new identity";
  for (auto& [peer, links] : peers_)
    for (auto& link : links.channels) link->Restart(reason);
  for (auto& [id, incoming] : incoming_)
    if (incoming->peer() != 0) incoming->Close(reason);
}

void PeerMesh::AddPeer(uint64_t peer, const std::string& host, uint16_t raft_port,
                       const std::string& name) {
  MYDIS_ASSERT(peer != raft_id_ && raft_id_ != 0, "an instance is no peer of itself");
  Peer& links = peers_[peer];
  for (size_t i = 0; i < kMeshChannels; ++i) {
    const auto channel = static_cast<MeshChannel>(i);
    const uint16_t port = ChannelPort(raft_port, channel);
    if (links.channels[i]) {
      links.channels[i]->Move(host, port);
    } else {
      links.channels[i] = std::make_shared<MeshOutgoing>(*this, peer, name, channel, host, port);
      links.channels[i]->Connect();
    }
  }
}

void PeerMesh::RemovePeer(uint64_t peer) {
  const auto found = peers_.find(peer);
  if (found != peers_.end()) {
    const Peer links = std::move(found->second);
    peers_.erase(found);
    for (const auto& link : links.channels) {
      leaving_.push_back(link);
      link->Leave();
    }
  }
  CloseIncoming(peer, "the instance is no member any more");
}

std::vector<uint64_t> PeerMesh::Peers() const {
  std::vector<uint64_t> peers;
  for (const auto& [peer, links] : peers_) peers.push_back(peer);
  return peers;
}

MeshOutgoing* PeerMesh::Find(uint64_t peer, MeshChannel channel) const {
  const auto found = peers_.find(peer);
  return found == peers_.end() ? nullptr
                               : found->second.channels[static_cast<size_t>(channel)].get();
}

bool PeerMesh::Send(uint64_t peer, MeshChannel channel, const Frame& frame) {
  MeshOutgoing* link = Find(peer, channel);
  if (link == nullptr || !link->up()) return false;
  return link->Send(frame, options_.queue_limit[static_cast<size_t>(channel)]);
}

bool PeerMesh::Connected(uint64_t peer, MeshChannel channel) const {
  const MeshOutgoing* link = Find(peer, channel);
  return link != nullptr && link->up();
}

bool PeerMesh::Moving(uint64_t peer, MeshChannel channel) const {
  const MeshOutgoing* link = Find(peer, channel);
  return link != nullptr && link->Moving();
}

size_t PeerMesh::QueuedBytes(uint64_t peer, MeshChannel channel) const {
  const MeshOutgoing* link = Find(peer, channel);
  return link == nullptr ? 0 : link->queued();
}

void PeerMesh::DropLeaving(const MeshOutgoing* outgoing) {
  const auto found = std::find_if(leaving_.begin(), leaving_.end(),
                                  [&](const auto& link) { return link.get() == outgoing; });
  MYDIS_ASSERT(found != leaving_.end(), "a link that leaves is in the list");
  Bury(std::move(*found));
  leaving_.erase(found);
}

// ---- Incoming ----

void PeerMesh::Accept(MeshChannel port, int fd) {
  TuneMeshSocket(fd);
  const uint64_t id = next_id_++;
  incoming_.emplace(id, std::make_shared<MeshIncoming>(*this, id, port, fd, MakeFilter(false)));
}

std::string PeerMesh::CheckHello(const MeshHello& hello, MeshChannel port) const {
  if (cluster_id_ == 0) return "this instance is not a member of a cluster yet";
  if (hello.cluster_id != cluster_id_) {
    return fmt::format("it belongs to the cluster {:016x}, this instance to {:016x}",
                       hello.cluster_id, cluster_id_);
  }
  if (hello.receiver != raft_id_) {
    return fmt::format("it looks for instance {}, and this is instance {}", hello.receiver,
                       raft_id_);
  }
  if (hello.sender == 0 || hello.sender == raft_id_)
    return fmt::format("it says that it is instance {}", hello.sender);
  if ((hello.purpose == MeshPurpose::kRpc) != (port == MeshChannel::kRpc))
    return "this is the other channel's port";
  return {};
}

void PeerMesh::AdoptSender(uint64_t id, const MeshIncoming& incoming) {
  uint64_t& current = senders_[{incoming.peer(), incoming.channel()}];
  // The peer gave the old connection up, though nothing has told us so.
  if (const auto old = incoming_.find(current); old != incoming_.end())
    old->second->Close("the peer has connected anew");
  current = id;
}

void PeerMesh::CloseIncoming(uint64_t peer, const std::string& reason) {
  for (auto& [id, incoming] : incoming_)
    if (incoming->peer() == peer) incoming->Close(reason);
}

void PeerMesh::DropIncoming(uint64_t id) {
  const auto found = incoming_.find(id);
  if (found == incoming_.end()) return;
  const auto sender = senders_.find({found->second->peer(), found->second->channel()});
  if (sender != senders_.end() && sender->second == id) senders_.erase(sender);
  Bury(std::move(found->second));
  incoming_.erase(found);
}

// ---- Questions ----

void PeerMesh::Request(const std::string& host, uint16_t raft_port, const Frame& question,
                       uint32_t timeout_ms, OnAnswer done) {
  const uint64_t id = next_id_++;
  questions_.emplace(
      id, std::make_shared<MeshQuestion>(*this, id, host, ChannelPort(raft_port, MeshChannel::kRpc),
                                         question, timeout_ms, std::move(done)));
}

void PeerMesh::Reply(uint64_t id, const Frame& answer) {
  const auto found = incoming_.find(id);
  if (found != incoming_.end()) found->second->Answer(answer);
}

void PeerMesh::DropQuestion(uint64_t id) {
  const auto found = questions_.find(id);
  if (found == questions_.end()) return;
  Bury(std::move(found->second));
  questions_.erase(found);
}

}  // namespace mydis
