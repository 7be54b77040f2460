// What the keyspace does with a container without knowing its type: one row a type.
#pragma once

#include <cstddef>
#include <string_view>

#include "state/entry.h"
#include "types/container.h"

namespace mydis {

// `word` is the address of the eight bytes that are the container.
struct ContainerOps {
  void (*construct)(void* word);  // Empty.
  void (*destroy)(void* word);
  void (*shorten)(void* word, size_t count);      // By so many elements, at the cheaper end.
  void (*clone)(const void* word, void* target);  // `target`: eight bytes without a container.
  void (*take)(void* from, void* target);         // Likewise; `from` is left empty.
  size_t (*size)(const void* word);
  size_t (*memory_bytes)(const void* word);
  void (*save)(const void* word, Encoder& out);
  bool (*load)(Decoder& in, void* target);  // `target` holds a container before and after.
  std::string_view (*encoding_name)(const void* word);
  void (*check_invariants)(const void* word);
  bool kept_when_empty;
};

// REQUIRES: a type of container, not a string.
const ContainerOps& OpsOf(ValueType type);
// False for numbers that are no type of container (in a snapshot that cannot be read).
bool IsContainerType(uint8_t type);

}  // namespace mydis
