// MEMORY USAGE. The other subcommands are the server's (server/memory_command.cc).
#pragma once

#include <span>

#include "commands/spec.h"

namespace mydis {

std::span<const CommandSpec> MemoryUsageFamily();

}  // namespace mydis
