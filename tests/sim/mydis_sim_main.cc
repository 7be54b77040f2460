// The simulator: ./dev sim [--seed N] [--seeds M] [--seconds S] [--fault NAME] [--verbose]
// Exit status 0: nothing found; 1: a violation, with the seed that shows it again; 2: usage.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "run.h"
#include "script/script_family.h"

namespace {

using mydis::sim::RunOptions;
using mydis::sim::RunResult;

void Print(uint64_t seed, const RunResult& r, double seconds) {
  fmt::print(
      "seed {}: {:.1f}s simulated in {:.1f}s, {} entries, {} messages, {} crashes, {} partitions, "
      "{} joins and removals, {} states corrupted; {} operations: {} succeeded ({} strong reads, "
      "{} "
      "transactions and {} aborted, {} after a wait, {} not on all in time), "
      "{} refused, {} unknown, {} sent again, longest {} ms; trace {:016x}\n",
      seed, static_cast<double>(r.simulated_us) / 1e6, seconds, r.entries, r.messages, r.crashes,
      r.partitions, r.membership_changes, r.corruptions, r.clients.operations, r.clients.succeeded,
      r.clients.strong_reads, r.clients.transactions, r.clients.aborted, r.clients.waited,
      r.clients.not_all, r.clients.refused, r.clients.unknown, r.clients.sent_again,
      r.clients.longest_us / 1000, r.trace);
  if (!r.failure.empty()) fmt::print("seed {}: FAILED: {}\n", seed, r.failure);
  std::fflush(stdout);
}

// What of every family was run, and what never without an error.
void PrintCommands(const mydis::CommandTable& table, const std::set<std::string>& commands) {
  const std::vector<std::string> all = mydis::sim::Workload(table).Names();
  std::string never;
  for (const std::string& name : all)
    if (!commands.contains(name)) never += " " + name;
  fmt::print("{} of {} commands were answered without an error; never:{}\n",
             std::ranges::count_if(all, [&](const auto& n) { return commands.contains(n); }),
             all.size(), never.empty() ? " none" : never);
}

}  // namespace

int main(int argc, char** argv) {
  RunOptions options;
  uint64_t seeds = 1;
  uint64_t seconds = 15;
  bool repeat = false;
  bool log = false;
  std::string fault;
  CLI::App app("Runs a simulated cluster through trouble and checks what its clients saw");
  app.add_option("--seed", options.seed, "the first seed");
  app.add_option("--seeds", seeds, "how many seeds, one run each");
  app.add_option("--seconds", seconds, "simulated seconds of trouble");
  app.add_flag("--repeat", repeat, "run each seed twice; both must go alike");
  app.add_flag("--verbose", options.verbose, "say what befalls the cluster");
  app.add_flag("--log", log, "the instances' own log");
  app.add_option("--fault", fault,
                 "break a promise, to see that it is found: ack-before-sync, forget-origins, "
                 "skip-read-barrier")
      ->check(CLI::IsMember({"ack-before-sync", "forget-origins", "skip-read-barrier"}));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  options.duration_us = seconds * 1'000'000;
  options.faults.ack_before_sync = fault == "ack-before-sync";
  options.faults.forget_origins = fault == "forget-origins";
  options.faults.skip_read_barrier = fault == "skip-read-barrier";
  if (log) mydis::LogConfigure(mydis::LogLevel::kDebug, mydis::LogFormat::kText);
  const mydis::CommandTable table(mydis::StateFamilies(), mydis::ScriptFamilies());
  uint64_t failed = 0;
  std::set<std::string> commands;
  for (const uint64_t end = options.seed + seeds; options.seed < end; ++options.seed) {
    const auto start = std::chrono::steady_clock::now();
    RunResult result = mydis::sim::RunOnce(options, table);
    if (repeat && result.failure.empty() &&
        mydis::sim::RunOnce(options, table).trace != result.trace)
      result.failure = "two runs of one seed differ";
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    Print(options.seed, result, took.count());
    commands.insert(result.clients.commands.begin(), result.clients.commands.end());
    if (result.failure.empty()) continue;
    ++failed;
    if (options.faults.any()) break;  // It was found.
  }
  PrintCommands(table, commands);
  return failed == 0 ? 0 : 1;
}
