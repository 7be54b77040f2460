// `mydis import`: the keys of an RDB file, through the Redis port of any instance.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "base/quoted.h"
#include "cli/addresses.h"
#include "cli/backup_file.h"
#include "cli/command_line.h"
#include "cli/import_sender.h"
#include "cli/input_file.h"
#include "cli/key_choice.h"
#include "cli/rdb_contents.h"
#include "cli/remote_call.h"
#include "cli/subcommands.h"
#include "consensus/snapshot_format.h"
#include "state/rdb_skip.h"
#include "state/rdb_value.h"

namespace mydis {
namespace {

constexpr std::string_view kProgram = "mydis import";

constexpr OptionSpec kOptions[] = {
    {"--on-conflict", "fail|skip|replace", "what to do about a key that is there already", "fail"},
    {"--replace", "", "the same as --on-conflict replace"},
    kDbOption,
    {"--into-db", "N", "put all keys into this database", "where they were"},
    kMatchOption,
    {"--skip-modules", "", "leave out values of Redis modules, which are refused otherwise"},
    {"--dry-run", "", "say what is in the file, and send nothing"},
    kAddressOption,
    kHostOption,
    kPortOption,
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

constexpr ExampleSpec kExamples[] = {
    {"mydis import dump.rdb", "all keys; none of them may be there yet"},
    {"mydis import --dry-run dump.rdb", "what is in the file"},
    {"redis-cli -p 6379 --rdb - | mydis import --replace -",
     "from a running Redis server, over keys that are there"},
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
    .examples = kExamples,
    .words = "F",
};

struct Plan {
  std::string file;
  KeyChoice choice;
  std::optional<uint32_t> into_db;
  bool skip_modules = false;
  ImportSender::Conflict conflict = ImportSender::Conflict::kFail;
};

bool Wants(const KeyChoice& choice, const RdbItem& item) {
  if (item.kind == RdbItem::Kind::kKey) return choice.Wants(item.db, item.name);
  return item.kind == RdbItem::Kind::kFunctions;
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
  Result<KeyChoice> choice = ReadKeyChoice(line);
  if (!choice) return Fail(choice.error());
  plan.choice = *std::move(choice);
  if (line.Has("into-db")) {
    const Result<uint32_t> db = ParseDatabase("--into-db", line.Get("into-db"));
    if (!db) return Fail(db.error());
    plan.into_db = *db;
  }
  plan.skip_modules = line.Has("skip-modules");
  return plan;
}

int Failure(const Status& status) {
  fmt::print(stderr, "{}: {}\n", kProgram, status.message());
  return kExitFailed;
}

Progress::Options Bar(std::string label, const InputFile& input) {
  return {.label = std::move(label), .total = input.size.value_or(0), .items = "keys"};
}

// Whether a key that is wanted can be sent.
Status CheckKey(const RdbItem& item, const Plan& plan, uint64_t longest) {
  if (item.kind != RdbItem::Kind::kKey) return Status::Ok();
  if (RdbTypeName(item.type) == "module" && !plan.skip_modules)
    return {ErrorCode::kInvalid,
            fmt::format("the key {} of database {}, at byte {}, is of a Redis module: "
                        "--skip-modules leaves such keys out",
                        QuotedStart(item.name), item.db, item.offset)};
  if (item.size > longest)
    return {ErrorCode::kInvalid,
            fmt::format("the value of key {} of database {}, at byte {}, has {} bytes, and the "
                        "cluster takes {}: raise its proto-max-bulk-len",
                        QuotedStart(item.name), item.db, item.offset, item.size, longest)};
  return Status::Ok();
}

// What comes through a pipe is looked at when it is read.
Status RefuseBackup(const InputFile& input, const std::string& path) {
  char bytes[kSnapshotMagicEnd] = {};
  const ssize_t n = input.size ? pread(input.descriptor.get(), bytes, sizeof bytes, 0) : 0;
  const auto size = static_cast<size_t>(std::max<ssize_t>(n, 0));
  if (KindOf(std::string_view(bytes, size)) != FileKind::kBackup) return Status::Ok();
  return {ErrorCode::kInvalid,
          fmt::format("{} is a backup of Mydis, no RDB file: mydis restore brings it back", path)};
}

int DryRun(const Plan& plan, const InputFile& input) {
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
  Import(const Plan& plan, const InputFile& input, ImportSender::Options options)
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
                           : fmt::format("; {} imported before that", KeysText(counts.keys));
      return Failure({status.code(), status.message() + before});
    }
    std::string text = "imported " + KeysText(counts.keys);
    if (counts.libraries > 0) text += " and " + LibrariesText(counts.libraries);
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
      return Wants(plan_.choice, item) ? CheckKey(item, plan_, longest_) : Status::Ok();
    });
    if (!status.ok()) return {status.code(), fmt::format("{}: {}", plan_.file, status.message())};
    return input_.Rewind();
  }

  Status Send(RdbItem& item, const RdbContents& contents) {
    if (item.kind == RdbItem::Kind::kModuleData) {
      Notice(fmt::format("the data that the module {} keeps beside the keys is left out",
                         QuotedStart(item.name)));
      return Status::Ok();
    }
    if (!Wants(plan_.choice, item)) return Status::Ok();
    if (item.kind == RdbItem::Kind::kFunctions) return sender_.SendLibrary(item);
    if (Status status = CheckKey(item, plan_, longest_); !status.ok()) return status;
    if (RdbTypeName(item.type) == "module") {
      ++left_out_;
      return Status::Ok();
    }
    // It ended before there were computers; RESTORE takes 0 for no end.
    if (item.deadline_ms && *item.deadline_ms <= 0) return Status::Ok();
    if (plan_.into_db) item.db = *plan_.into_db;
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
  const InputFile& input_;
  Progress progress_;
  ImportSender sender_;
  uint64_t longest_ = 0;
  uint64_t left_out_ = 0;
};

}  // namespace

const CommandLineSpec& ImportCommandLine() { return kCommandLine; }

int ImportMain(const CommandLine& line) {
  const Result<Plan> plan = ReadPlan(line);
  if (!plan) return UsageError(kProgram, plan.error().message());
  Result<RemoteConnection::Options> connection = ReadConnection(line);
  if (!connection) return UsageError(kProgram, connection.error().message());
  const Result<InputFile> input = InputFile::Open(plan->file);
  if (!input) return Failure(input.error());
  if (Status status = RefuseBackup(*input, plan->file); !status.ok()) return Failure(status);
  if (line.Has("dry-run")) return DryRun(*plan, *input);
  const int64_t patience_ms = connection->reply_timeout_ms;
  return Import(*plan, *input,
                {.connection = *std::move(connection),
                 .login = ReadLogin(line),
                 .conflict = plan->conflict,
                 .patience_ms = patience_ms})
      .Run();
}

}  // namespace mydis
