// The connections between instances.
//
// For every peer this instance keeps three connections of its own to it, one per channel: raft (the
// peer's raft port), rpc (raft port + 1) and urgent (the raft port again), on which it only sends;
// what the peer sends comes over the peer's own three connections. They are opened at once, and
// again after a failure with growing pauses. A connection begins with a hello frame that names
// protocol version, cluster, sender and intended receiver; the receiver answers welcome, or refuses
// with a reason that both sides log.
//
// Besides, Request() asks one question of any address, known as a peer or not, over a connection of
// its own to its rpc port.
//
// With cluster keys every connection is TLS, and nobody who shares none of them gets as far as a
// hello. Whoever opens a connection uses its first key, and the next one after a refusal, so that
// instances whose key files are in different states of a change still reach each other.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/log_limiter.h"
#include "base/random.h"
#include "mydis/status.h"
#include "net/byte_stream.h"
#include "net/event_loop.h"
#include "net/resolver.h"
#include "net/tcp.h"
#include "protocol/frame.h"

namespace mydis {

struct MeshHello;
class MeshIncoming;
class MeshOutgoing;
class MeshQuestion;
class TlsContext;

enum class MeshChannel : uint8_t { kRaft = 0, kRpc = 1, kUrgent = 2 };
inline constexpr size_t kMeshChannels = 3;

// What the mesh tells its owner. Called on the loop's thread, never from within a call to the mesh.
class MeshHandler {
 public:
  // A frame of `peer`. Frames of one peer and channel arrive in the order sent and at most once;
  // a connection that breaks loses those under way. The payloads are the callee's.
  virtual void OnFrame(uint64_t peer, MeshChannel channel, Frame&& frame) = 0;
  // This instance can send to `peer` on `channel` from now on.
  virtual void OnConnected(uint64_t peer, MeshChannel channel) = 0;
  // It can no longer, or an attempt to connect has failed. What was queued or under way is lost.
  virtual void OnUnreachable(uint64_t peer, MeshChannel channel, const std::string& why) = 0;
  // A question that came by Request(). Answer it with Reply(id), now or later, once.
  virtual void OnRequest(uint64_t id, Frame&& question) = 0;
  // `peer`, of this cluster though perhaps not known here, connects; `identity` is what it gave to
  // SetIdentity. Returns empty to accept its frames, or the reason to refuse it.
  virtual std::string OnHello(uint64_t peer, std::string_view identity) = 0;

 protected:
  ~MeshHandler() = default;
};

// All calls: the loop's thread, or before the loop runs.
class PeerMesh {
 public:
  struct Options {
    std::string bind_address = "127.0.0.1";
    // The rpc port is the next one. 0: the system chooses; kPortOff: nobody is listened to.
    static constexpr int kPortOff = -1;
    int raft_port = 2382;
    // Send refuses frames with payloads while this many bytes of them wait for a peer's channel,
    // and those without while this many of theirs do.
    size_t queue_limit[kMeshChannels] = {64 << 20, 256 << 20, 16 << 20};
    uint64_t max_frame = FrameDecoder::kDefaultLimit;
    // For connecting and the exchange of hello and welcome, each.
    uint32_t connect_timeout_ms = 2000;
    uint32_t backoff_min_ms = 20;
    uint32_t backoff_max_ms = 1000;
    // A connection on which nothing that was sent is acknowledged for this long is given up.
    uint32_t dead_after_ms = 5000;
    // The cluster's keys; null: connections are plain.
    std::shared_ptr<const TlsContext> keys;
  };

  // Listens on both ports at once, or fails naming the port that is taken. Requests are accepted
  // from now on, peers from SetIdentity on.
  static Result<std::unique_ptr<PeerMesh>> Create(EventLoop& loop, Resolver& resolver,
                                                  MeshHandler* handler, Options options);
  // Where it listens for Raft; 0: nowhere.
  uint16_t raft_port() const { return listeners_[0] == nullptr ? 0 : listeners_[0]->port(); }

  // Closes everything at once. Requests under way are dropped, and not called back.
  ~PeerMesh();

  // Who this instance is; `identity` is shown to peers at each hello. Connections made under
  // another cluster or raft id are closed.
  void SetIdentity(uint64_t cluster_id, uint64_t raft_id, std::string identity);

  // Other keys from now on. Connections under a key that is not among them are made anew.
  // REQUIRES: there were keys before, and there are now.
  void SetKeys(std::shared_ptr<const TlsContext> keys);

  // Connects to a peer, or to its new address. Adding the same again changes nothing. `peer` is
  // not this instance itself. `name`: of the peer in the log; empty: its raft id. REQUIRES:
  // SetIdentity was called.
  void AddPeer(uint64_t peer, const std::string& host, uint16_t raft_port,
               const std::string& name = {});
  // Closes the connections to `peer` once all that is queued is sent (OnUnreachable is not called),
  // and those from it now.
  void RemovePeer(uint64_t peer);
  std::vector<uint64_t> Peers() const;

  // Queues `frame`; it leaves at the end of the turn. False: it is lost, as there is no connection
  // or too much waits for the peer. One frame always fits, however large.
  bool Send(uint64_t peer, MeshChannel channel, const Frame& frame);
  bool Connected(uint64_t peer, MeshChannel channel) const;
  // Bytes given to Send and not yet taken by the system.
  size_t QueuedBytes(uint64_t peer, MeshChannel channel) const;
  // Whether there are some that the peer's system has not acknowledged.
  bool Moving(uint64_t peer, MeshChannel channel) const;

  // Asks whoever listens at host:raft_port one question, through its rpc port. `done` gets the
  // answer; or kTimeout; or kUnavailable if nobody can be reached there or the connection broke.
  // Never called from within Request. Without an answer the question may have been acted on all the
  // same.
  using OnAnswer = std::move_only_function<void(Result<Frame>)>;
  void Request(const std::string& host, uint16_t raft_port, const Frame& question,
               uint32_t timeout_ms, OnAnswer done);
  // Answers OnRequest(id). Nothing happens if the asker is gone.
  void Reply(uint64_t id, const Frame& answer);

 private:
  friend class MeshOutgoing;
  friend class MeshIncoming;
  friend class MeshQuestion;
  struct Peer {
    std::shared_ptr<MeshOutgoing> channels[kMeshChannels];
  };

  PeerMesh(EventLoop& loop, Resolver& resolver, MeshHandler* handler, Options options);
  Status Listen(uint16_t raft_port);
  void Accept(MeshChannel port, int fd);
  MeshOutgoing* Find(uint64_t peer, MeshChannel channel) const;
  // `key`: which of the cluster's keys to use, counted round.
  std::unique_ptr<StreamFilter> MakeFilter(bool client, size_t key = 0) const;
  // Whether a connection that runs under the key of this name may go on.
  bool IsKey(const std::string& name) const;
  // A line about connections that were refused: of those of the same kind (by whom, and why) one a
  // minute.
  void LogRefusal(const std::string& kind, const std::string& line);
  static constexpr std::string_view kKeyAdvice = ": give all instances the same --cluster-key-file";
  // The same for those that were refused for their keys; `whose`: the other end.
  void LogKeyRefusal(const std::string& whose, const std::string& line);
  void TuneMeshSocket(int fd) const;
  // Why a member's hello is not accepted, or empty.
  std::string CheckHello(const MeshHello& hello, MeshChannel port) const;
  // `incoming`, just greeted, is the one that its peer sends on from now on.
  void AdoptSender(uint64_t id, const MeshIncoming& incoming);
  void CloseIncoming(uint64_t peer, const std::string& reason);
  void DropIncoming(uint64_t id);
  void DropQuestion(uint64_t id);
  void DropLeaving(const MeshOutgoing* outgoing);
  // Destroys `dead` once no callback is running.
  void Bury(std::shared_ptr<void> dead);

  EventLoop& loop_;
  Resolver& resolver_;
  MeshHandler* const handler_;
  const Options options_;
  ByteStream::Options stream_options_;
  uint64_t cluster_id_ = 0;
  uint64_t raft_id_ = 0;
  std::string identity_;
  std::shared_ptr<const TlsContext> keys_;
  LogLimiter refusals_;
  Random random_;
  std::unique_ptr<TcpListener> listeners_[2];  // The raft port, the rpc port.
  std::map<uint64_t, Peer> peers_;
  std::vector<std::shared_ptr<MeshOutgoing>> leaving_;
  uint64_t next_id_ = 1;  // Of incoming connections and of questions.
  std::unordered_map<uint64_t, std::shared_ptr<MeshIncoming>> incoming_;
  std::map<std::pair<uint64_t, MeshChannel>, uint64_t> senders_;  // Ids in incoming_.
  std::unordered_map<uint64_t, std::shared_ptr<MeshQuestion>> questions_;
  std::vector<std::shared_ptr<void>> dead_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // For functions posted by Bury.
};

}  // namespace mydis
