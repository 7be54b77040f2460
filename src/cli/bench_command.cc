// `mydis bench`: how many requests a second instances answer, and how soon.
#include <fmt/core.h>
#include <sys/resource.h>

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <cstdlib>

#include "cli/addresses.h"
#include "cli/bench_options.h"
#include "cli/bench_report.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/subcommands.h"

namespace mydis {
namespace {

constexpr std::string_view kProgram = "mydis bench";

int Failure(const Status& status) {
  fmt::print(stderr, "{}: {}\n", kProgram, status.message());
  return kExitFailed;
}

// Each connection is a file. An error: there may not be as many.
Status AllowFiles(const LoadOptions& load) {
  constexpr uint64_t kOthers = 64;        // Of the program, the library and who has started it.
  constexpr uint64_t kOthersAThread = 4;  // An event loop's.
  const uint64_t needed = load.clients + kOthers + load.threads * kOthersAThread;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return Status::Ok();
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max >= needed) return Status::Ok();
  return {ErrorCode::kUnavailable,
          fmt::format("--clients {}: each is an open file, and this process may have {}: say "
                      "ulimit -n {} in the shell before, or take fewer clients",
                      load.clients, limit.rlim_max, needed)};
}

bool TerminalHasBlocks() {
  std::setlocale(LC_CTYPE, "");
  return MB_CUR_MAX > 1;
}

void ListTests() {
  for (const BenchTest& test : BenchTests(fmt::format("{}RUN:", kKeptPrefix))) {
    std::string words;
    for (const std::string& word : test.words) words += " " + word;
    fmt::print("{:<12}{}\n", test.name, words);
  }
}

// Runs the tests one after the other.
class BenchRun {
 public:
  explicit BenchRun(BenchOptions options)
      : options_(std::move(options)), utf8_(TerminalHasBlocks()) {
    options_.connection.interrupt_fd = interrupt_.fd();
  }

  int Run() {
    Status status;
    for (const BenchTest& test : options_.tests) {
      status = RunTest(test);
      if (!status.ok() || stopped_) break;
    }
    // Of nothing there is none.
    if (status.ok() || !reports_.empty()) PrintSummary();
    std::fflush(stdout);
    const Status cleaned = Clean();
    if (!status.ok()) return Failure(status);
    if (!cleaned.ok()) return Failure(cleaned);
    return all_good_ ? kExitOk : kExitFailed;
  }

 private:
  bool Columns() const {
    return options_.format == BenchFormat::kTabs || options_.format == BenchFormat::kCsv;
  }
  char Separator() const { return options_.format == BenchFormat::kCsv ? ',' : '\t'; }

  Status RunTest(const BenchTest& test) {
    if (!test.before.empty()) {
      if (Status s = Send(test.before.size(), [&](uint64_t i) { return test.before[i]; }); !s.ok())
        return s;
    }
    Progress progress({.label = test.name, .total = options_.load.requests, .unit = "requests"});
    const LoadProgress show = [&](uint64_t answered, uint64_t elapsed_us) {
      // Of a test that ends by time, the share of the time is shown.
      if (const uint64_t limit_us = options_.load.duration_ms * 1000; limit_us > 0)
        progress.set_total(static_cast<uint64_t>(
            static_cast<double>(answered) * static_cast<double>(limit_us) /
            static_cast<double>(std::clamp<uint64_t>(elapsed_us, 1, limit_us))));
      progress.Update(answered);
    };
    Result<LoadResult> result =
        RunLoad(options_.load, CommandTemplate(test.words, options_.data), interrupt_.fd(), show);
    progress.Clear();
    if (!result) return result.error();
    interrupt_.Take();
    stopped_ = result->interrupted;
    all_good_ = all_good_ && result->errors == 0 && result->lost == 0;
    reports_.push_back({test.name, *std::move(result)});
    PrintTest();
    return Status::Ok();
  }

  void PrintTest() {
    const BenchReport& report = reports_.back();
    if (options_.format == BenchFormat::kPeople && !options_.quiet) {
      fmt::print("{}\n", ReportForPeople(report, options_.load, utf8_));
    } else if (Columns()) {
      // Not before: a program that cannot be reached has no figures.
      if (reports_.size() == 1) fmt::print("{}", ReportHeader(Separator()));
      fmt::print("{}", ReportLine(report, Separator()));
    }
    std::fflush(stdout);
    // These have no place for an error's text.
    if (report.result.errors > 0 && (Columns() || options_.quiet))
      fmt::print(stderr, "{}: {}: {} errors, the first: {}\n", kProgram, report.test,
                 report.result.errors, report.result.first_error);
  }

  void PrintSummary() {
    if (options_.format == BenchFormat::kJson) {
      fmt::print("{}", ReportJson(reports_, options_.load));
    } else if (options_.format == BenchFormat::kPeople &&
               (reports_.size() > 1 || (options_.quiet && !reports_.empty()))) {
      fmt::print("{}", SummaryForPeople(reports_));
    }
  }

  Status Clean() {
    if (!options_.clean) return Status::Ok();
    const uint64_t keyspace = options_.load.keyspace;
    return Send(CleanupCommands(keyspace),
                [&](uint64_t i) { return CleanupCommand(options_.prefix, i, keyspace); });
  }

  // Commands one after the other, over a connection of their own.
  Status Send(uint64_t count, const std::function<std::vector<std::string>(uint64_t)>& command) {
    RemoteConnection connection(options_.connection);
    if (Status s = connection.Connect(); !s.ok())
      return {ErrorCode::kUnavailable, ConnectAdvice(s)};
    std::vector<std::vector<std::string>> commands = options_.load.greeting;
    Progress progress({.label = "bench", .total = count, .unit = "commands"});
    for (uint64_t i = 0; i < count; ++i) {
      std::vector<std::string> words = command(i);
      for (std::string& word : words) {
        if (word == "__data__") word = options_.data;
      }
      commands.push_back(std::move(words));
      const Result<std::vector<RespValue>> replies = connection.Pipeline(commands);
      if (!replies) return replies.error();
      for (const RespValue& reply : *replies) {
        if (reply.is_error()) return {ErrorCode::kUnavailable, reply.text};
      }
      commands.clear();
      progress.Update(i + 1);
    }
    return Status::Ok();
  }

  BenchOptions options_;
  const bool utf8_;
  Interrupt interrupt_;
  std::vector<BenchReport> reports_;
  bool stopped_ = false;
  bool all_good_ = true;
};

}  // namespace

int BenchMain(const CommandLine& line) {
  if (line.Has("list-tests")) {
    ListTests();
    return kExitOk;
  }
  Result<BenchOptions> options = ReadBenchOptions(line);
  if (!options) return UsageError(kProgram, options.error().message());
  if (Status s = AllowFiles(options->load); !s.ok()) return Failure(s);
  return BenchRun(*std::move(options)).Run();
}

}  // namespace mydis
