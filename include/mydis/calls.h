// All typed calls, by family.
#pragma once

#include "mydis/calls/strings.h"

namespace mydis {

template <typename Self, template <typename> class Answer>
class Calls : public StringCalls<Self, Answer> {};

}  // namespace mydis
