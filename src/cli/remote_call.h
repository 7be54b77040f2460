// One command to a running instance, for the subcommands that are one. Main thread.
#pragma once

#include <string>
#include <vector>

#include "cli/command_line.h"
#include "protocol/resp_reader.h"

namespace mydis {

// Connects as the options of `line` say (--address, --tls, --timeout, who to log in as), speaks
// version 3 of the protocol, which tells maps from lists, and gives the reply. An error is one line
// for people: no connection, or the reply's own error without "ERR". kInvalid: an option is wrong.
Result<RespValue> CallInstance(const CommandLine& line, const std::vector<std::string>& command);

}  // namespace mydis
