#include "consensus/membership.h"

#include "base/codec.h"

namespace mydis {
namespace {

// A protobuf field's key is its number and how its value is written.
enum WireType : uint64_t { kVarint = 0, kBytes = 2 };
constexpr uint64_t Key(uint64_t field, WireType type) { return field << 3 | type; }

constexpr uint64_t kTransition = Key(1, kVarint), kChanges = Key(2, kBytes),
                   kContext = Key(3, kBytes);
// Of raftpb.ConfChangeTransition, what Mydis uses.
constexpr uint64_t kSimple = 0, kJointExplicit = 2;
constexpr uint64_t kStepType = Key(1, kVarint), kStepId = Key(2, kVarint);
constexpr uint64_t kVoters = Key(1, kVarint), kLearners = Key(2, kVarint),
                   kVotersOutgoing = Key(3, kVarint), kLearnersNext = Key(4, kVarint),
                   kAutoLeave = Key(5, kVarint);

void PutVarint(Encoder& out, uint64_t key, uint64_t value) {
  out.Varint(key);
  out.Varint(value);
}

uint64_t TransitionOf(const ConfChange& change) {
  return change.steps.size() > 1 ? kJointExplicit : kSimple;
}

bool DecodeStep(std::string_view bytes, ConfChangeStep* step) {
  Decoder in(bytes);
  uint64_t kind = 0;
  while (in.ok() && !in.AtEnd()) {
    switch (in.Varint()) {
      case kStepType:
        kind = in.Varint();
        break;
      case kStepId:
        step->id = in.Varint();
        break;
      default:
        return false;
    }
  }
  step->kind = static_cast<ConfChangeKind>(kind);
  const bool known = kind == static_cast<uint64_t>(ConfChangeKind::kAddVoter) ||
                     kind == static_cast<uint64_t>(ConfChangeKind::kRemove) ||
                     kind == static_cast<uint64_t>(ConfChangeKind::kAddLearner);
  return in.ok() && known && step->id != 0;
}

}  // namespace

std::string EncodeConfChange(const ConfChange& change) {
  std::string bytes;
  Encoder out(bytes);
  PutVarint(out, kTransition, TransitionOf(change));
  for (const ConfChangeStep& step : change.steps) {
    std::string inner;
    Encoder in(inner);
    PutVarint(in, kStepType, static_cast<uint64_t>(step.kind));
    PutVarint(in, kStepId, step.id);
    out.Varint(kChanges);
    out.Bytes(inner);
  }
  if (!change.context.empty()) {
    out.Varint(kContext);
    out.Bytes(change.context);
  }
  return bytes;
}

Result<ConfChange> DecodeConfChange(std::string_view bytes) {
  ConfChange change;
  Decoder in(bytes);
  bool good = true;
  uint64_t transition = kSimple;
  while (good && in.ok() && !in.AtEnd()) {
    switch (in.Varint()) {
      case kTransition:
        transition = in.Varint();
        break;
      case kChanges:
        good = DecodeStep(in.Bytes(), &change.steps.emplace_back());
        break;
      case kContext:
        change.context = in.Bytes();
        break;
      default:
        good = false;
    }
  }
  if (!good || !in.ok() || transition != TransitionOf(change))
    return Fail(ErrorCode::kCorrupt, "consensus: a configuration change cannot be decoded");
  return change;
}

std::string EncodeConfState(const ConfState& state) {
  std::string bytes;
  Encoder out(bytes);
  for (uint64_t id : state.voters) PutVarint(out, kVoters, id);
  for (uint64_t id : state.learners) PutVarint(out, kLearners, id);
  for (uint64_t id : state.voters_outgoing) PutVarint(out, kVotersOutgoing, id);
  for (uint64_t id : state.learners_next) PutVarint(out, kLearnersNext, id);
  PutVarint(out, kAutoLeave, state.auto_leave);
  return bytes;
}

Result<ConfState> DecodeConfState(std::string_view bytes) {
  ConfState state;
  Decoder in(bytes);
  bool good = true;
  while (good && in.ok() && !in.AtEnd()) {
    switch (in.Varint()) {
      case kVoters:
        state.voters.push_back(in.Varint());
        break;
      case kLearners:
        state.learners.push_back(in.Varint());
        break;
      case kVotersOutgoing:
        state.voters_outgoing.push_back(in.Varint());
        break;
      case kLearnersNext:
        state.learners_next.push_back(in.Varint());
        break;
      case kAutoLeave:
        state.auto_leave = in.Varint() != 0;
        break;
      default:
        good = false;
    }
  }
  if (!good || !in.ok())
    return Fail(ErrorCode::kCorrupt, "consensus: a cluster's configuration cannot be decoded");
  return state;
}

}  // namespace mydis
