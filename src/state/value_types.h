// Which container class keeps which type of value. A new type adds its line here and its row in
// container_ops.cc.
#pragma once

#include "state/entry.h"

namespace mydis {

template <typename T>
struct ValueTypeOf;  // Specialised below: { static constexpr ValueType kType; }

}  // namespace mydis
