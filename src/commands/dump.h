// DUMP and RESTORE: values in Redis's own format.
#pragma once

#include <span>

#include "commands/spec.h"

namespace mydis {

std::span<const CommandSpec> DumpFamily();

}  // namespace mydis
