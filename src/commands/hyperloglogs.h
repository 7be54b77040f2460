// Handlers of the HyperLogLog commands; records in hyperloglogs_family.cc.
#pragma once

#include <span>

#include "commands/spec.h"

namespace mydis {

std::span<const CommandSpec> HyperLogLogFamily();

void PfaddCommand(WriteContext& context);
void PfcountCommand(ReadContext& context);
void PfmergeCommand(WriteContext& context);
void PfdebugCommand(WriteContext& context);
void PfselftestCommand(ReadContext& context);

}  // namespace mydis
