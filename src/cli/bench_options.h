// The command line of `mydis bench`. Main thread.
#pragma once

#include <string>
#include <vector>

#include "cli/bench_load.h"
#include "cli/bench_workload.h"
#include "cli/command_line.h"
#include "client/remote_connection.h"

namespace mydis {

enum class BenchFormat { kPeople, kTabs, kCsv, kJson };

struct BenchOptions {
  LoadOptions load;
  RemoteConnection::Options connection;  // For what is done before and after the tests.
  std::vector<BenchTest> tests;
  std::string data;
  BenchFormat format = BenchFormat::kPeople;
  std::string prefix;  // What the keys of the tests begin with.
  bool quiet = false;  // For people: no more than the line of the summary.
  bool clean = false;  // Remove what the tests have written.
};

// An error is one line for people.
Result<BenchOptions> ReadBenchOptions(const CommandLine& line);

}  // namespace mydis
