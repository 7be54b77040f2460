// From the command line, the environment and a configuration file of `mydis server` to
// ServerOptions.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cli/command_line.h"
#include "server/options.h"

namespace mydis {

// Gives the value of an environment variable, if it is set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// The options of `line`; what it does not name comes from the environment (MYDIS_DATA_DIR for
// --data-dir), what neither names from the file of --config. An error is one line that names the
// place the wrong value came from.
Result<ServerOptions> ReadServerOptions(const CommandLine& line, const Environment& environment);

}  // namespace mydis
