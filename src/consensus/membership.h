// Who belongs to the cluster, as Raft sees it, and the changes of that: what a kConfChange entry of
// the log holds, and what a snapshot's `meta` must bring along.
//
// Both encodings are the Raft core's own messages (protobuf, package raftpb), because it must read
// them too:
//
//   ConfChangeV2     { transition = 1; repeated ConfChangeSingle changes = 2; bytes context = 3; }
//   ConfChangeSingle { type = 1; node_id = 2; }
//   ConfState        { repeated voters = 1; repeated learners = 2; repeated voters_outgoing = 3;
//                      repeated learners_next = 4; bool auto_leave = 5; }
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mydis/status.h"

namespace mydis {

// While `voters_outgoing` is not empty the configuration is joint: a decision needs a majority of
// `voters` and one of `voters_outgoing`. The engine gives the lists sorted.
struct ConfState {
  std::vector<uint64_t> voters;
  std::vector<uint64_t> learners;
  std::vector<uint64_t> voters_outgoing;
  std::vector<uint64_t> learners_next;  // Voters now, learners once the joint state is left.
  bool auto_leave = false;  // Part of the core's format; always false in a cluster of Mydis.
  bool operator==(const ConfState&) const = default;
};

// The numbers are raftpb's.
enum class ConfChangeKind : uint8_t { kAddVoter = 0, kRemove = 1, kAddLearner = 3 };

struct ConfChangeStep {
  ConfChangeKind kind = ConfChangeKind::kAddLearner;
  uint64_t id = 0;  // The instance's raft id: never 0, never used again once removed.
  bool operator==(const ConfChangeStep&) const = default;
};

// One step takes effect at once: kAddVoter adds an instance or promotes a learner, kAddLearner adds
// one or demotes a voter, kRemove removes either. Several steps (a replacement: add one, remove
// another) go through a joint configuration, which the leader's engine leaves by itself; the entry
// by which it does so has no steps and no context.
struct ConfChange {
  std::vector<ConfChangeStep> steps;
  std::string context;  // Opaque to Raft: the address of the instance added, for instance.
  bool operator==(const ConfChange&) const = default;
};

std::string EncodeConfChange(const ConfChange& change);
// kCorrupt unless `bytes` is a change as EncodeConfChange or the Raft core writes it.
Result<ConfChange> DecodeConfChange(std::string_view bytes);

std::string EncodeConfState(const ConfState& state);
Result<ConfState> DecodeConfState(std::string_view bytes);

}  // namespace mydis
