// The messages between instances: types, heads and what their bodies are. All numbers are varints
// unless said otherwise; codec.h has the encodings. A message that does not decode is dropped.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/state_check.h"
#include "consensus/transport.h"
#include "mydis/status.h"

namespace mydis {

enum class WireType : uint8_t {
  // Channel::kRaft if it brings entries or may not overtake such, else kUrgent
  kRaft = 1,
  // Channel::kRpc, between members; kWatch, kApplied and kSubmitAnswer by kUrgent
  kSubmit = 16,
  kSubmitAnswer = 17,
  kWatch = 18,
  kApplied = 19,
  kAdmin = 20,
  kAdminAnswer = 21,
  kSnapshotOffer = 22,
  kSnapshotWant = 23,
  kSnapshotChunk = 24,
  kRemoved = 25,
  kDigest = 26,
  kSnapshotAsk = 27,
  // Questions, from and to whomever
  kJoin = 32,
  kJoinAnswer = 33,
  kProbe = 34,
  kProbeAnswer = 35,
  kInvite = 36,
  kInviteAnswer = 37,
};

// One message of the Raft core. Bodies: the payloads of its kNormal entries that are not empty, in
// order; `has_body` says for each entry whether there is one.
struct WireRaft {
  uint64_t to = 0;  // An instance that was wiped and joined again is not who it was.
  std::string bytes;
  std::vector<bool> has_body;
};

// Submissions of one origin to the leader. Bodies: their payloads; the first has `sequence`, the
// others follow without a gap. A stream is one attempt to send everything that is not applied: it
// has a number greater than those before, and `start` marks its first message.
struct WireSubmit {
  uint64_t origin = 0;
  uint64_t stream = 0;
  bool start = false;
  uint64_t sequence = 0;
};

enum class SubmitVerdict : uint8_t {
  kAccepted = 0,   // Everything below `sequence` is in the leader's log.
  kRestart = 1,    // Something is missing: begin a new stream.
  kNotLeader = 2,  // `leader` is the one known here, or 0.
  kDiskFull = 3,   // The leader has no room; try again later.
};
struct WireSubmitAnswer {
  uint64_t origin = 0;
  uint64_t stream = 0;
  SubmitVerdict verdict = SubmitVerdict::kAccepted;
  uint64_t sequence = 0;
  uint64_t leader = 0;
};

// "Tell me when you have applied `index`" (0: now). Asked again replaces what was asked before.
struct WireWatch {
  uint64_t index = 0;
};
struct WireApplied {
  uint64_t applied = 0;
  uint64_t durable = 0;  // Committed entries up to here are on this disk.
};

struct WireAdmin {
  uint64_t request = 0;  // Chosen by the asker, unique while its process lives.
  uint8_t kind = 0;      // AdminKind.
  std::string instance_id;
  std::string host;
  uint64_t port = 0;
};
struct WireAdminAnswer {
  uint64_t request = 0;
  ErrorCode code = ErrorCode::kOk;
  std::string text;
};

// The leader has snapshot `index`/`term` of `size` bytes, in a file, for the receiver; `raft` is
// the core's message that is to be stepped once the file is complete; empty: any member has it, and
// it is the answer to kSnapshotAsk. Answered by kSnapshotWant.
struct WireSnapshotOffer {
  uint64_t index = 0;
  uint64_t term = 0;
  uint64_t size = 0;
  std::string raft;
};
enum class SnapshotVerdict : uint8_t {
  kContinue = 0,  // Has everything below `offset`.
  kDone = 1,      // Complete, verified and handed to the core.
  kFailed = 2,    // Start again; the receiver's log says why.
};
struct WireSnapshotWant {
  uint64_t index = 0;
  uint64_t term = 0;
  SnapshotVerdict verdict = SnapshotVerdict::kContinue;
  uint64_t offset = 0;
};
// One body: the file's bytes at `offset`.
struct WireSnapshotChunk {
  uint64_t index = 0;
  uint64_t term = 0;
  uint64_t offset = 0;
};

// What the sender's state is after the entry at `index`. See docs/digests.md.
struct WireDigest {
  uint64_t index = 0;
  uint32_t format = 0;  // Machine::CheckFormat().
  StateCheck check;
};
// The sender's state is wrong: it wants a snapshot of `index` or later.
struct WireSnapshotAsk {
  uint64_t index = 0;
};

// To an instance that is no member any more.
struct WireRemoved {
  uint64_t raft_id = 0;
};

// An instance without a place in a cluster asks for one.
struct WireJoin {
  std::string cluster_name;
  // Its raft id is not chosen yet: 0. Its nonce is random, chosen once per process that has an
  // empty directory: a question asked twice gets one place.
  Member self;
  // The nonce of the place that this one is to replace, whose process is gone; 0: there is none. A
  // late question of a dead process does not name the right one, and so displaces nobody.
  uint64_t replaces = 0;
};
struct WireJoinAnswer {
  ErrorCode code = ErrorCode::kOk;
  std::string text;
  // kNotLeader: where the leader is, or an empty host.
  std::string host;
  uint64_t port = 0;
  // kExists: the nonce of the place that the instance has now; ask again, naming it.
  uint64_t place = 0;
  // kOk:
  uint64_t cluster_id = 0;
  uint64_t raft_id = 0;
  std::vector<Member> members;
};

// Who are you, and have you a cluster? Asked by fresh instances (--expect), and by a member that
// hears of no leader: it wants to know whether it still is one.
struct WireInvite {
  std::string cluster_name;
  Member member;  // Of the cluster: whom to ask for a place.
};
struct WireInviteAnswer {
  ErrorCode code = ErrorCode::kOk;
  std::string text;
};

struct WireProbe {
  std::string cluster_name;
  Member self;
  uint64_t expect = 0;
  // The asker wants to found the cluster, with the promise of everybody it expects.
  bool claim = false;
};
struct WireProbeAnswer {
  ErrorCode code = ErrorCode::kOk;
  std::string text;
  bool in_cluster = false;
  uint64_t cluster_id = 0;  // If it is in one.
  bool removed = false;     // The asker's raft id was a member's and is none now.
  Member self;
  // Whom the answerer has promised to let found the cluster; empty: nobody.
  std::string promised_to;
  std::vector<Member> known;  // Others that it knows to be waiting.
};

// Encode sets type and head; the caller adds the bodies. Decode gives false for a head that is not
// what Encode makes.
WireMessage Encode(const WireRaft& m);
WireMessage Encode(const WireSubmit& m);
WireMessage Encode(const WireSubmitAnswer& m);
WireMessage Encode(const WireWatch& m);
WireMessage Encode(const WireApplied& m);
WireMessage Encode(const WireAdmin& m);
WireMessage Encode(const WireAdminAnswer& m);
WireMessage Encode(const WireSnapshotOffer& m);
WireMessage Encode(const WireSnapshotWant& m);
WireMessage Encode(const WireSnapshotChunk& m);
WireMessage Encode(const WireDigest& m);
WireMessage Encode(const WireSnapshotAsk& m);
WireMessage Encode(const WireRemoved& m);
WireMessage Encode(const WireJoin& m);
WireMessage Encode(const WireJoinAnswer& m);
WireMessage Encode(const WireProbe& m);
WireMessage Encode(const WireInvite& m);
WireMessage Encode(const WireInviteAnswer& m);
WireMessage Encode(const WireProbeAnswer& m);

bool Decode(std::string_view head, WireRaft* m);
bool Decode(std::string_view head, WireSubmit* m);
bool Decode(std::string_view head, WireSubmitAnswer* m);
bool Decode(std::string_view head, WireWatch* m);
bool Decode(std::string_view head, WireApplied* m);
bool Decode(std::string_view head, WireAdmin* m);
bool Decode(std::string_view head, WireAdminAnswer* m);
bool Decode(std::string_view head, WireSnapshotOffer* m);
bool Decode(std::string_view head, WireSnapshotWant* m);
bool Decode(std::string_view head, WireSnapshotChunk* m);
bool Decode(std::string_view head, WireDigest* m);
bool Decode(std::string_view head, WireSnapshotAsk* m);
bool Decode(std::string_view head, WireRemoved* m);
bool Decode(std::string_view head, WireJoin* m);
bool Decode(std::string_view head, WireJoinAnswer* m);
bool Decode(std::string_view head, WireProbe* m);
bool Decode(std::string_view head, WireInvite* m);
bool Decode(std::string_view head, WireInviteAnswer* m);
bool Decode(std::string_view head, WireProbeAnswer* m);

}  // namespace mydis
