// A call of a session under way: what is sent, where its answer goes, and how far it has come.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "mydis/channel.h"
#include "mydis/future.h"

namespace mydis {

class Lane;

// The revisions that a session knows of. Any thread.
struct SessionRevisions {
  // The highest that an answer of the session has had, or that it was told to see.
  std::atomic<uint64_t> seen{0};
  // Of an instance in this process: that its state is known to have reached.
  std::atomic<uint64_t> here{0};

  static void Raise(std::atomic<uint64_t>& to, uint64_t revision) {
    uint64_t known = to.load(std::memory_order_relaxed);
    while (known < revision &&
           !to.compare_exchange_weak(known, revision, std::memory_order_acq_rel)) {
    }
  }
};

// The cluster remembers the results of numbered writes for 300 s at least (RequestTable), those of
// others for its `request-retention`, 300 s by default. What may have happened longer ago than this
// is not sent again.
inline constexpr uint64_t kRepeatWindowUs = 240'000'000;

// By what a server can tell that a write is sent again: NUMBERED, or ONCE.
enum class WriteTag : uint8_t { kNone, kNumber, kId };

// Made by one thread, then guarded by the lock of its lane; the answer that it is, is any thread's.
struct PendingCall final : detail::FutureState {
  static constexpr uint64_t kNever = UINT64_MAX;

  // --- What is sent ---
  // A whole command, encoded, after whose reply the rest is sent, unless it is an error.
  std::string guard;
  // Whole commands, encoded, before the last one.
  std::string prelude;
  uint32_t prelude_count = 0;
  // The last command's words as bulk strings, and how many they are.
  std::string words;
  Payload long_words;  // Instead of `words`, so that they need not be copied.
  uint32_t word_count = 0;

  // --- How ---
  bool is_read = false;
  bool blocks = false;  // It may wait for a key.
  // So long it may wait by its own words; 0: for ever.
  std::optional<uint64_t> own_wait_us;
  bool unnumbered = false;  // A write of which the cluster keeps no result.
  bool impatient = false;   // It ends when no instance could be connected to.
  std::optional<Consistency> consistency;
  uint64_t min_revision = 0;
  std::string request_id;
  uint64_t started_us = 0;  // Of the monotonic clock.
  uint64_t deadline_us = kNever;
  // So long the connection may be silent while this one waits for its reply.
  uint64_t silence_us = kNever;

  // --- How far it has come ---
  uint64_t number = 0;             // Among the numbered writes of its lane; 0: it is none.
  uint64_t doubt_us = 0;           // This attempt may have been carried out since then; 0: it
                                   // certainly has not.
  uint64_t doubt_before_us = 0;    // Likewise of the attempts over earlier connections.
  WriteTag tag = WriteTag::kNone;  // That it was sent with.
  uint64_t at_least = 0;           // The revision that it was sent with; 0: none.
  bool guard_passed = false;
  bool given = false;             // Its answer, which it is completed with.
  bool given_up = false;          // Has been answered; only its reply is still to come.
  std::optional<Status> refusal;  // The last one: the instance will not do it now; another may.
  uint32_t prelude_replies = 0;
  bool prelude_refused = false;  // One of these replies was a refusal.
  // By the number of the command. Who waits for the answer reads them once it is there.
  std::vector<std::pair<uint32_t, Status>> prelude_errors;

  // Whose connection a thread that waits for it may read. Constant once it is made.
  std::weak_ptr<Lane> lane;

  bool in_doubt() const { return doubt_us != 0 || doubt_before_us != 0; }
  // `why` it has failed, or kUnknown if it may have happened all the same.
  Status Outcome(Status why) const {
    if (!in_doubt() || why.code() == ErrorCode::kUnknown) return why;
    return {ErrorCode::kUnknown, why.message() + ": the write may or may not have happened"};
  }
  // The connection is lost over which it was sent: it is as if it had not been, but for what it may
  // have done.
  void EndAttempt(uint64_t now_us) {
    // What waits for a key can only just have found it: replies that came were read.
    if (doubt_us != 0 && blocks) doubt_before_us = now_us;
    if (doubt_before_us == 0) doubt_before_us = doubt_us;
    doubt_us = 0;
    guard_passed = false;
    prelude_replies = 0;
    prelude_refused = false;
    prelude_errors.clear();
  }

  // As it was sent, it may be sent again.
  bool repeatable() const { return is_read || tag != WriteTag::kNone; }
  // Memory, more or less.
  size_t bytes() const {
    return sizeof(PendingCall) + guard.size() + prelude.size() + words.size() +
           (long_words ? long_words->size() : 0);
  }

  // Returns once another thread has brought the answer.
  void WaitForOthers() { FutureState::Wait(); }

 protected:
  // lane_reading.cc
  void Wait() override;
  void LetCome() override;
};

using CallPointer = std::shared_ptr<PendingCall>;

// A call, and what it is to be answered with once no lock is held.
using AnsweredCalls = std::vector<std::pair<CallPointer, Result<Value>>>;

}  // namespace mydis
