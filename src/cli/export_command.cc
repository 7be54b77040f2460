// `mydis export`: all keys and functions as an RDB file that redis-server loads.
#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <functional>

#include "base/clock.h"
#include "base/quoted.h"
#include "cli/addresses.h"
#include "cli/backup_file.h"
#include "cli/backup_keys.h"
#include "cli/command_line.h"
#include "cli/key_choice.h"
#include "cli/key_summary.h"
#include "cli/output_file.h"
#include "cli/progress.h"
#include "cli/remote_backup.h"
#include "cli/remote_call.h"
#include "cli/subcommands.h"
#include "state/rdb_file_writer.h"
#include "state/rdb_value.h"

namespace mydis {
namespace {

constexpr std::string_view kProgram = "mydis export";
constexpr std::string_view kTimeout = "10m";

constexpr OptionSpec kOptions[] = {
    {"--rdb-version", "10|11|12",
     "of the file: 10 is for Redis 7.0 and later, 11 for 7.2, 12 for 7.4",
     "10, or 12 if fields of hashes expire"},
    {"--from", "BACKUP", "export what mydis backup has written, and ask no instance"},
    kDbOption,
    kMatchOption,
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
    {"--timeout", "D", "how long to wait for an answer", kTimeout},
};

constexpr ExampleSpec kExamples[] = {
    {"mydis export dump.rdb", "all keys and functions"},
    {"mydis export --match 'user:*' users.rdb", "some of them"},
};

constexpr CommandLineSpec kCommandLine = {
    .program = kProgram,
    .summary =
        "Writes all keys and functions, as of one moment, to an RDB file that redis-server "
        "loads.",
    .usage = "[OPTION]... [FILE]",
    .options = kOptions,
    .max_words = 1,
    .footer =
        "Without FILE, or with -, it goes to standard output, if that is no terminal.\n"
        "The instance goes on meanwhile; it takes an administrator.",
    .examples = kExamples,
    .words = "F",
};

struct Plan {
  std::string file;
  KeyChoice choice;
  uint16_t version = 0;  // 0: the lowest that will do.
};

Result<Plan> ReadPlan(const CommandLine& line) {
  Plan plan;
  plan.file = line.words.empty() ? "-" : line.words[0];
  if (plan.file == "-" && isatty(STDOUT_FILENO) != 0)
    return Fail(ErrorCode::kInvalid, "give a file, or send standard output somewhere");
  if (line.Has("from") && line.Get("from").empty())
    return Fail(ErrorCode::kInvalid, "--from: the name of the file is empty");
  if (line.Has("rdb-version")) {
    const std::string word = line.Get("rdb-version");
    for (uint16_t version = kRdbVersionLowest; version <= kRdbVersionTimed; ++version)
      if (word == std::to_string(version)) plan.version = version;
    if (plan.version == 0) return Fail(ErrorCode::kInvalid, "--rdb-version takes 10, 11 or 12");
  }
  Result<KeyChoice> choice = ReadKeyChoice(line);
  if (!choice) return Fail(choice.error());
  plan.choice = *std::move(choice);
  return plan;
}

// One try at a file of one version.
class Export {
 public:
  Export(const Plan& plan, uint16_t version, OutputFile& out, Progress& progress)
      : plan_(plan),
        version_(version),
        progress_(progress),
        writer_(version, [&out](std::string_view bytes) { return out.Write(bytes); }) {}

  // kExists if the file must be of a higher version.
  Status Run(DiskFile& backup, const std::string& name) {
    auto items = BackupItems::Open(backup, name);
    if (!items) return items.error();
    const Status status = ReadBackup(
        **items,
        {.head = [this](const State& state) { return Head(state); },
         .key = [this](uint32_t db, const Entry& entry,
                       std::optional<int64_t> deadline_ms) { return Key(db, entry, deadline_ms); },
         .progress = [this](uint64_t offset) { progress_.Update(offset, keys_); }});
    return status.ok() ? writer_.End() : status;
  }

  uint64_t keys() const { return keys_; }
  uint64_t libraries() const { return libraries_; }

 private:
  Status Head(const State& state) {
    // What redis-server says of the file in its log: of which version it is, and how old.
    constexpr std::string_view kRedisVersions[] = {"7.0.0", "7.2.0", "7.4.0"};
    const std::pair<std::string_view, std::string> facts[] = {
        {"redis-ver", std::string(kRedisVersions[version_ - kRdbVersionLowest])},
        {"redis-bits", "64"},
        {"ctime", std::to_string(SystemClock().WallMs() / 1000)}};
    for (const auto& [name, value] : facts)
      if (Status status = writer_.Fact(name, value); !status.ok()) return status;
    for (const auto& [name, library] : state.scripts.libraries()) {
      ++libraries_;
      if (Status status = writer_.Library(library.code); !status.ok()) return status;
    }
    return Status::Ok();
  }

  Status Key(uint32_t db, const Entry& entry, std::optional<int64_t> deadline_ms) {
    if (!plan_.choice.Wants(db, entry.key())) return Status::Ok();
    if (RdbVersionOf(entry) > version_)
      return {ErrorCode::kExists,
              fmt::format("fields of the hash {} of database {} expire, which takes --rdb-version "
                          "12 (Redis 7.4)",
                          QuotedStart(entry.key()), db)};
    ++keys_;
    return writer_.Key(db, entry, deadline_ms);
  }

  const Plan& plan_;
  const uint16_t version_;
  Progress& progress_;
  RdbFileWriter writer_;
  uint64_t keys_ = 0;
  uint64_t libraries_ = 0;
};

Status ExportBackup(const Plan& plan, DiskFile& backup, const std::string& name) {
  auto out = OutputFile::Open(plan.file);
  if (!out) return out.error();
  const auto size = backup.Size();
  if (!size) return size.error();
  Progress progress({.label = "export", .total = *size, .items = "keys"});
  const uint16_t version = plan.version == 0 ? kRdbVersionLowest : plan.version;
  auto attempt = std::make_unique<Export>(plan, version, **out, progress);
  Status status = attempt->Run(backup, name);
  uint16_t written = version;
  // Only now is it known that the lowest version does not do.
  if (status.code() == ErrorCode::kExists && plan.version == 0 && (*out)->rewinds()) {
    written = kRdbVersionTimed;
    if (status = (*out)->Rewind(); !status.ok()) return status;
    attempt = std::make_unique<Export>(plan, written, **out, progress);
    status = attempt->Run(backup, name);
  }
  if (status.ok()) status = (*out)->Commit();
  progress.Clear();
  if (!status.ok() || plan.file == "-") return status;
  fmt::print("exported {} and {}: RDB version {}, {}\n", KeysText(attempt->keys()),
             LibrariesText(attempt->libraries()), written, BytesText((*out)->size()));
  return Status::Ok();
}

Status FromFile(const Plan& plan, const std::string& path) {
  auto file = OpenBackup(path);
  if (!file) return file.error();
  return BackupError(ExportBackup(plan, **file, path));
}

Status FromInstance(const Plan& plan, RemoteConnection::Options options,
                    const std::vector<std::string>& login) {
  options.reads_only = true;
  RemoteConnection connection(std::move(options));
  if (Status status = ConnectAndLogIn(connection, login); !status.ok()) return status;
  auto backup = RemoteBackup::Start(
      connection, [](const std::string& line) { fmt::print(stderr, "{}: {}\n", kProgram, line); });
  if (!backup) return backup.error();
  return BackupError(ExportBackup(plan, **backup, "the backup"));
}

}  // namespace

const CommandLineSpec& ExportCommandLine() { return kCommandLine; }

int ExportMain(const CommandLine& line) {
  const Result<Plan> plan = ReadPlan(line);
  if (!plan) return UsageError(kProgram, plan.error().message());
  Result<RemoteConnection::Options> connection = ReadConnection(line, kTimeout);
  if (!connection) return UsageError(kProgram, connection.error().message());
  const Status status = line.Has("from")
                            ? FromFile(*plan, line.Get("from"))
                            : FromInstance(*plan, *std::move(connection), ReadLogin(line));
  if (status.ok()) return kExitOk;
  fmt::print(stderr, "{}: {}\n", kProgram, NotWritten(status, plan->file).message());
  return kExitFailed;
}

}  // namespace mydis
