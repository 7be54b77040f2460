// Manual pages (section 1), in the macros of man(7), from the records of the subcommands. Main
// thread.
#pragma once

#include <string>
#include <string_view>

#include "cli/subcommands.h"

namespace mydis {

// mydis(1). `date` is written as it is given: "2026-11-29".
std::string ManPage(std::string_view date);

// mydis-SUBCOMMAND(1).
std::string ManPage(const Subcommand& subcommand, std::string_view date);

}  // namespace mydis
