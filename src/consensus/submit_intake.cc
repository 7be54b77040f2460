#include "consensus/submit_intake.h"

#include "base/envelope.h"
#include "base/log.h"

namespace mydis {
namespace {

constexpr uint64_t kWaitingBytes = 64 << 20;
// Well below the silence after which an origin sends again.
constexpr uint64_t kConfirmUs = 100'000;

}  // namespace

void SubmitIntake::Close(uint64_t leader) {
  leading_ = open_ = false;
  leader_ = leader;
  streams_.clear();
  proposed_.clear();
  owed_.clear();
  waiting_bytes_ = 0;
  for (Waiting& w : std::exchange(waiting_, {}))
    Reply(w.from, w.head, SubmitVerdict::kNotLeader, 0);
}

void SubmitIntake::Lead(bool open) {
  leading_ = true;
  open_ = open;
  if (!open_ || waiting_.empty()) return;
  waiting_bytes_ = 0;
  for (Waiting& w : std::exchange(waiting_, {})) Take(w.from, w.head, std::move(w.bodies));
}

void SubmitIntake::Receive(uint64_t from, const WireSubmit& head, std::vector<Payload> bodies) {
  if (!leading_) return Reply(from, head, SubmitVerdict::kNotLeader, 0);
  if (open_) return Take(from, head, std::move(bodies));
  for (const Payload& body : bodies) waiting_bytes_ += body->size();
  if (waiting_bytes_ > kWaitingBytes) return Reply(from, head, SubmitVerdict::kRestart, 0);
  waiting_.push_back(Waiting{from, head, std::move(bodies)});
}

void SubmitIntake::Take(uint64_t from, const WireSubmit& head, std::vector<Payload> bodies) {
  if (disk_full_) return Reply(from, head, SubmitVerdict::kDiskFull, 0);
  uint64_t sequence = head.sequence;
  for (const Payload& body : bodies) {
    Envelope envelope;
    const bool registration = head.sequence == 0;
    if (!LoadEnvelope(*body, &envelope) || envelope.origin != head.origin ||
        (envelope.kind == EntryBody::kRegister) != registration ||
        (!registration && envelope.sequence != sequence++)) {
      LogError("member {} sent a submission that contradicts itself; dropped", from);
      return;
    }
  }
  if (head.sequence == 0) {
    for (Payload& body : bodies) propose_(std::move(body));
    return;
  }
  Stream& stream = streams_[head.origin];
  if (head.stream < stream.stream) return;
  if (head.stream > stream.stream) {
    // Without its beginning a stream is good for nothing.
    if (!head.start) return Reply(from, head, SubmitVerdict::kRestart, 0);
    stream = Stream{head.stream, head.sequence, false};
  }
  if (stream.broken || head.sequence > stream.next)
    return Reply(from, head, SubmitVerdict::kRestart, stream.next);
  sequence = head.sequence;
  for (Payload& body : bodies) {
    if (sequence++ < stream.next) continue;  // A message that came twice.
    proposed_.emplace_back(propose_(std::move(body)), head.origin);
    ++stream.next;
  }
  Owed& owed = owed_.try_emplace(head.origin, Owed{from, head, 0}).first->second;
  owed.from = from;
  owed.head = head;
}

void SubmitIntake::Refused(uint64_t ref) {
  for (const auto& [proposed, origin] : proposed_)
    if (proposed == ref) streams_[origin].broken = true;
}

void SubmitIntake::TurnDone(uint64_t now_us) {
  proposed_.clear();
  for (auto it = owed_.begin(); it != owed_.end();) {
    Owed& owed = it->second;
    const Stream& stream = streams_[it->first];
    if (owed.since_us == 0) owed.since_us = now_us;
    const bool current = stream.stream == owed.head.stream;
    if (current && !stream.broken && now_us - owed.since_us < kConfirmUs) {
      ++it;
      continue;
    }
    if (current) {
      Reply(owed.from, owed.head,
            stream.broken ? SubmitVerdict::kRestart : SubmitVerdict::kAccepted, stream.next);
    }
    it = owed_.erase(it);
  }
}

void SubmitIntake::Reply(uint64_t to, const WireSubmit& head, SubmitVerdict verdict,
                         uint64_t sequence) {
  if (head.sequence == 0) return;  // Nobody waits for a word on a registration.
  answer_(to, WireSubmitAnswer{.origin = head.origin,
                               .stream = head.stream,
                               .verdict = verdict,
                               .sequence = sequence,
                               .leader = leader_});
}

}  // namespace mydis
