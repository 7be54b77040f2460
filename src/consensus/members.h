// Who belongs to the cluster: Raft's configuration together with what people and sockets need to
// know of each member. Every instance has the same table at the same index; it is kept in snapshot
// meta and changed by configuration changes alone, whose `context` brings the records.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/codec.h"
#include "consensus/membership.h"
#include "mydis/status.h"

namespace mydis {

// The raft id of the instance that founds a cluster.
inline constexpr uint64_t kFounderId = 1;

enum class MemberRole : uint8_t {
  kVoter = 0,    // Counts for majorities.
  kLearner = 1,  // Has everything and serves clients, but counts for nothing.
};

struct Member {
  uint64_t raft_id = 0;     // Never 0, never used again after removal.
  std::string instance_id;  // Unique among members.
  std::string host;         // Advertised; resolved anew at every connect.
  uint16_t raft_port = 0;   // RPC is raft_port + 1.
  MemberRole role = MemberRole::kLearner;
  uint64_t nonce = 0;  // Of the join that gave it its place: asked twice, one place.
  bool operator==(const Member&) const = default;
};

void EncodeMember(Encoder& out, const Member& member);
// False (and !in.ok() or a senseless field) if there is no member here.
bool DecodeMember(Decoder& in, Member* member);

// "host:port" or "[v6]:port" of the Raft port.
std::string MemberAddress(const Member& member);

// One thread.
class Members {
 public:
  const std::map<uint64_t, Member>& all() const { return members_; }
  const ConfState& conf_state() const { return conf_state_; }
  size_t size() const { return members_.size(); }
  const Member* Find(uint64_t raft_id) const;
  const Member* FindInstance(std::string_view instance_id) const;
  bool IsVoter(uint64_t raft_id) const;
  // True for an id that was given out and is in use no more. A table that is still empty knows
  // nobody, and so nobody who was removed.
  bool WasRemoved(uint64_t raft_id) const {
    return !members_.empty() && raft_id < next_raft_id_ && !members_.contains(raft_id);
  }
  uint64_t next_raft_id() const { return next_raft_id_; }
  std::vector<Member> List() const;

  // The table of a new cluster: the founder alone, a voter.
  static Members Found(Member founder);
  // Takes the records of a committed change (its `context`, as EncodeContext makes it) and the
  // configuration that Raft has come to by it. Members that the configuration does not name any
  // more go; roles are taken from it.
  void Apply(std::string_view context, const ConfState& state);
  // Records (new members, or old ones with a new address) for a change's context.
  static std::string EncodeContext(const std::vector<Member>& records);

  void Save(std::string& out) const;
  // kCorrupt if `bytes` is not what Save wrote.
  Status Load(std::string_view bytes);

  bool operator==(const Members&) const = default;

 private:
  std::map<uint64_t, Member> members_;
  ConfState conf_state_;
  uint64_t next_raft_id_ = kFounderId + 1;
};

}  // namespace mydis
