// The command of the MYDIS container by which the cluster agrees to keep a history for watches; the
// watches themselves are the server's. docs/watching.md.
#pragma once

#include <span>

#include "commands/spec.h"

namespace mydis {

std::span<const CommandSpec> HistoryFamily();

}  // namespace mydis
