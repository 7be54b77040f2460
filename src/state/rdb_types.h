// The numbers of types in Redis's file format, and the codecs of single types behind rdb_value.h.
#pragma once

#include <cstdint>
#include <optional>

#include "state/rdb_value.h"

namespace mydis {

enum class RdbType : uint8_t {
  kString = 0,
  kList = 1,
  kSet = 2,
  kSortedSetOfTexts = 3,  // Scores as text.
  kHash = 4,
  kSortedSet = 5,
  kHashZipmap = 9,
  kListZiplist = 10,
  kSetIntset = 11,
  kSortedSetZiplist = 12,
  kHashZiplist = 13,
  kListOfZiplists = 14,
  kStream = 15,
  kHashListpack = 16,
  kSortedSetListpack = 17,
  kListOfListpacks = 18,
  kStream2 = 19,  // With first and deleted IDs and counts.
  kSetListpack = 20,
  kStream3 = 21,  // With the consumers' active time.
  // Since 7.4, version 12: fields that expire.
  kHashTimed = 24,
  kHashListpackTimed = 25,
};

// rdb_stream.cc
void WriteRdbStream(const Stream& stream, uint16_t version, RdbWriter& out);
std::optional<Stream> ReadRdbStream(RdbType type, RdbReader& in);

// rdb_collections.cc
std::optional<List> ReadRdbList(RdbType type, RdbReader& in, const EncodingLimits& limits);
std::optional<SortedSet> ReadRdbSortedSet(RdbType type, RdbReader& in,
                                          const EncodingLimits& limits);

// rdb_hashes.cc
void WriteRdbHash(const Hash& hash, RdbWriter& out);
std::optional<Hash> ReadRdbHash(RdbType type, RdbReader& in, const EncodingLimits& limits);

// rdb_sets.cc
void WriteRdbSet(const Set& set, uint16_t version, RdbWriter& out);
std::optional<Set> ReadRdbSet(RdbType type, RdbReader& in, const EncodingLimits& limits);

}  // namespace mydis
