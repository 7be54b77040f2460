// A batch of client commands on its way through the log.
#pragma once

#include <cstdint>
#include <string>

#include "base/envelope.h"
#include "mydis/status.h"

namespace mydis {

// Derive from it to keep what the answer needs. Made by a session, given to Replica::Submit, and
// given back by Machine::Complete, exactly once.
struct Submission {
  virtual ~Submission() = default;

  // kEnvelopeSize bytes of room, then the body. The replica writes the envelope, and takes the
  // bytes away when they are sent: empty when the submission comes back.
  std::string payload = std::string(kEnvelopeSize, '\0');
  EntryBody kind = EntryBody::kCommands;
  uint32_t operations = 0;
  bool strong = false;  // Answered when every member has applied it.
  // On Clock::MonotonicUs(); 0: now + ReplicaOptions::raft_timeout_us, and what the bytes of it and
  // of those before it take on a slow network.
  uint64_t deadline_us = 0;

  // Written by the replica.
  uint64_t sequence = 0;  // Its number among this process's submissions; 0 until it is sent.
  // The log entry that was applied, or the snapshot that contains it; 0 until then.
  uint64_t index = 0;
};

// What became of a submission.
//
//   status          applied  meaning
//   kOk             yes      committed and applied here (and, if strong, by everybody)
//   kNotAll         yes      strong, but only `applied_on` of `members` had it in time
//   kNotCommitted   no       certainly not written: it never left this process, or was refused
//   kDiskFull       no       as kNotCommitted; the leader or this instance has no room
//   kUnknown        no       sent, and time is up; it may still be applied
//   kUnknown        yes      committed (this instance caught up by a snapshot that contains it),
//                            but the reply cannot be made any more; message says so
struct Outcome {
  Status status;
  bool applied = false;
  uint32_t applied_on = 0;  // For strong ones.
  uint32_t members = 0;
};

}  // namespace mydis
