// Which words of a command are secrets, that MONITOR, SLOWLOG and the audit log leave out.
#pragma once

#include <string>
#include <string_view>

#include "commands/spec.h"

namespace mydis {

inline constexpr std::string_view kRedacted = "(redacted)";

// Whether word `i` of the command is not to be shown. `container`: of a subcommand, else nullptr.
bool IsSecret(const CommandSpec& spec, const CommandSpec* container, Args args, size_t i);

}  // namespace mydis
