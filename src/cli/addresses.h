// Where a subcommand that talks to running instances finds them. Main thread.
#pragma once

#include <vector>

#include "base/host_port.h"
#include "cli/command_line.h"

namespace mydis {

inline constexpr OptionSpec kAddressOption = {
    "--address", "HOST:PORT[,...]",
    "Redis port of an instance; of several, the first that answers (or set MYDIS_ADDRESS)",
    "127.0.0.1:2381"};

// From --address, else MYDIS_ADDRESS, else the default.
Result<std::vector<HostPort>> ReadAddresses(const CommandLine& line);

}  // namespace mydis
