// The words of Raft that engine, storage and transport share.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace mydis {

// What a voter must remember over a restart: the newest term it has seen, whom it voted for in that
// term (0: nobody), and how far it knows the log to be committed.
struct HardState {
  uint64_t term = 0;
  uint64_t vote = 0;
  uint64_t commit = 0;
  bool operator==(const HardState&) const = default;
};

enum class EntryKind : uint8_t {
  kNormal = 0,      // Data is an envelope and its body (base/envelope.h), or empty: a new leader's
                    // first entry.
  kConfChange = 1,  // Data is the engine's own encoding of a membership change.
};

// One entry of the Raft log. A null `data` means the same as an empty one, except where a contract
// says that it stands for bytes that stayed on disk; `size_on_disk` is then how many.
struct LogEntry {
  uint64_t index = 0;
  uint64_t term = 0;
  EntryKind kind = EntryKind::kNormal;
  Payload data;
  uint32_t size_on_disk = 0;
  uint64_t Size() const { return data ? data->size() : size_on_disk; }
};

}  // namespace mydis
