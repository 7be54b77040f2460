// What stands in a file of Redis (rdb_file.h) where a type's number may stand, and is none.
#pragma once

#include <cstdint>

namespace mydis {

enum RdbOpcode : uint8_t {
  kRdbSlotSizes = 244,
  kRdbFunctions = 245,
  kRdbFunctionOfBeta = 246,
  kRdbModuleData = 247,
  kRdbIdle = 248,
  kRdbFrequency = 249,
  kRdbFact = 250,
  kRdbSizes = 251,
  kRdbDeadlineMs = 252,
  kRdbDeadlineSeconds = 253,
  kRdbSelect = 254,
  kRdbEnd = 255,
};

}  // namespace mydis
