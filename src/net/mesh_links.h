// The connections that a PeerMesh is made of. Only for peer_mesh.cc and mesh_links.cc. The mesh's
// thread. None is destroyed from within a callback of its own: see PeerMesh::Bury.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "net/frame_stream.h"
#include "net/mesh_hello.h"
#include "net/peer_mesh.h"
#include "net/tcp.h"

namespace mydis {

// A connection to a peer, made again whenever it breaks.
class MeshOutgoing final : public FrameStream::Owner {
 public:
  // `name`: of the peer in the log; empty: its raft id.
  MeshOutgoing(PeerMesh& mesh, uint64_t peer, const std::string& name, MeshChannel channel,
               std::string host, uint16_t port);
  ~MeshOutgoing();

  void Connect();
  // Connects to another address from now on.
  void Move(const std::string& host, uint16_t port);
  // Ends it for `reason` and connects anew.
  void Restart(const std::string& reason);
  // Restarts unless it runs under one of the mesh's keys.
  void CheckKey();
  // Sends what is queued, then is buried; nothing is told to the handler any more.
  void Leave();

  bool up() const { return state_ == State::kUp && !stream_->closed(); }
  size_t queued() const { return stream_ ? stream_->output_size() : 0; }
  // Whether something has not come to the other side's system.
  bool Moving() const;
  // False: as much as `limit` of its kind waits. REQUIRES: up.
  bool Send(const Frame& frame, size_t limit);
  const std::string& host() const { return host_; }
  uint16_t port() const { return port_; }

 private:
  enum class State : uint8_t { kWaiting, kConnecting, kGreeting, kUp, kLeaving };

  void OnFrame(FrameStream& stream, Frame&& frame) override;
  void OnClosed(FrameStream& stream, const Status& reason) override;
  void OnConnect(Result<int> fd);
  void Failed(const std::string& why);
  void KeyRefused(const std::string& why);
  // Connects again after a pause.
  void TryLater(const std::string& why);
  void StopTimer();
  std::string Name() const;

  PeerMesh& mesh_;
  const uint64_t peer_;
  const std::string peer_name_;
  const MeshChannel channel_;
  std::string host_;
  uint16_t port_;  // Of this channel.
  State state_ = State::kWaiting;
  std::unique_ptr<TcpConnector> connector_;
  std::unique_ptr<FrameStream> stream_;
  TimerId timer_ = 0;  // The next attempt, or the limit for the welcome.
  uint32_t backoff_ms_ = 0;
  size_t key_ = 0;            // Of the mesh's, counted round: the one for the next attempt.
  size_t heads_ = 0;          // Bytes of frames without payloads among those that wait.
  std::string last_failure_;  // Logged once, not at every attempt.
};

// A connection that was accepted.
class MeshIncoming final : public FrameStream::Owner {
 public:
  MeshIncoming(PeerMesh& mesh, uint64_t id, MeshChannel channel, int fd,
               std::unique_ptr<StreamFilter> filter);
  ~MeshIncoming();

  // The member that sends here, or 0.
  uint64_t peer() const { return peer_; }
  MeshChannel channel() const { return channel_; }
  void Answer(const Frame& answer);
  void Close(const std::string& reason);
  // Closes unless it runs under one of the mesh's keys.
  void CheckKey();

 private:
  enum class State : uint8_t { kNew, kPeer, kQuestion, kAnswering, kClosing };

  void OnFrame(FrameStream& stream, Frame&& frame) override;
  void OnClosed(FrameStream& stream, const Status& reason) override;
  void OnHello(const Frame& frame);
  void Refuse(const std::string& reason);
  std::string Address() const;
  void StopTimer();

  PeerMesh& mesh_;
  const uint64_t id_;
  MeshChannel channel_;     // The port's, until its hello.
  const std::string from_;  // Address and port, for the log.
  State state_ = State::kNew;
  uint64_t peer_ = 0;
  TimerId timer_ = 0;  // The limit for the hello, or the question.
  FrameStream stream_;
};

// A PeerMesh::Request under way.
class MeshQuestion final : public FrameStream::Owner {
 public:
  MeshQuestion(PeerMesh& mesh, uint64_t id, const std::string& host, uint16_t port, Frame question,
               uint32_t timeout_ms, PeerMesh::OnAnswer done);
  ~MeshQuestion();

 private:
  void OnFrame(FrameStream& stream, Frame&& frame) override;
  void OnClosed(FrameStream& stream, const Status& reason) override;
  void Connect();
  void OnConnect(Result<int> fd);
  // True if it is asked again under another key.
  std::string Refused(const std::string& refusal) const;
  bool TriesNextKey(const std::string& refusal);
  void Finish(Result<Frame> result);

  PeerMesh& mesh_;
  const uint64_t id_;
  const std::string host_;
  const uint16_t port_;
  const std::string address_;
  const uint32_t timeout_ms_;
  size_t key_ = 0;  // Of the mesh's.
  Frame question_;
  PeerMesh::OnAnswer done_;
  TimerId timer_ = 0;
  std::unique_ptr<TcpConnector> connector_;
  std::unique_ptr<FrameStream> stream_;
};

}  // namespace mydis
