#include "state/container_ops.h"

#include <algorithm>
#include <array>
#include <new>
#include <string>
#include <utility>

#include "base/assert.h"
#include "state/value_types.h"
#include "types/hash.h"
#include "types/list.h"
#include "types/set.h"
#include "types/sorted_set.h"
#include "types/stream.h"

namespace mydis {
namespace {

template <Container T>
T& At(void* word) {
  return *std::launder(static_cast<T*>(word));
}
template <Container T>
const T& At(const void* word) {
  return *std::launder(static_cast<const T*>(word));
}

// REQUIRES (each): there are so many.
void Shorten(List& list, size_t count) { list.Pop(ListEnd::kBack, count, EncodingLimits()); }

void Shorten(Set& set, size_t count) {
  for (; count > 0; --count) set.RemoveAt(set.size() - 1);
}

void Shorten(Hash& hash, size_t count) {
  ListpackValue::Scratch scratch;
  for (; count > 0; --count)
    hash.Remove(std::string(hash.At(hash.size() - 1).field.string(scratch)));
}

void Shorten(SortedSet& set, size_t count) { set.RemoveRange({set.size() - count, set.size()}); }

void Shorten(Stream& stream, size_t count) {
  stream.Trim({.kind = StreamTrim::Kind::kMaxLength, .max_length = stream.size() - count});
}

template <Container T>
[[maybe_unused]] constexpr ContainerOps MakeOps(bool kept_when_empty = false) {
  return {
      .construct = [](void* word) { new (word) T(); },
      .destroy = [](void* word) { At<T>(word).~T(); },
      .shorten =
          [](void* word, size_t count) {
            T& container = At<T>(word);
            Shorten(container, std::min(count, container.size()));
          },
      .clone = [](const void* word, void* target) { new (target) T(At<T>(word).Clone()); },
      .take = [](void* from, void* target) { new (target) T(std::move(At<T>(from))); },
      .size = [](const void* word) { return At<T>(word).size(); },
      .memory_bytes = [](const void* word) { return At<T>(word).MemoryBytes(); },
      .save = [](const void* word, Encoder& out) { At<T>(word).Save(out); },
      .load = [](Decoder& in, void* target) { return T::Load(in, &At<T>(target)); },
      .encoding_name = [](const void* word) { return At<T>(word).EncodingName(); },
      .check_invariants = [](const void* word) { At<T>(word).CheckInvariants(); },
      .kept_when_empty = kept_when_empty,
  };
}

// By the number of the type; a row without functions is no container.
constexpr std::array<ContainerOps, kValueTypes> kOps = [] {
  std::array<ContainerOps, kValueTypes> ops{};
  ops[static_cast<size_t>(ValueType::kList)] = MakeOps<List>();
  ops[static_cast<size_t>(ValueType::kHash)] = MakeOps<Hash>();
  ops[static_cast<size_t>(ValueType::kSet)] = MakeOps<Set>();
  ops[static_cast<size_t>(ValueType::kSortedSet)] = MakeOps<SortedSet>();
  ops[static_cast<size_t>(ValueType::kStream)] = MakeOps<Stream>(true);
  return ops;
}();

}  // namespace

bool IsContainerType(uint8_t type) { return type < kOps.size() && kOps[type].destroy != nullptr; }

const ContainerOps& OpsOf(ValueType type) {
  MYDIS_ASSERT(IsContainerType(static_cast<uint8_t>(type)), "the type must be a container's");
  return kOps[static_cast<size_t>(type)];
}

}  // namespace mydis
