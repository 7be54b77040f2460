// Until when every instance keeps a history of what it applies, for watches; docs/watching.md.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/codec.h"

namespace mydis {

// Part of the state.
struct HistoryDemand {
  // For so long once it is asked for.
  static constexpr uint64_t kKeptMs = 3'600'000;

  // Cluster's times; 0: never asked for.
  uint64_t changes_until_ms = 0;
  uint64_t messages_until_ms = 0;

  bool KeepsChanges(uint64_t now_ms) const { return changes_until_ms > now_ms; }
  bool KeepsMessages(uint64_t now_ms) const { return messages_until_ms > now_ms; }
  void AskForChanges(uint64_t now_ms) {
    changes_until_ms = std::max(changes_until_ms, now_ms + kKeptMs);
  }
  void AskForMessages(uint64_t now_ms) {
    messages_until_ms = std::max(messages_until_ms, now_ms + kKeptMs);
  }

  void Save(Encoder& out) const {
    out.U64(changes_until_ms);
    out.U64(messages_until_ms);
  }
  bool Load(Decoder& in) {
    changes_until_ms = in.U64();
    messages_until_ms = in.U64();
    return in.ok();
  }
};

}  // namespace mydis
