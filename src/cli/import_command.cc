// `mydis import`: the keys of an RDB file, through the Redis port of any instance.
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <optional>
#include <set>

#include "base/glob.h"
#include "cli/addresses.h"
#include "cli/command_line.h"
#include "cli/import_sender.h"
#include "cli/rdb_contents.h"
#include "cli/remote_call.h"
#include "cli/reply_format.h"
#include "cli/subcommands.h"
#include "consensus/descriptor.h"
#include "state/rdb_skip.h"
#include "state/rdb_value.h"

namespace mydis {
namespace {

constexpr std::string_view kProgram = "mydis import";

constexpr OptionSpec kOptions[] = {
    {"--on-conflict", "fail|skip|replace", "what to do about a key that is there already", "fail"},
    {"--replace", "", "the same as --on-conflict replace"},
    {"--db", "N", "only the keys of this database of the file; several may be given", "all"},
    {"--into-db", "N", "put all keys into this database", "where they were"},
    {"--match", "PATTERN", "only keys that fit this pattern, as KEYS takes it"},
    {"--skip-modules", "", "leave out values of Redis modules, which are refused otherwise"},
    {"--dry-run", "", "say what is in the file, and send nothing"},
    kAddressOption,
    kUserOption,
    kPasswordOption,
    kTokenOption,
    kTlsOption,
    kTlsCaOption,
    kTlsCertOption,
    kTlsKeyOption,
    kTlsNameOption,
    {"--timeout", "D", "how long there may be nobody who takes anything", "30s"},
};

constexpr CommandLineSpec kCommandLine = {
    .program = kProgram,
    .summary = "Brings the keys and functions of a Redis server's RDB file into a cluster.",
    .usage = "[OPTION]... FILE",
    .options = kOptions,
    .max_words = 1,
    .footer =
        "FILE is what SAVE, BGSAVE or redis-cli --rdb wrote, up to Redis 7.4; - reads standard "
        "input.\nA file is looked at to its end before anything is sent; what comes from a "
        "pipe is sent as it comes.\nWith several addresses it goes on at another one if the "
        "first goes away.",
};

struct Choice {
  std::set<uint32_t> databases;  // Empty: all.
  std::optional<uint32_t> into_db;
  std::optional<std::string> pattern;
  bool skip_modules = false;

  bool Wants(const RdbItem& item) const {
    if (item.kind == RdbItem::Kind::kFunctions) return true;
    if (item.kind != RdbItem::Kind::kKey) return false;
    if (!databases.empty() && !databases.contains(item.db)) return false;
    return !pattern || GlobMatches(*pattern, item.name);
  }
};

struct Plan {
  std::string file;
  Choice choice;
  ImportSender::Conflict conflict = ImportSender::Conflict::kFail;
};

std::optional<uint32_t> ParseDatabase(const std::string& text) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

Result<ImportSender::Conflict> ReadConflict(const CommandLine& line) {
  using Conflict = ImportSender::Conflict;
  const std::string word = line.Get("on-conflict", line.Has("replace") ? "replace" : "fail");
  if (line.Has("replace") && word != "replace")
    return Fail(ErrorCode::kInvalid,
                "--replace and --on-conflict say different things: leave one out");
  if (word == "fail") return Conflict::kFail;
  if (word == "skip") return Conflict::kSkip;
  if (word == "replace") return Conflict::kReplace;
  return Fail(ErrorCode::kInvalid, "--on-conflict takes fail, skip or replace");
}

Result<Plan> ReadPlan(const CommandLine& line) {
  Plan plan;
  if (line.words.empty())
    return Fail(ErrorCode::kInvalid, "give the file, or - for standard input");
  plan.file = line.words[0];
  const auto conflict = ReadConflict(line);
  if (!conflict) return Fail(conflict.error());
  plan.conflict = *conflict;
  if (const auto found = line.values.find("db"); found != line.values.end()) {
    for (const std::string& text : found->second) {
      const auto number = ParseDatabase(text);
      if (!number) return Fail(ErrorCode::kInvalid, "--db takes the number of a database");
      plan.choice.databases.insert(*number);
    }
  }
  if (line.Has("into-db")) {
    plan.choice.into_db = ParseDatabase(line.Get("into-db"));
    if (!plan.choice.into_db)
      return Fail(ErrorCode::kInvalid, "--into-db takes the number of a database");
  }
  if (line.Has("match")) plan.choice.pattern = line.Get("match");
  plan.choice.skip_modules = line.Has("skip-modules");
  return plan;
}

int Failure(const Status& status) {
  fmt::print(stderr, "{}: {}\n", kProgram, status.message());
  return kExitFailed;
}

// The open file, and its size if it is one that can be read twice.
struct Input {
  Descriptor descriptor;
  std::optional<uint64_t> size;
};

Result<Input> OpenInput(const std::string& file) {
  const int fd = file == "-" ? dup(STDIN_FILENO) : open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Fail(ErrorCode::kIo, fmt::format("{}: {}", file, std::strerror(errno)));
  Input input{.descriptor = Descriptor(fd), .size = std::nullopt};
  struct stat about {};
  if (fstat(fd, &about) != 0) return Fail(ErrorCode::kIo, std::strerror(errno));
  if (S_ISDIR(about.st_mode))
    return Fail(ErrorCode::kIo, fmt::format("{} is a directory: give an RDB file", file));
  if (S_ISREG(about.st_mode) && lseek(fd, 0, SEEK_SET) == 0)
    input.size = static_cast<uint64_t>(about.st_size);
  return input;
}

Progress::Options Bar(std::string label, const Input& input) {
  return {.label = std::move(label), .total = input.size.value_or(0), .items = "keys"};
}

// Whether a key that is wanted can be sent.
Status CheckKey(const RdbItem& item, const Choice& choice, uint64_t longest) {
  if (item.kind != RdbItem::Kind::kKey) return Status::Ok();
  if (RdbTypeName(item.type) == "module" && !choice.skip_modules)
    return {ErrorCode::kInvalid,
            fmt::format("the key {} of database {}, at byte {}, is of a Redis module: "
                        "--skip-modules leaves such keys out",
                        Quoted(item.name), item.db, item.offset)};
  if (item.size > longest)
    return {ErrorCode::kInvalid,
            fmt::format("the value of key {} of database {}, at byte {}, has {} bytes, and the "
                        "cluster takes {}: raise its proto-max-bulk-len",
                        Quoted(item.name), item.db, item.offset, item.size, longest)};
  return Status::Ok();
}

int DryRun(const Plan& plan, const Input& input) {
  RdbContents contents;
  Status status;
  {
    Progress progress(Bar("read", input));
    status = ReadRdb(input.descriptor.get(), 0, progress, &contents,
                     [](RdbItem&) { return Status::Ok(); });
  }
  if (!status.ok())
    return Failure({status.code(), fmt::format("{}: {}", plan.file, status.message())});
  fmt::print("{}", contents.Text(isatty(STDOUT_FILENO) != 0));
  return kExitOk;
}

class Import {
 public:
  Import(const Plan& plan, const Input& input, ImportSender::Options options)
      : plan_(plan),
        input_(input),
        progress_(Bar("import", input)),
        sender_(std::move(options), [this](const std::string& line) { Notice(line); }) {}

  int Run() {
    const Status status = DoAll();
    progress_.Clear();
    const ImportSender::Counts& counts = sender_.counts();
    if (!status.ok()) {
      const std::string before =
          counts.keys == 0 ? std::string()
                           : fmt::format("; {} keys were imported before that", counts.keys);
      return Failure({status.code(), status.message() + before});
    }
    std::string text = fmt::format("imported {} keys", counts.keys);
    if (counts.libraries > 0) text += fmt::format(" and {} function libraries", counts.libraries);
    if (counts.skipped > 0) text += fmt::format(", {} were there already", counts.skipped);
    if (left_out_ > 0) text += fmt::format(", {} of modules were left out", left_out_);
    fmt::print("{}\n", text);
    return kExitOk;
  }

 private:
  Status DoAll() {
    if (Status status = sender_.Connect(); !status.ok()) return status;
    longest_ = std::max(sender_.LongestValue(), kPayloadEnd) - kPayloadEnd;
    if (input_.size) {
      if (Status status = Check(); !status.ok()) return status;
    }
    RdbContents contents;
    Status status = ReadRdb(input_.descriptor.get(), longest_, progress_, &contents,
                            [this, &contents](RdbItem& item) { return Send(item, contents); });
    if (!status.ok()) return status;
    return sender_.Finish();
  }

  // Looks at the whole file, and goes back to its beginning.
  Status Check() {
    RdbContents contents;
    Progress progress(Bar("check", input_));
    const int fd = input_.descriptor.get();
    Status status = ReadRdb(fd, 0, progress, &contents, [this](RdbItem& item) {
      return plan_.choice.Wants(item) ? CheckKey(item, plan_.choice, longest_) : Status::Ok();
    });
    if (!status.ok()) return {status.code(), fmt::format("{}: {}", plan_.file, status.message())};
    if (lseek(fd, 0, SEEK_SET) != 0) return {ErrorCode::kIo, std::strerror(errno)};
    return Status::Ok();
  }

  Status Send(RdbItem& item, const RdbContents& contents) {
    if (item.kind == RdbItem::Kind::kModuleData) {
      Notice(
          fmt::format("the data that the module {} keeps beside the keys is left out", item.name));
      return Status::Ok();
    }
    if (!plan_.choice.Wants(item)) return Status::Ok();
    if (item.kind == RdbItem::Kind::kFunctions) return sender_.SendLibrary(item);
    if (Status status = CheckKey(item, plan_.choice, longest_); !status.ok()) return status;
    if (RdbTypeName(item.type) == "module") {
      ++left_out_;
      return Status::Ok();
    }
    // It ended before there were computers; RESTORE takes 0 for no end.
    if (item.deadline_ms && *item.deadline_ms <= 0) return Status::Ok();
    if (plan_.choice.into_db) item.db = *plan_.choice.into_db;
    std::string payload = std::move(*item.bytes);
    AppendDumpFooter(payload, static_cast<uint16_t>(contents.version));
    return sender_.SendKey(item, std::move(payload));
  }

  void Notice(const std::string& line) {
    progress_.Clear();
    fmt::print(stderr, "{}: {}\n", kProgram, line);
  }

  // What is put behind a value for RESTORE: its version and checksum.
  static constexpr uint64_t kPayloadEnd = 10;

  const Plan& plan_;
  const Input& input_;
  Progress progress_;
  ImportSender sender_;
  uint64_t longest_ = 0;
  uint64_t left_out_ = 0;
};

int Run(const CommandLine& line) {
  const Result<Plan> plan = ReadPlan(line);
  if (!plan) return UsageError(kProgram, plan.error().message());
  Result<RemoteConnection::Options> connection = ReadConnection(line);
  if (!connection) return UsageError(kProgram, connection.error().message());
  const Result<Input> input = OpenInput(plan->file);
  if (!input) return Failure(input.error());
  if (line.Has("dry-run")) return DryRun(*plan, *input);
  const int64_t patience_ms = connection->reply_timeout_ms;
  return Import(*plan, *input,
                {.connection = *std::move(connection),
                 .login = ReadLogin(line),
                 .conflict = plan->conflict,
                 .patience_ms = patience_ms})
      .Run();
}

}  // namespace

int ImportMain(std::span<const std::string> arguments) {
  const Result<CommandLine> line = ParseCommandLine(kCommandLine, arguments);
  if (!line) return UsageError(kProgram, line.error().message());
  if (line->help) {
    fmt::print("{}", HelpText(kCommandLine));
    return kExitOk;
  }
  return Run(*line);
}

}  // namespace mydis
