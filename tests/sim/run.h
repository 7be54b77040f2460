// One run of the simulator: a cluster, its clients, what befalls it, and the verdict.
#pragma once

#include <cstdint>
#include <string>

#include "clients.h"
#include "machine.h"

namespace mydis::sim {

struct RunOptions {
  uint64_t seed = 1;
  uint64_t duration_us = 15'000'000;  // Of trouble; then everything is healed and must converge.
  SimFaults faults;
  bool verbose = false;
};

struct RunResult {
  std::string failure;  // Empty: nothing was found.
  uint64_t trace = 0;
  uint64_t simulated_us = 0;
  uint64_t entries = 0;
  uint64_t messages = 0;
  uint64_t crashes = 0;
  uint64_t partitions = 0;
  uint64_t snapshots_installed = 0;
  uint64_t membership_changes = 0;
  uint64_t corruptions = 0;  // Of the state of one instance.
  ClientCounts clients;
};

RunResult RunOnce(const RunOptions& options, const CommandTable& table);

}  // namespace mydis::sim
