// Which container class keeps which type of value. A new type adds its line here and its row in
// container_ops.cc. The classes are only named: who uses one includes its header, so that a change
// of one type does not rebuild what keeps all of them.
#pragma once

#include "state/entry.h"

namespace mydis {

class Hash;
class List;
class Set;
class SortedSet;
class Stream;

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
