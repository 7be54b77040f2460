// DEBUG PROTOCOL: one reply of each type of the protocol, in sessions and in scripts.
#pragma once

#include <string_view>

#include "state/reply.h"

namespace mydis {

void ReplyOfType(std::string_view type, Reply& reply);

}  // namespace mydis
