// Which container class keeps which type of value. A new type adds its line here and its row in
// container_ops.cc.
#pragma once

#include "state/entry.h"
#include "types/hash.h"
#include "types/list.h"
#include "types/set.h"
#include "types/sorted_set.h"
#include "types/stream.h"

namespace mydis {

template <typename T>
struct ValueTypeOf;  // Specialised below: { static constexpr ValueType kType; }

template <>
struct ValueTypeOf<List> {
  static constexpr ValueType kType = ValueType::kList;
};
template <>
struct ValueTypeOf<Hash> {
  static constexpr ValueType kType = ValueType::kHash;
};
template <>
struct ValueTypeOf<Set> {
  static constexpr ValueType kType = ValueType::kSet;
};
template <>
struct ValueTypeOf<SortedSet> {
  static constexpr ValueType kType = ValueType::kSortedSet;
};
template <>
struct ValueTypeOf<Stream> {
  static constexpr ValueType kType = ValueType::kStream;
};

}  // namespace mydis
