// docs/commands.md, written from the records.
#pragma once

#include <string>

#include "commands/table.h"

namespace mydis {

std::string CommandsMarkdown(const CommandTable& table);

}  // namespace mydis
