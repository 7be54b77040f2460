// `mydis backup`: a copy of the whole state of a running cluster, as of one moment.
#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>

#include "cli/addresses.h"
#include "cli/backup_file.h"
#include "cli/command_line.h"
#include "cli/output_file.h"
#include "cli/progress.h"
#include "cli/remote_backup.h"
#include "cli/remote_call.h"
#include "cli/subcommands.h"
#include "consensus/snapshot_scanner.h"

namespace mydis {
namespace {

constexpr std::string_view kProgram = "mydis backup";
constexpr std::string_view kTimeout = "10m";

constexpr OptionSpec kOptions[] = {
    kAddressOption, kHostOption,     kPortOption,
    kUserOption,    kPasswordOption, kTokenOption,
    kTlsOption,     kTlsCaOption,    kTlsCertOption,
    kTlsKeyOption,  kTlsNameOption,  {"--timeout", "D", "how long to wait for an answer", kTimeout},
};

constexpr ExampleSpec kExamples[] = {
    {"mydis backup monday.backup", "a whole copy"},
    {"mydis backup | zstd > monday.backup.zst", "the same through a pipe"},
};

constexpr CommandLineSpec kCommandLine = {
    .program = kProgram,
    .summary = "Copies everything that a running cluster holds, as of one moment, to a file.",
    .usage = "[OPTION]... [FILE]",
    .options = kOptions,
    .max_words = 1,
    .footer =
        "Without FILE, or with -, it goes to standard output, if that is no terminal.\nThe "
        "file appears under its name when it is whole and every checksum was right. It has "
        "all\nvalues, users, and hashes of secrets: keep it as you keep them. mydis restore "
        "brings it back,\nmydis verify looks at it, mydis export --from makes an RDB file of "
        "it.",
    .examples = kExamples,
    .words = "F",
};

// Every byte goes to `out`; ok when all of them were as they were written.
Status Copy(RemoteBackup& backup, OutputFile& out, Progress& progress) {
  backup.set_on_piece([&](std::string_view bytes) {
    Status status = out.Write(bytes);
    progress.Update(out.size());
    return status;
  });
  Status status = BackupError(VerifySnapshot(backup, "the backup"));
  if (status.ok()) status = out.Commit();
  return status;
}

Status Backup(const std::string& path, RemoteConnection::Options options,
              const std::vector<std::string>& login) {
  auto out = OutputFile::Open(path);
  if (!out) return out.error();
  options.reads_only = true;
  RemoteConnection connection(std::move(options));
  if (Status status = ConnectAndLogIn(connection, login); !status.ok()) return status;
  auto backup = RemoteBackup::Start(
      connection, [](const std::string& line) { fmt::print(stderr, "{}: {}\n", kProgram, line); });
  if (!backup) return backup.error();
  Progress progress({.label = "backup", .total = (*backup)->size()});
  const Status status = Copy(**backup, **out, progress);
  progress.Clear();
  if (!status.ok() || path == "-") return status;
  fmt::print("backed up {} to {}: log index {}\n", BytesText((*out)->size()), path,
             (*backup)->log_index());
  return Status::Ok();
}

}  // namespace

const CommandLineSpec& BackupCommandLine() { return kCommandLine; }

int BackupMain(const CommandLine& line) {
  const std::string path = line.words.empty() ? "-" : line.words[0];
  if (path == "-" && isatty(STDOUT_FILENO) != 0)
    return UsageError(kProgram, "give a file, or send standard output somewhere");
  Result<RemoteConnection::Options> connection = ReadConnection(line, kTimeout);
  if (!connection) return UsageError(kProgram, connection.error().message());
  const Status status = Backup(path, *std::move(connection), ReadLogin(line));
  if (status.ok()) return kExitOk;
  fmt::print(stderr, "{}: {}\n", kProgram, NotWritten(status, path).message());
  return kExitFailed;
}

}  // namespace mydis
