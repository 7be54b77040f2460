// How commands are shown to operators: which words are secrets, that MONITOR, SLOWLOG and the audit
// log leave out, and what the others look like.
#pragma once

#include <string>
#include <string_view>

#include "commands/spec.h"

namespace mydis {

inline constexpr std::string_view kRedacted = "(redacted)";

// Whether word `i` of the command is not to be shown. `container`: of a subcommand, else nullptr.
bool IsSecret(const CommandSpec& spec, const CommandSpec* container, Args args, size_t i);

// As a quoted word: what cannot be printed is escaped.
void AppendQuoted(std::string& out, std::string_view word);

}  // namespace mydis
