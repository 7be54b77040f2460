// What a container of src/types offers to the keyspace; docs/containers.md has the contract.
#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>

#include "base/codec.h"

namespace mydis {

// One word, and trivially relocatable: an entry moves it by copying its bytes. Empty without an
// allocation. Not thread-safe: the state's lock guards it.
template <typename T>
concept Container = sizeof(T) == 8 && std::default_initializable<T>&& std::movable<T>&& requires(
                                          const T& container, Encoder& out, Decoder& in,
                                          T* target) {
  { container.Clone() } -> std::same_as<T>;
  { container.size() } -> std::same_as<size_t>;
  // By contents and encoding alone: a function of what Save writes.
  { container.MemoryBytes() } -> std::same_as<size_t>;
  container.Save(out);
  { T::Load(in, target) } -> std::same_as<bool>;
  { container.EncodingName() } -> std::same_as<std::string_view>;
  container.CheckInvariants();
};

}  // namespace mydis
