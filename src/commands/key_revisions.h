// The commands of the MYDIS container that go by a key's revision: what HTTP's /v1/keys is made of.
#pragma once

#include <span>

#include "commands/spec.h"

namespace mydis {

// What MYDIS LISTKEYS gives at a time, at most.
inline constexpr size_t kMostListedKeys = 10'000;

std::span<const CommandSpec> KeyRevisionFamily();

}  // namespace mydis
