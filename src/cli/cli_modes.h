// What `mydis cli` does besides running commands. Each gives the exit status. Main thread.
#pragma once

#include <string>
#include <vector>

#include "cli/cli_options.h"

namespace mydis {

// --scan: the names of keys, one a line.
int RunScan(const CliOptions& options);
// --bigkeys: the largest keys, and what each type takes.
int RunBigKeys(const CliOptions& options);
// --stat: a line of figures again and again.
int RunStat(const CliOptions& options);
// --latency: how long `words`, or PING, takes.
int RunLatency(const CliOptions& options, const std::vector<std::string>& words);
// --pipe: the commands of standard input, many at once.
int RunRawPipe(const CliOptions& options);

}  // namespace mydis
