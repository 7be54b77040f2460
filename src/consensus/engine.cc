#include "consensus/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/assert.h"
#include "base/codec.h"
#include "base/log.h"
#include "consensus/engine/host.h"
#include "consensus/engine_output.h"
#include "consensus/engine_runtime.h"

// The archive's calls; engine/main.go says what they do and engine/wire.go what they take and give.
extern "C" {
uintptr_t MydisEngineStart(char* input, size_t length, void* output, int log_level);
void MydisEngineTurn(uintptr_t handle, char* input, size_t length, void* output, int log_level,
                     int yield);
void MydisEngineStop(uintptr_t handle);
}

void mydis_engine_log(int level, const char* line, size_t length) {
  mydis::LogLine(static_cast<mydis::LogLevel>(level), std::string_view(line, length));
}

void mydis_engine_fatal(const char* reason, size_t length) {
  const std::string text(reason, length);
  mydis::LogLine(mydis::LogLevel::kError, text);
  mydis::AssertFailed("consensus/engine", 0, "the Raft core can go on", text.c_str());
}

char* mydis_engine_reserve(void* output, size_t size) {
  return static_cast<mydis::EngineBuffer*>(output)->Reserve(size);
}

namespace mydis {
namespace {

// A thread that turns the core again and again looks to the Go runtime like one call that never
// yields: after 10 ms its monitor takes the thread's processor away, over and over, and for that
// polls at its highest rate, which cost a tenth of an unpipelined write. One that has yielded
// lately is left alone.
bool IsTimeToYield() {
  constexpr auto kOften = std::chrono::milliseconds(6);
  thread_local std::chrono::steady_clock::time_point last;
  const auto now = std::chrono::steady_clock::now();
  if (now - last < kOften) return false;
  last = now;
  return true;
}

// As engine/wire.go numbers them.
enum class Event : uint8_t {
  kTick,
  kStep,
  kPropose,
  kProposeChange,
  kReadIndex,
  kTransfer,
  kCampaign,
  kUnreachable,
  kReportSnapshot,
  kSetSnapshot,
  kCompact,
  kStatus,
  kAdvance,
};

// The lowest level that the process log takes: the core formats no line below it.
int WantedLogLevel() {
  int level = 0;
  while (level < static_cast<int>(LogLevel::kOff) && !LogEnabled(static_cast<LogLevel>(level)))
    ++level;
  return level;
}

void EncodeData(Encoder& out, std::string_view bytes) {
  out.U32(static_cast<uint32_t>(bytes.size()));
  out.Raw(bytes);
}

void EncodeNumbers(Encoder& out, std::span<const uint64_t> numbers) {
  out.U32(static_cast<uint32_t>(numbers.size()));
  for (uint64_t number : numbers) out.U64(number);
}

void EncodeMetadata(Encoder& out, const SnapshotMetadata& snapshot) {
  out.U64(snapshot.index);
  out.U64(snapshot.term);
  EncodeNumbers(out, snapshot.conf_state.voters);
  EncodeNumbers(out, snapshot.conf_state.learners);
  EncodeNumbers(out, snapshot.conf_state.voters_outgoing);
  EncodeNumbers(out, snapshot.conf_state.learners_next);
  out.U8(snapshot.conf_state.auto_leave);
}

std::string EncodeStart(const EngineOptions& options, const EngineState& state) {
  std::string bytes;
  Encoder out(bytes);
  out.U64(options.id);
  out.U32(static_cast<uint32_t>(options.election_ticks));
  out.U32(static_cast<uint32_t>(options.heartbeat_ticks));
  out.U32(static_cast<uint32_t>(options.max_inflight_messages));
  out.U32(static_cast<uint32_t>(options.max_entries_per_message));
  out.U64(options.max_bytes_per_message);
  out.U64(options.max_log_bytes_per_turn);
  out.U64(options.random_seed);
  out.U64(state.hard_state.term);
  out.U64(state.hard_state.vote);
  out.U64(state.hard_state.commit);
  EncodeMetadata(out, state.snapshot);
  out.U64(state.base_index);
  out.U64(state.base_term);
  for (const LogEntry& entry : state.entries) {
    out.U64(entry.term);
    out.U8(static_cast<uint8_t>(entry.kind));
    out.U32(static_cast<uint32_t>(std::min<uint64_t>(entry.Size(), UINT32_MAX)));
    const bool change = entry.kind == EntryKind::kConfChange && entry.data != nullptr;
    EncodeData(out, change ? std::string_view(*entry.data) : std::string_view());
  }
  return bytes;
}

Status CheckStart(const EngineOptions& options, const EngineState& state) {
  for (int value : {options.election_ticks, options.heartbeat_ticks, options.max_inflight_messages,
                    options.max_entries_per_message})
    if (value <= 0 || options.max_bytes_per_message == 0 || options.max_log_bytes_per_turn == 0)
      return {ErrorCode::kInvalid, "consensus: times and limits on messages must be positive"};
  uint64_t index = state.base_index;
  for (const LogEntry& entry : state.entries)
    if (entry.index != ++index)
      return {ErrorCode::kInvalid,
              fmt::format("consensus: the log has entry {} where {} is due", entry.index, index)};
  return {};
}

}  // namespace

struct Engine::Impl {
  uintptr_t handle = 0;
  std::string input;
  bool outstanding = false;
  bool advanced = false;  // Since the last turn.
  EngineBuffer output;
  OutputDecoder decoder;

  Encoder Queue(Event event) {
    Encoder out(input);
    out.U8(static_cast<uint8_t>(event));
    return out;
  }
};

Result<std::unique_ptr<Engine>> Engine::Start(const EngineOptions& options,
                                              const EngineState& state) {
  if (Status status = CheckStart(options, state); !status.ok()) return Fail(std::move(status));
  StartEngineRuntime();
  auto impl = std::make_unique<Impl>();
  std::string bytes = EncodeStart(options, state);
  impl->handle = MydisEngineStart(bytes.data(), bytes.size(), &impl->output, WantedLogLevel());
  if (impl->handle == 0) {
    Decoder error(impl->output.view());
    const bool lost = error.U8() != 0;
    return Fail(lost ? ErrorCode::kCorrupt : ErrorCode::kInvalid,
                fmt::format("consensus: {}", error.Raw(error.remaining())));
  }
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() { MydisEngineStop(impl_->handle); }

void Engine::Tick() { impl_->Queue(Event::kTick); }

void Engine::Step(uint64_t from, std::string_view message, std::span<const uint64_t> refs) {
  Encoder out = impl_->Queue(Event::kStep);
  out.U64(from);
  EncodeData(out, message);
  EncodeNumbers(out, refs);
}

void Engine::Propose(uint64_t ref) { impl_->Queue(Event::kPropose).U64(ref); }

void Engine::ProposeConfChange(uint64_t token, std::string_view change) {
  Encoder out = impl_->Queue(Event::kProposeChange);
  out.U64(token);
  EncodeData(out, change);
}

void Engine::ReadIndex(uint64_t context) { impl_->Queue(Event::kReadIndex).U64(context); }
void Engine::TransferLeadership(uint64_t to) { impl_->Queue(Event::kTransfer).U64(to); }
void Engine::Campaign() { impl_->Queue(Event::kCampaign); }
void Engine::ReportUnreachable(uint64_t peer) { impl_->Queue(Event::kUnreachable).U64(peer); }

void Engine::ReportSnapshot(uint64_t peer, bool ok) {
  Encoder out = impl_->Queue(Event::kReportSnapshot);
  out.U64(peer);
  out.U8(ok);
}

void Engine::SetSnapshot(const SnapshotMetadata& snapshot) {
  Encoder out = impl_->Queue(Event::kSetSnapshot);
  EncodeMetadata(out, snapshot);
}

void Engine::Compact(uint64_t index) { impl_->Queue(Event::kCompact).U64(index); }
void Engine::RequestStatus() { impl_->Queue(Event::kStatus); }

void Engine::Advance() {
  MYDIS_ASSERT(impl_->outstanding && !impl_->advanced, "Advance() without an outstanding Ready");
  impl_->Queue(Event::kAdvance);
  impl_->advanced = true;
}

bool Engine::HasInput() const { return !impl_->input.empty(); }
bool Engine::ReadyOutstanding() const { return impl_->outstanding && !impl_->advanced; }

const TurnOutput& Engine::Turn() {
  Impl& impl = *impl_;
  MydisEngineTurn(impl.handle, impl.input.data(), impl.input.size(), &impl.output, WantedLogLevel(),
                  IsTimeToYield());
  impl.input.clear();
  const TurnOutput& out = impl.decoder.Decode(impl.output.view());
  impl.outstanding = out.has_ready || !out.settled;
  impl.advanced = false;
  return out;
}

}  // namespace mydis
