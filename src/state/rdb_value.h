// Values in Redis's own file format: what DUMP gives and RESTORE takes, and the body of RDB files.
//
//   payload of DUMP:  u8 type | value | u16 version | u64 CRC-64 of all before it
//
// Values are written as redis-server 7.2 writes them, or 7.0 if asked to; hashes whose fields
// expire as 7.4 does. Every type that versions up to 12 know is read, but for those of modules.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "state/keyspace.h"
#include "types/hash.h"
#include "types/limits.h"
#include "types/list.h"
#include "types/rdb_bytes.h"
#include "types/set.h"
#include "types/sorted_set.h"
#include "types/stream.h"

namespace mydis {

// That of Redis 7.2, and of 7.4 for what needs it: the highest that is read.
inline constexpr uint16_t kRdbVersion = 11;
// The lowest that is written: that of Redis 7.0.
inline constexpr uint16_t kRdbVersionLowest = 10;
inline constexpr uint16_t kRdbVersionTimed = 12;

using RdbValue = std::variant<std::string, Hash, List, Set, SortedSet, Stream>;

// Appends the type's number, then the value, in a form that files of `version` may have.
// REQUIRES: RdbVersionOf(entry) <= version.
void WriteRdbValue(const Entry& entry, RdbWriter& out, uint16_t version = kRdbVersionTimed);
// The lowest version, of those that are written, that can hold the value.
uint16_t RdbVersionOf(const Entry& entry);
// Reads a value whose type's number has been read. nullopt if it is malformed, of an unknown type,
// or a collection without elements.
std::optional<RdbValue> ReadRdbValue(uint8_t type, RdbReader& in, const EncodingLimits& limits);
// Creates or replaces a key.
void PutRdbValue(Keyspace& keyspace, uint32_t db, std::string_view key, RdbValue value, Ttl ttl);

std::string DumpPayload(const Entry& entry);
// Makes a payload of a type's number and a value, as a file of that version has them.
void AppendDumpFooter(std::string& payload, uint16_t version);
// Whether a payload is of a version that can be read, and its checksum is right.
bool IsDumpPayload(std::string_view payload);
// REQUIRES: IsDumpPayload(payload).
std::optional<RdbValue> ReadDumpPayload(std::string_view payload, const EncodingLimits& limits);

}  // namespace mydis
