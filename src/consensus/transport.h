// How a replica reaches the others. The real one is sockets (src/server), the simulator's is a
// queue.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "consensus/members.h"
#include "mydis/status.h"

namespace mydis {

enum class Channel : uint8_t {
  kRaft,  // The Raft port: the entries of the log, which may be large.
  kRpc,   // The Raft port + 1: submissions, administration, snapshots.
  // The Raft port, another connection: what is small and must not wait behind what is large, since
  // somebody's patience hangs on it (heartbeats, votes, answers). It may come before what was sent
  // earlier on the others. Without that connection it takes one of theirs.
  kUrgent,
};
inline constexpr size_t kChannels = 3;

// What the transport carries; wire.h says what is in it. `head` and `bodies` become the head and
// the payloads of a frame. No body is null.
struct WireMessage {
  uint8_t type = 0;
  std::string head;
  std::vector<Payload> bodies;
};

// Thread: the replica's, for calls in both directions.
//
// What comes in goes to the replica: Replica::Receive for messages of members, ReceiveRequest for
// those of others, OnHello, OnConnected, OnUnreachable. No call into Transport calls back at once.
class Transport {
 public:
  virtual ~Transport() = default;

  // Queues a message; never blocks. Messages of one connection arrive in order or not at all, and
  // none arrives twice; a connection that breaks loses what was under way without a word (the
  // replica repeats what matters). False: it is known to be lost (no connection, or more than the
  // transport's limit is queued already), and the replica then tells the core of its messages.
  virtual bool Send(uint64_t to, Channel channel, WireMessage message) = 0;

  // Whether something that was given to Send has not come to the peer's system yet, as far as is
  // known here. It need not be asked often: it may be a system call.
  virtual bool Moving(uint64_t to, Channel channel) const = 0;

  // Whom to connect to (itself is not in it). Connections to ids that are gone are closed after
  // what is queued for them has been sent.
  //
  // Each connection opens with a hello that carries the cluster id and the sender's own Member
  // (Replica::self()); the accepting side refuses another cluster's and tells the replica of the
  // rest by OnHello. Frames are taken only from the id that the hello named.
  virtual void SetMembers(const std::vector<Member>& members) = 0;

  // One question to whoever listens at `host`:`raft_port` + 1, and the answer to it, on a
  // connection of its own without a member's hello. `done` gets kUnavailable when nobody can be
  // reached, kTimeout after `timeout_us`.
  using Answer = std::move_only_function<void(Result<WireMessage>)>;
  virtual void Request(const std::string& host, uint16_t raft_port, WireMessage message,
                       uint64_t timeout_us, Answer done) = 0;
};

// Answers a question that came by Transport::Request; may be called later, at most once.
using Respond = std::move_only_function<void(WireMessage)>;

}  // namespace mydis
