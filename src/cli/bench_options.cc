#include "cli/bench_options.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "base/duration.h"
#include "cli/addresses.h"
#include "cli/nearest.h"
#include "cli/subcommands.h"

namespace mydis {
namespace {

constexpr OptionSpec kOptions[] = {
    {"-t,--tests", "NAME[,...]", "run these tests only; --list-tests shows them", "all", "Load"},
    {"--list-tests", "", "print the names of the tests, and what they send"},
    {"-c,--clients", "N", "connections, spread over the addresses", "50"},
    {"-n,--requests", "N", "end each test after N requests", "100000, none with --duration"},
    {"--duration", "D", "end each test after this time, like 30s"},
    {"-P,--pipeline", "N", "requests on the way at once, a connection", "1"},
    {"--rate", "N",
     "send N requests a second, whatever the server does; latency counts from when "
     "a request was due",
     "as many as are answered"},
    {"-r,--keyspace", "N", "random keys, members and scores are below N", "100000"},
    {"-d,--size", "BYTES", "size of the values", "3"},
    {"--threads", "N", "threads that make the load", "1"},
    {"--strong", "", "strong reads and writes"},
    {"--db", "N", "database to use", "0"},
    {"--keep", "",
     "leave the keys that the tests have written, which begin with bench: alone, for another run "
     "with --keep"},
    {"-q,--quiet", "", "print one line for each test: no histograms", "", "Output"},
    {"--csv", "", "print lines of values with commas between them"},
    {"--json", "", "print one JSON document, histograms too"},
    {kAddressOption.names, kAddressOption.value,
     "Redis ports of instances, all of which are used (or set MYDIS_ADDRESS)",
     kAddressOption.fallback, "Instances"},
    {kHostOption.names, kHostOption.value, "one instance, as redis-benchmark has it",
     kHostOption.fallback},
    kPortOption,
    kUserOption,
    kPasswordOption,
    kTokenOption,
    kTlsOption,
    kTlsCaOption,
    kTlsCertOption,
    kTlsKeyOption,
    kTlsNameOption,
};

constexpr ExampleSpec kExamples[] = {
    {"mydis bench", "every test, 100000 requests each"},
    {"mydis bench --tests set,get --duration 10s --pipeline 16", "two tests of ten seconds"},
    {"mydis bench --rate 20000 --duration 30s --tests set",
     "the latency that clients see at this rate"},
    {"mydis bench -r 1000000 SET key:__rand_int__ __data__", "a command of your own"},
};

constexpr CommandLineSpec kCommandLine = {
    .program = "mydis bench",
    .summary = "Measures how many requests a second instances answer, and how soon.",
    .usage = "[OPTION]... [COMMAND [ARGUMENT]...]",
    .options = kOptions,
    .words_end_options = true,
    .footer =
        "In a command, __rand_int__ stands for a random number of twelve digits below --keyspace, "
        "and __data__ for a value of --size bytes. Ctrl-C ends a test and prints what was "
        "measured.\n\n"
        "Without --rate, every connection sends when it has its answer, so a slow server is asked "
        "less and a pause shows in one request a connection. With --rate, it shows in every "
        "request that fell into it.\n\n"
        "The tests write keys that begin with bench: and a number of the run's own, and remove "
        "them at the end: no other keys are touched. With --keep, they begin with bench: alone and "
        "stay; keys of yours with the same names are overwritten. Exit status: 1 if any request "
        "failed.",
    .examples = kExamples,
    .words = "COMMAND",
};

Status BadValue(std::string_view option, std::string_view text, uint64_t min, uint64_t max) {
  return {ErrorCode::kInvalid,
          fmt::format("--{}: {} is not a number from {} to {}", option, text, min, max)};
}

// Leaves `value` as it is if the option is not given.
Status ReadNumber(const CommandLine& line, std::string_view option, uint64_t min, uint64_t max,
                  uint64_t* value) {
  if (!line.Has(option)) return Status::Ok();
  const std::string text = line.Get(option);
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *value);
  const bool good = error == std::errc() && stop == end && *value >= min && *value <= max;
  return good ? Status::Ok() : BadValue(option, text, min, max);
}

Status ReadEnd(const CommandLine& line, LoadOptions& load) {
  constexpr uint64_t kDefaultRequests = 100'000;
  load.requests = line.Has("duration") ? 0 : kDefaultRequests;
  if (Status s = ReadNumber(line, "requests", 1, uint64_t{1} << 40, &load.requests); !s.ok())
    return s;
  if (!line.Has("duration")) return Status::Ok();
  const Result<int64_t> duration = ParseDuration(line.Get("duration"));
  if (!duration)
    return {ErrorCode::kInvalid, fmt::format("--duration: {}", duration.error().message())};
  if (*duration == 0) return {ErrorCode::kInvalid, "--duration: give more than 0"};
  load.duration_ms = static_cast<uint64_t>(*duration);
  return Status::Ok();
}

Status ReadTests(const CommandLine& line, BenchOptions& bench) {
  if (!line.words.empty()) {
    if (line.Has("tests"))
      return {ErrorCode::kInvalid, "give --tests or a command of your own, not both"};
    std::string name;
    for (const std::string& word : line.words) name += (name.empty() ? "" : " ") + word;
    bench.tests = {{std::move(name), line.words, {}}};
    return Status::Ok();
  }
  bench.clean = !line.Has("keep");
  bench.prefix = bench.clean ? RunPrefix() : std::string(kKeptPrefix);
  const std::vector<BenchTest> all = BenchTests(bench.prefix);
  if (!line.Has("tests")) {
    bench.tests = all;
    return Status::Ok();
  }
  std::vector<std::string_view> names;
  for (const BenchTest& test : all) names.push_back(test.name);
  const std::string list = line.Joined("tests");
  for (std::string_view rest = list; !rest.empty();) {
    const size_t end = std::min(rest.find(','), rest.size());
    const std::string_view name = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) {
      bench.tests.push_back(all[static_cast<size_t>(found - names.begin())]);
      continue;
    }
    const std::string_view nearest = NearestWord(name, names);
    return {ErrorCode::kInvalid,
            nearest.empty()
                ? fmt::format("--tests: there is no {}; --list-tests shows them", name)
                : fmt::format("--tests: there is no {}; did you mean {}?", name, nearest)};
  }
  return Status::Ok();
}

Status ReadLoad(const CommandLine& line, LoadOptions& load) {
  constexpr uint64_t kLargest = 1'000'000'000'000;  // Twelve digits.
  if (Status s = ReadEnd(line, load); !s.ok()) return s;
  if (Status s = ReadNumber(line, "clients", 1, 100'000, &load.clients); !s.ok()) return s;
  if (Status s = ReadNumber(line, "pipeline", 1, 1'000'000, &load.pipeline); !s.ok()) return s;
  if (Status s = ReadNumber(line, "keyspace", 1, kLargest, &load.keyspace); !s.ok()) return s;
  if (Status s = ReadNumber(line, "threads", 1, 1024, &load.threads); !s.ok()) return s;
  load.threads = std::min(load.threads, load.clients);
  uint64_t rate = 0;
  if (Status s = ReadNumber(line, "rate", 1, 1'000'000'000, &rate); !s.ok()) return s;
  load.rate = static_cast<double>(rate);
  return Status::Ok();
}

}  // namespace

const CommandLineSpec& BenchCommandLine() { return kCommandLine; }

Result<BenchOptions> ReadBenchOptions(const CommandLine& line) {
  BenchOptions bench;
  if (Status s = ReadLoad(line, bench.load); !s.ok()) return Fail(s);
  if (Status s = ReadTests(line, bench); !s.ok()) return Fail(s);
  uint64_t size = 3;
  uint64_t database = 0;
  if (Status s = ReadNumber(line, "size", 0, 512 << 20, &size); !s.ok()) return Fail(s);
  if (Status s = ReadNumber(line, "db", 0, INT32_MAX, &database); !s.ok()) return Fail(s);
  bench.data = BenchData(size);
  Result<std::vector<HostPort>> addresses = ReadAddresses(line);
  if (!addresses) return Fail(addresses.error());
  bench.connection.addresses = *addresses;
  if (Status s = ReadTls(line, &bench.connection); !s.ok()) return Fail(s);
  bench.load.addresses = *std::move(addresses);
  bench.load.tls = bench.connection.tls;
  bench.load.tls_server_name = bench.connection.tls_server_name;
  std::vector<std::vector<std::string>>& greeting = bench.load.greeting;
  if (auto login = ReadLogin(line); !login.empty()) greeting.push_back(std::move(login));
  greeting.push_back({"PING"});
  if (database > 0) greeting.push_back({"SELECT", std::to_string(database)});
  if (line.Has("strong"))
    greeting.push_back({"CLIENT", "CONSISTENCY", "READ", "strong", "WRITE", "strong"});
  if (line.Has("csv") && line.Has("json"))
    return Fail(ErrorCode::kInvalid, "--csv and --json exclude each other: give one of the two");
  bench.quiet = line.Has("quiet");
  bench.format = line.Has("json")             ? BenchFormat::kJson
                 : line.Has("csv")            ? BenchFormat::kCsv
                 : isatty(STDOUT_FILENO) != 0 ? BenchFormat::kPeople
                                              : BenchFormat::kTabs;
  return bench;
}

}  // namespace mydis
