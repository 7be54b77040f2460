// The replica's Transport over the mesh of sockets.
#pragma once

#include <map>
#include <memory>

#include "consensus/founder.h"
#include "consensus/replica.h"
#include "consensus/transport.h"
#include "net/peer_mesh.h"

namespace mydis {

// The consensus thread; before it runs, the thread that made it.
class MeshTransport final : public Transport, private MeshHandler {
 public:
  // Listens on the Raft and RPC ports; an error names the one that is taken.
  static Result<std::unique_ptr<MeshTransport>> Create(EventLoop& loop, Resolver& resolver,
                                                       PeerMesh::Options options);

  // In use; 0: none.
  uint16_t raft_port() const { return mesh_->raft_port(); }
  // Other cluster keys from now on; see PeerMesh::SetKeys.
  void SetKeys(std::shared_ptr<const TlsContext> keys) { mesh_->SetKeys(std::move(keys)); }
  // Who is asked: the founder until there is a replica.
  void SetFounder(Founder* founder) { founder_ = founder; }
  // From now on messages of members go to the replica; hellos say who this instance is.
  void SetReplica(Replica* replica);

  bool Send(uint64_t to, Channel channel, WireMessage message) override;
  bool Moving(uint64_t to, Channel channel) const override;
  void SetMembers(const std::vector<Member>& members) override;
  void Request(const std::string& host, uint16_t raft_port, WireMessage message,
               uint64_t timeout_us, Answer done) override;

 private:
  void OnFrame(uint64_t peer, MeshChannel channel, Frame&& frame) override;
  void OnConnected(uint64_t peer, MeshChannel channel) override;
  void OnUnreachable(uint64_t peer, MeshChannel channel, const std::string& why) override;
  void OnRequest(uint64_t id, Frame&& question) override;
  std::string OnHello(uint64_t peer, std::string_view identity) override;

  std::unique_ptr<PeerMesh> mesh_;
  Founder* founder_ = nullptr;
  Replica* replica_ = nullptr;
  bool identified_ = false;
  std::vector<Member> early_;  // Members told before the identity was.
};

}  // namespace mydis
