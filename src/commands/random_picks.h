// Positions chosen by chance, for the commands that answer with random elements.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "state/reply.h"

namespace mydis {

// `count` different positions below `size`, ascending, every choice equally likely.
// REQUIRES: count <= size.
std::vector<uint32_t> PickDistinct(Random& random, size_t size, size_t count);

// The count of SRANDMEMBER and its relatives: negative means that an element may come more than
// once. nullopt if it is no number, below `-most` or above `most`: then the error has been sent.
std::optional<int64_t> ReadPickCount(std::string_view word, int64_t most, Reply& reply);

}  // namespace mydis
