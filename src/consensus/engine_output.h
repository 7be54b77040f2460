// The engine's output buffer, and its decoding into TurnOutput. For engine.cc alone.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/codec.h"
#include "consensus/engine.h"

namespace mydis {

// What the Raft core writes into; grows and never shrinks. Thread: the engine's.
class EngineBuffer {
 public:
  // Room for `size` bytes; what was there is gone.
  char* Reserve(size_t size);
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

// Reads what engine/wire.go's grammar calls "output". Keeps its memory from turn to turn. Thread:
// the engine's.
class OutputDecoder {
 public:
  // The result and what it views live until the next call, and no longer than `bytes`.
  const TurnOutput& Decode(std::string_view bytes);

 private:
  void DecodeReport(Decoder& in);
  void DecodeStatus(Decoder& in);
  void DecodeReady(Decoder& in);
  void DecodeEntries(Decoder& in);
  std::span<const OutMessage> DecodeMessages(Decoder& in);

  TurnOutput out_;
  std::vector<RefusedProposal> refusals_;
  std::vector<ConfChangeResult> conf_change_results_;
  std::vector<ReadState> read_states_;
  std::vector<AppliedConfState> conf_states_;
  std::vector<StepError> step_errors_;
  std::vector<NewEntry> entries_;
  std::vector<CommittedConfChange> conf_changes_;
  std::vector<OutMessage> messages_;
};

}  // namespace mydis
