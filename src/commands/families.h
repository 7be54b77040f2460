// The families of commands that touch the state, one function per family's file. StateFamilies()
// in families.cc lists them.
#pragma once

#include <span>

#include "commands/spec.h"

namespace mydis {

std::span<const CommandSpec> ClusterSettingsCommands();  // cluster_settings.cc

}  // namespace mydis
