#include "consensus/origin_queue.h"

#include <algorithm>

#include "base/assert.h"
#include "base/envelope.h"

namespace mydis {
namespace {

constexpr uint64_t kTimeoutScanUs = 20'000;
constexpr uint64_t kRegisterRetryUs = 500'000;
constexpr uint64_t kLookUs = 100'000;
// What the leader may take for what it was sent, a second: to look at it, and to pass it on.
constexpr uint64_t kAcceptedBytes = 16 << 20;
constexpr uint64_t kAppliedBytes = 1 << 20;
// What a submission may take beyond its limit for each byte before it and its own, a second: to the
// leader, from there to the others, and to disks.
constexpr uint64_t kLimitBytes = 4 << 20;

uint64_t TimeFor(uint64_t bytes, uint64_t bytes_per_second) {
  return bytes * 1'000'000 / bytes_per_second;
}

}  // namespace

OriginQueue::OriginQueue(OriginOptions options, Send send, Moving moving)
    : options_(std::move(options)), send_(std::move(send)), moving_(std::move(moving)) {}

void OriginQueue::Submit(std::unique_ptr<Submission> submission, uint64_t now_us) {
  MYDIS_ASSERT(submission->payload.size() >= kEnvelopeSize, "a submission has room for its head");
  waiting_bytes_ += submission->payload.size();
  if (submission->deadline_us == 0)
    submission->deadline_us = now_us + options_.timeout_us + TimeFor(bytes(), kLimitBytes);
  waiting_.push_back(std::move(submission));
}

// What comes while the leader is full is refused soon.
bool OriginQueue::HasRoom() const {
  if (leader_full_) return true;
  return bytes_ + waiting_bytes_ < options_.window_bytes && unapplied() < options_.window_count;
}

void OriginQueue::Pump(uint64_t now_us, bool leader_known, bool registered, uint64_t replaces) {
  if (now_us >= next_timeout_scan_us_) TimeOut(now_us);
  if (!leader_known) return;
  if (!registered) {
    if (now_us >= register_at_us_) Register(now_us, replaces);
    return;
  }
  if (leader_full_) return PumpFullLeader(now_us);
  Admit();
  if (in_flight_.empty()) return;
  if (Silent(now_us)) restart_ = true;
  if (!restart_ && Idle(now_us)) {
    restart_ = true;
    ++idle_streams_;
  }
  if (restart_ && now_us >= restart_at_us_) StartStream(now_us);
  if (!restart_) SendUnsent(now_us);
}

// Asks whether there is room by a stream without writes. What waits has not been sent to anybody,
// so that it can be refused, once the answer is that there is none.
void OriginQueue::PumpFullLeader(uint64_t now_us) {
  if (in_flight_.empty() && waiting_.empty()) return;
  if (!restart_ && now_us - heard_us_ >= options_.silence_us) restart_ = true;
  if (!restart_ || now_us < restart_at_us_) return;
  StartStream(now_us);
  const WireSubmit head{
      .origin = options_.origin,
      .stream = stream_,
      .start = true,
      .sequence = in_flight_.empty() ? next_sequence_ : in_flight_.front().sequence};
  stream_open_ = send_(head, {});
  restart_ = !stream_open_;
}

// What is on its way can have no answer yet.
bool OriginQueue::Silent(uint64_t now_us) {
  const bool unanswered = sent_ > 0 && accepted_ < in_flight_[sent_ - 1].sequence + 1;
  if (!unanswered) return false;
  if (now_us - std::max(heard_us_, looked_us_) >= kLookUs) {
    looked_us_ = now_us;
    if (moving_()) heard_us_ = now_us;
  }
  return now_us - heard_us_ >= options_.silence_us + TimeFor(bytes_, kAcceptedBytes);
}

bool OriginQueue::Idle(uint64_t now_us) const {
  constexpr uint32_t kMostDoublings = 4;
  const uint64_t limit_us = (options_.idle_us << std::min(idle_streams_, kMostDoublings)) +
                            TimeFor(bytes_, kAppliedBytes);
  return sent_ > 0 && now_us - std::max({progress_us_, started_us_, heard_us_}) >= limit_us;
}

void OriginQueue::Register(uint64_t now_us, uint64_t replaces) {
  register_at_us_ = now_us + kRegisterRetryUs;
  std::string payload(kEnvelopeSize, '\0');
  StoreEnvelope(
      payload.data(),
      Envelope{.kind = EntryBody::kRegister, .origin = options_.origin, .sequence = replaces});
  payload += options_.instance_id;
  std::vector<Payload> bodies;
  bodies.push_back(MakePayload(std::move(payload)));
  send_(WireSubmit{.origin = options_.origin, .stream = 0, .start = true, .sequence = 0},
        std::move(bodies));
}

// Moves submissions from waiting to in flight, as far as the window goes.
void OriginQueue::Admit() {
  while (!waiting_.empty() && in_flight_.size() < options_.window_count &&
         (bytes_ < options_.window_bytes || in_flight_.empty())) {
    std::unique_ptr<Submission> submission = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= submission->payload.size();
    submission->sequence = next_sequence_++;
    StoreEnvelope(submission->payload.data(), Envelope{.kind = submission->kind,
                                                       .operations = submission->operations,
                                                       .origin = options_.origin,
                                                       .sequence = submission->sequence});
    bytes_ += submission->payload.size();
    InFlight record;
    record.sequence = submission->sequence;
    record.payload = MakePayload(std::exchange(submission->payload, {}));
    record.submission = std::move(submission);
    in_flight_.push_back(std::move(record));
  }
}

void OriginQueue::StartStream(uint64_t now_us) {
  restart_ = false;
  restart_at_us_ = now_us + options_.restart_gap_us;
  ++stream_;
  stream_open_ = false;
  sent_ = 0;
  accepted_ = 0;
  started_us_ = now_us;
  heard_us_ = now_us;
}

void OriginQueue::SendUnsent(uint64_t now_us) {
  while (sent_ < in_flight_.size()) {
    if (sent_ == 0 || accepted_ == in_flight_[sent_ - 1].sequence + 1) heard_us_ = now_us;
    WireSubmit head{.origin = options_.origin,
                    .stream = stream_,
                    .start = !stream_open_,
                    .sequence = in_flight_[sent_].sequence};
    std::vector<Payload> bodies;
    uint64_t bytes = 0;
    while (sent_ < in_flight_.size() && bytes < options_.message_bytes) {
      bytes += in_flight_[sent_].payload->size();
      bodies.push_back(in_flight_[sent_++].payload);
    }
    stream_open_ = true;
    if (!send_(head, std::move(bodies))) {
      restart_ = true;
      restart_at_us_ = std::max(restart_at_us_, now_us + options_.restart_gap_us);
      return;
    }
  }
}

void OriginQueue::Answered(const WireSubmitAnswer& answer, uint64_t now_us) {
  if (answer.origin != options_.origin || answer.stream != stream_ || restart_) return;
  heard_us_ = now_us;
  switch (answer.verdict) {
    case SubmitVerdict::kAccepted:
      accepted_ = std::max(accepted_, answer.sequence);
      leader_full_ = false;
      break;
    case SubmitVerdict::kRestart:
    case SubmitVerdict::kNotLeader:
      restart_ = true;
      break;
    case SubmitVerdict::kDiskFull:
      restart_ = leader_full_ = true;
      restart_at_us_ = now_us + options_.silence_us / 4;
      FailWaiting(Status(ErrorCode::kDiskFull, "the leader's disk is full; nothing was written"));
      break;
  }
}

Submission* OriginQueue::Local(uint64_t sequence) {
  if (in_flight_.empty() || in_flight_.front().sequence != sequence) return nullptr;
  return in_flight_.front().submission.get();
}

std::unique_ptr<Submission> OriginQueue::Applied(uint64_t sequence, bool fresh, uint64_t index,
                                                 uint64_t now_us) {
  if (in_flight_.empty() || sequence < in_flight_.front().sequence) return nullptr;
  if (!fresh) {
    // One before it is missing in the log: everything has to go there again.
    restart_ = true;
    return nullptr;
  }
  MYDIS_ASSERT(in_flight_.front().sequence == sequence,
               "the origin table and this process count alike");
  InFlight record = std::move(in_flight_.front());
  in_flight_.pop_front();
  bytes_ -= record.payload->size();
  if (sent_ > 0) --sent_;
  progress_us_ = now_us;
  idle_streams_ = 0;
  leader_full_ = false;
  // Being applied says more than being accepted.
  accepted_ = std::max(accepted_, sequence + 1);
  heard_us_ = now_us;
  if (record.submission) record.submission->index = index;
  return std::move(record.submission);
}

void OriginQueue::Restored(uint64_t sequence, uint64_t index) {
  while (!in_flight_.empty() && in_flight_.front().sequence <= sequence) {
    InFlight record = std::move(in_flight_.front());
    in_flight_.pop_front();
    bytes_ -= record.payload->size();
    if (sent_ > 0) --sent_;
    if (!record.submission) continue;
    record.submission->index = index;
    Outcome outcome;
    outcome.status = Status(ErrorCode::kUnknown,
                            "the write is committed, but its reply was lost: this instance was "
                            "behind and caught up by a snapshot");
    outcome.applied = true;
    End(std::move(record.submission), std::move(outcome));
  }
}

void OriginQueue::FailWaiting(const Status& refused) {
  for (auto& submission : waiting_) End(std::move(submission), Outcome{.status = refused});
  waiting_.clear();
  waiting_bytes_ = 0;
}

void OriginQueue::FailAll(const Status& refused) {
  for (InFlight& record : in_flight_) {
    if (!record.submission) continue;
    End(std::move(record.submission),
        Outcome{.status = Status(ErrorCode::kUnknown,
                                 refused.message() + "; the write may or may not happen")});
  }
  FailWaiting(refused);
}

void OriginQueue::TimeOut(uint64_t now_us) {
  next_timeout_scan_us_ = now_us + kTimeoutScanUs;
  for (InFlight& record : in_flight_) {
    if (!record.submission || record.submission->deadline_us > now_us) continue;
    End(std::move(record.submission),
        Outcome{.status = Status(ErrorCode::kUnknown,
                                 "no majority has confirmed the write in time; it may or may not "
                                 "happen")});
  }
  auto keep = waiting_.begin();
  for (auto it = waiting_.begin(); it != waiting_.end(); ++it) {
    if ((*it)->deadline_us > now_us) {
      if (keep != it) *keep = std::move(*it);
      ++keep;
      continue;
    }
    waiting_bytes_ -= (*it)->payload.size();
    End(std::move(*it),
        Outcome{.status = Status(ErrorCode::kNotCommitted,
                                 "no leader could be reached in time; nothing was written")});
  }
  waiting_.erase(keep, waiting_.end());
}

void OriginQueue::End(std::unique_ptr<Submission> submission, Outcome outcome) {
  ended_.push_back(Ended{std::move(submission), std::move(outcome)});
}

}  // namespace mydis
