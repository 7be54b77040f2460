// The commands of the MYDIS container that are submitted; the server adds those that are local.
#pragma once

#include <span>

#include "commands/spec.h"

namespace mydis {

std::span<const CommandSpec> ClusterSettingsFamily();
std::span<const CommandSpec> RestoreStageFamily();

}  // namespace mydis
