// The fixed head of every log entry's payload: who submitted it, and the time and chance that the
// leader gave it. Bytes (little endian, kEnvelopeSize in all):
//
//   0  u8   version (kEnvelopeVersion)
//   1  u8   kind (EntryBody)
//   2  u16  zero
//   4  u32  number of operations in the body
//   8  u64  time_ms: the cluster's time, stamped by the leader, never less than the entry before
//   16 u64  seed: random, stamped by the leader
//   24 u64  origin: the process start that submitted it; 0 for the leader's own pulses
//   32 u64  sequence: 1, 2, 3 … per origin; 0 for the leader's own pulses
//   40      body
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/codec.h"

namespace mydis {

inline constexpr uint8_t kEnvelopeVersion = 1;
inline constexpr size_t kEnvelopeSize = 40;

// What the body of an entry holds; its grammar is in state/entry_codec.h.
enum class EntryBody : uint8_t {
  kPulse = 0,     // Lets time pass, so that due keys expire; may bring the leader's advice.
  kCommands = 1,  // Commands and transactions of one origin's clients.
  kRegister = 2,  // Announces an origin (sequence 0) and the instance that it belongs to.
};

struct Envelope {
  EntryBody kind = EntryBody::kPulse;
  uint32_t operations = 0;
  uint64_t time_ms = 0;
  uint64_t seed = 0;
  uint64_t origin = 0;
  uint64_t sequence = 0;
};

// Writes `e` over the first kEnvelopeSize bytes at `p`.
inline void StoreEnvelope(char* p, const Envelope& e) {
  StoreLittle<uint8_t>(p, kEnvelopeVersion);
  StoreLittle<uint8_t>(p + 1, static_cast<uint8_t>(e.kind));
  StoreLittle<uint16_t>(p + 2, 0);
  StoreLittle<uint32_t>(p + 4, e.operations);
  StoreLittle<uint64_t>(p + 8, e.time_ms);
  StoreLittle<uint64_t>(p + 16, e.seed);
  StoreLittle<uint64_t>(p + 24, e.origin);
  StoreLittle<uint64_t>(p + 32, e.sequence);
}

// The leader's part alone, written in place just before the entry is proposed.
inline void StampEnvelope(char* p, uint64_t time_ms, uint64_t seed) {
  StoreLittle<uint64_t>(p + 8, time_ms);
  StoreLittle<uint64_t>(p + 16, seed);
}

// False if `payload` is no envelope of a version known here.
inline bool LoadEnvelope(std::string_view payload, Envelope* e) {
  if (payload.size() < kEnvelopeSize || LoadLittle<uint8_t>(payload.data()) != kEnvelopeVersion)
    return false;
  const char* p = payload.data();
  e->kind = static_cast<EntryBody>(LoadLittle<uint8_t>(p + 1));
  e->operations = LoadLittle<uint32_t>(p + 4);
  e->time_ms = LoadLittle<uint64_t>(p + 8);
  e->seed = LoadLittle<uint64_t>(p + 16);
  e->origin = LoadLittle<uint64_t>(p + 24);
  e->sequence = LoadLittle<uint64_t>(p + 32);
  return e->kind <= EntryBody::kRegister;
}

}  // namespace mydis
