// What SLOWLOG and LATENCY keep of a call that took long.
#pragma once

#include <cstdint>
#include <string>

#include "commands/spec.h"

namespace mydis {

class Node;

struct Caller {
  std::string address;
  std::string client_name;
};

// Keeps the call if it took as long as the settings say. Any thread.
void NoteSlowCall(Node& node, const CommandSpec& spec, Args args, uint64_t nanoseconds,
                  const Caller& caller);

}  // namespace mydis
