#include "consensus/engine_output.h"

#include "base/assert.h"

namespace mydis {
namespace {

constexpr uint8_t kSettled = 1, kSnapshotWanted = 2, kStatus = 4, kReady = 8, kEarly = 16;
constexpr uint8_t kMustSync = 1, kHardState = 2, kSnapshot = 4;

std::string_view DecodeData(Decoder& in) {
  const uint32_t size = in.U32();
  return in.Raw(size);
}

std::vector<uint64_t> DecodeNumbers(Decoder& in) {
  std::vector<uint64_t> numbers(in.U32());
  for (uint64_t& number : numbers) number = in.U64();
  return numbers;
}

// Members are decoded in the order of the grammar: braces evaluate from left to right.
ConfState DecodeConf(Decoder& in) {
  return ConfState{DecodeNumbers(in), DecodeNumbers(in), DecodeNumbers(in), DecodeNumbers(in),
                   in.U8() != 0};
}

// Fills `items` with a counted sequence, each read by `decode`.
template <typename T, typename F>
std::span<const T> DecodeList(Decoder& in, std::vector<T>& items, F decode) {
  items.clear();
  const uint32_t count = in.U32();
  for (uint32_t i = 0; i < count; ++i) items.push_back(decode());
  return items;
}

}  // namespace

char* EngineBuffer::Reserve(size_t size) {
  if (size > capacity_) {
    capacity_ = 2 * size;
    bytes_ = std::make_unique_for_overwrite<char[]>(capacity_);
  }
  size_ = size;
  return bytes_.get();
}

const TurnOutput& OutputDecoder::Decode(std::string_view bytes) {
  Decoder in(bytes);
  out_ = TurnOutput();
  const uint8_t flags = in.U8();
  out_.settled = flags & kSettled;
  out_.snapshot_wanted = flags & kSnapshotWanted;
  out_.has_ready = flags & kReady;
  out_.state.role = static_cast<RaftRole>(in.U8());
  out_.state.leader = in.U64();
  out_.state.term = in.U64();
  out_.state.commit = in.U64();
  out_.state.transferee = in.U64();
  DecodeReport(in);
  if (flags & kStatus) DecodeStatus(in);
  if (flags & kReady) DecodeReady(in);
  if (flags & kEarly) out_.early = DecodeMessages(in);
  MYDIS_ASSERT(in.ok() && in.AtEnd(), "the Raft core's output does not follow its grammar");
  return out_;
}

void OutputDecoder::DecodeReport(Decoder& in) {
  out_.refusals = DecodeList(in, refusals_, [&] {
    return RefusedProposal{in.U64(), static_cast<Refusal>(in.U8())};
  });
  out_.conf_change_results = DecodeList(in, conf_change_results_, [&] {
    return ConfChangeResult{in.U64(), static_cast<Refusal>(in.U8()), in.U64(), in.U64()};
  });
  out_.read_states = DecodeList(in, read_states_, [&] { return ReadState{in.U64(), in.U64()}; });
  out_.conf_states = DecodeList(in, conf_states_, [&] {
    return AppliedConfState{in.U64(), DecodeConf(in)};
  });
  out_.step_errors = DecodeList(in, step_errors_, [&] {
    return StepError{in.U64(), DecodeData(in)};
  });
}

void OutputDecoder::DecodeStatus(Decoder& in) {
  EngineStatus& status = out_.status.emplace();
  status.applied = in.U64();
  status.conf_state = DecodeConf(in);
  DecodeList(in, status.peers, [&] {
    return PeerProgress{in.U64(), in.U64(),     in.U64(),    static_cast<ProgressState>(in.U8()),
                        in.U64(), in.U8() != 0, in.U8() != 0};
  });
}

void OutputDecoder::DecodeReady(Decoder& in) {
  Ready& ready = out_.ready;
  const uint8_t flags = in.U8();
  ready.must_sync = flags & kMustSync;
  if (flags & kHardState) ready.hard_state = HardState{in.U64(), in.U64(), in.U64()};
  DecodeEntries(in);
  if (flags & kSnapshot) ready.snapshot = SnapshotMetadata{in.U64(), in.U64(), DecodeConf(in)};
  ready.first_committed = in.U64();
  ready.last_committed = in.U64();
  ready.conf_changes = DecodeList(in, conf_changes_, [&] {
    return CommittedConfChange{in.U64(), DecodeData(in)};
  });
  ready.messages = DecodeMessages(in);
}

void OutputDecoder::DecodeEntries(Decoder& in) {
  out_.ready.entries = DecodeList(in, entries_, [&] {
    return NewEntry{in.U64(), in.U64(), static_cast<EntryKind>(in.U8()), in.U64(), DecodeData(in)};
  });
}

std::span<const OutMessage> OutputDecoder::DecodeMessages(Decoder& in) {
  return DecodeList(in, messages_, [&] {
    OutMessage m;
    m.to = in.U64();
    m.type = static_cast<MessageType>(in.U8());
    m.before_write = in.U8() != 0;
    m.first_index = in.U64();
    m.entry_count = in.U32();
    m.commit = in.U64();
    m.snapshot_index = in.U64();
    m.snapshot_term = in.U64();
    m.bytes = DecodeData(in);
    return m;
  });
}

}  // namespace mydis
