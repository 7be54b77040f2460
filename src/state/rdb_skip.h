// Finds where a value of Redis's file format ends, without making it: what an import sends on as it
// is need only be measured. Everything else about it is left to whoever loads it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "types/rdb_bytes.h"

namespace mydis {

// "string", "list", "set", "zset", "hash", "stream", as TYPE says it; "module" for values of
// modules, empty for numbers that are no type.
std::string_view RdbTypeName(uint8_t type);

// Reads over a value whose type's number has been read. in.ok() is false afterwards if the value is
// malformed. False: of this type nobody knows where its values end.
bool SkipRdbValue(uint8_t type, RdbReader& in);

// The name of the module in the number that stands before what modules write.
std::string RdbModuleName(uint64_t id);
// Reads over what a module has written, after its number.
void SkipRdbModule(RdbReader& in);

}  // namespace mydis
