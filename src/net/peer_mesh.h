// The connections between instances.
//
// For every peer this instance keeps two connections of its own to it, one per channel: raft (the
// peer's raft port) and rpc (raft port + 1), on which it only sends; what the peer sends comes over
// the peer's own two connections. They are opened at once, and again after a failure with growing
// pauses. A connection begins with a hello frame that names cluster, sender and intended receiver;
// the receiver answers welcome, or refuses with a reason that both sides log.
//
// Besides, Request() asks one question of any address, known as a peer or not, over a connection of
// its own.
//
// Frames of types from kReservedType up belong to the mesh itself.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/random.h"
#include "mydis/status.h"
#include "net/event_loop.h"
#include "net/resolver.h"
#include "net/stream.h"
#include "net/tcp.h"
#include "protocol/frame.h"

namespace mydis {

enum class Channel : uint8_t { kRaft = 0, kRpc = 1 };
inline constexpr size_t kChannels = 2;

// What the mesh tells its owner. Called on the loop's thread, never from within a call to the mesh.
class MeshHandler {
 public:
  // A frame of `peer`. Frames of one peer and channel arrive in the order sent, but a connection
  // that breaks loses those under way. Payloads are ours to keep.
  virtual void OnFrame(uint64_t peer, Channel channel, Frame&& frame) = 0;
  // This instance can send to `peer` on `channel` from now on / no longer. Frames that were queued
  // or under way at the time of OnDisconnected may be lost.
  virtual void OnConnected(uint64_t peer, Channel channel) = 0;
  virtual void OnDisconnected(uint64_t peer, Channel channel) = 0;
  // Raft frames for `peer` were dropped: no connection, or too much queued. At most once a turn and
  // peer.
  virtual void OnUnreachable(uint64_t peer) = 0;
  // A question that came by Request(). Answer it with Reply(id), now or later, once.
  virtual void OnRequest(uint64_t id, Frame&& question) = 0;
  // `peer` (not necessarily known here) connects and says that it is reached at host:raft_port.
  // Returns empty to accept its frames, or the reason to refuse it.
  virtual std::string OnHello(uint64_t peer, const std::string& host, uint16_t raft_port) = 0;

 protected:
  ~MeshHandler() = default;
};

// All calls: the loop's thread.
class PeerMesh {
 public:
  static constexpr uint8_t kReservedType = 0xf0;
  // Makes the filter (TLS) of one connection; null: plain.
  using FilterFactory = std::function<std::unique_ptr<StreamFilter>(bool client)>;

  struct Options {
    std::string bind_address = "127.0.0.1";
    std::string advertise_address = "127.0.0.1";
    uint16_t raft_port = 2382;                              // The rpc port is the next one.
    size_t queue_limit[kChannels] = {64 << 20, 256 << 20};  // Bytes queued per peer.
    uint64_t max_frame = FrameDecoder::kDefaultLimit;
    uint32_t connect_timeout_ms = 2000;
    uint32_t backoff_min_ms = 20;
    uint32_t backoff_max_ms = 1000;
    // A connection on which nothing that was sent gets acknowledged for this long is given up.
    uint32_t dead_after_ms = 5000;
    FilterFactory filter;
  };

  // Listens on both ports at once, or fails naming the port that is taken. Nobody is accepted as a
  // peer before SetIdentity, but requests are.
  static Result<std::unique_ptr<PeerMesh>> Create(EventLoop& loop, Resolver& resolver,
                                                  MeshHandler* handler, Options options);
  ~PeerMesh();

  // Who this instance is. Connections made under another identity are closed.
  void SetIdentity(uint64_t cluster_id, uint64_t raft_id);

  // Connects to a peer, or to its new address. Adding the same again changes nothing. `peer` is not
  // this instance itself.
  void AddPeer(uint64_t peer, const std::string& host, uint16_t raft_port);
  // Closes the connections to and from `peer`, without OnDisconnected.
  void RemovePeer(uint64_t peer);

  // Queues `frame`; it leaves at the end of the turn. False: it was not queued, as there is no
  // connection or too much waits (for the raft channel OnUnreachable follows).
  bool Send(uint64_t peer, Channel channel, const Frame& frame);
  bool Connected(uint64_t peer, Channel channel) const;
  size_t QueuedBytes(uint64_t peer, Channel channel) const;

  // Asks whoever listens at host:raft_port one question, through its rpc port. `done` gets the
  // answer or why there is none; never called from within Request. An answer that does not come in
  // time may still mean that the question was acted on.
  using OnAnswer = std::move_only_function<void(Result<Frame>)>;
  void Request(const std::string& host, uint16_t raft_port, const Frame& question,
               uint32_t timeout_ms, OnAnswer done);
  // Answers OnRequest(id). Nothing happens if the asker is gone.
  void Reply(uint64_t id, const Frame& answer);

  uint16_t raft_port() const { return options_.raft_port; }

 private:
  class Outgoing;  // A connection to a peer, kept up.
  class Incoming;  // A connection that was accepted.
  class Question;  // A Request under way.
  struct Peer {
    std::string host;
    uint16_t raft_port = 0;
    std::unique_ptr<Outgoing> channels[kChannels];
  };

  PeerMesh(EventLoop& loop, Resolver& resolver, MeshHandler* handler, Options options);
  void Accept(Channel channel, int fd);
  void ReportUnreachable(uint64_t peer);
  std::unique_ptr<StreamFilter> MakeFilter(bool client);

  EventLoop& loop_;
  Resolver& resolver_;
  MeshHandler* const handler_;
  const Options options_;
  Stream::Options stream_options_;
  uint64_t cluster_id_ = 0;
  uint64_t raft_id_ = 0;
  Random random_;
  std::unique_ptr<TcpListener> listeners_[kChannels];
  std::unordered_map<uint64_t, Peer> peers_;
  std::unordered_map<uint64_t, std::unique_ptr<Incoming>> incoming_;  // By request id.
  std::unordered_map<uint64_t, std::unique_ptr<Question>> questions_;
  uint64_t next_id_ = 1;
};

}  // namespace mydis
