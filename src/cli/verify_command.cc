// `mydis verify`: whether every byte of a backup, an RDB file or a stopped instance's data
// directory is as it was written, and what is in it.
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/envelope.h"
#include "cli/backup_file.h"
#include "cli/command_line.h"
#include "cli/input_file.h"
#include "cli/progress.h"
#include "cli/rdb_contents.h"
#include "cli/saved_state.h"
#include "cli/subcommands.h"
#include "consensus/overlay_disk.h"
#include "consensus/posix_disk.h"
#include "consensus/snapshot_scanner.h"

namespace mydis {
namespace {

constexpr std::string_view kProgram = "mydis verify";

constexpr ExampleSpec kExamples[] = {
    {"mydis verify monday.backup", "a backup"},
    {"mydis verify /var/lib/mydis", "a stopped instance's data"},
};

constexpr CommandLineSpec kCommandLine = {
    .program = kProgram,
    .summary =
        "Reads all of a backup, an RDB file or a stopped instance's data directory: whether "
        "every byte is as it was written, and what is in it.",
    .usage = "FILE|DIRECTORY",
    .options = {},
    .max_words = 1,
    .footer = "Nothing is changed. The exit status is 0 if all is well, 1 if not.",
    .examples = kExamples,
    .words = "F",
};

bool People() { return isatty(STDOUT_FILENO) != 0; }

// Reads every entry once more, as a start would apply them.
Status VerifyEntries(LogStore& log) {
  Progress progress(
      {.label = "verify", .total = log.LastIndex() + 1 - log.FirstIndex(), .unit = "log entries"});
  for (uint64_t index = log.FirstIndex(); index <= log.LastIndex(); ++index) {
    const auto entry = log.Read(index);
    if (!entry) return entry.error();
    Envelope envelope;
    if (entry->kind == EntryKind::kNormal && entry->Size() > 0 &&
        !LoadEnvelope(*entry->data, &envelope))
      return {ErrorCode::kCorrupt,
              fmt::format("log entry {} has a form that this program does not know: it is newer, "
                          "or broken",
                          index)};
    progress.Update(index + 1 - log.FirstIndex());
  }
  return Status::Ok();
}

// All that are there, also a newer one that a start would pass over for being broken; the report is
// of the newest.
Result<std::string> VerifySnapshots(Disk& disk, const std::string& directory) {
  const auto names = disk.List(directory);
  if (!names) return Fail(names.error());
  std::string report;
  for (const std::string& name : *names) {
    if (!ParseSnapshotName(name)) continue;
    const std::string path = directory + "/" + name;
    auto file = disk.Open(path, OpenMode::kRead);
    if (!file) return Fail(file.error());
    auto found = BackupReport(**file, path, People());
    if (!found) return found;
    report = *std::move(found);
  }
  return report;
}

// The snapshot's keys are not all that the instance has.
std::string EntriesBehind(const DirectoryFacts& facts) {
  const uint64_t base = facts.snapshot ? facts.snapshot->id.index : facts.first_index - 1;
  if (facts.last_index <= base) return {};
  const uint64_t entries = facts.last_index - base;
  return fmt::format("{} {} in the log{}: their keys are not counted\n", entries,
                     entries == 1 ? "entry" : "entries",
                     facts.snapshot ? " behind the snapshot" : ", and no snapshot yet");
}

Result<std::string> VerifyDirectory(const std::string& path) {
  PosixDisk below;
  const auto meta = LoadMeta(below, path);
  if (!meta) return Fail(meta.error());
  const auto logged = below.Exists(path + "/log");
  if (!*meta && !(logged && *logged))
    return Fail(ErrorCode::kNotFound, fmt::format("{} is no data directory of Mydis", path));
  OverlayDisk disk(below);
  auto storage = Storage::Open(disk, {.data_dir = path});
  if (!storage) return Fail(storage.error());
  if (!(*storage)->initialised())
    return Fail(ErrorCode::kNotFound, fmt::format("{} was never in use", path));
  const auto facts = ExamineStorage(**storage);
  if (!facts) return Fail(facts.error());
  const auto snapshots = VerifySnapshots(below, path + "/snapshots");
  if (!snapshots) return snapshots;
  if (Status status = VerifyEntries((*storage)->log()); !status.ok()) return Fail(status);
  return DirectoryReport(*facts, path) + *snapshots + EntriesBehind(*facts);
}

Result<std::string> VerifyRdb(const std::string& path) {
  const auto input = InputFile::Open(path);
  if (!input) return Fail(input.error());
  RdbContents contents;
  Progress progress({.label = "verify", .total = input->size.value_or(0), .items = "keys"});
  const Status status = ReadRdb(input->descriptor.get(), 0, progress, &contents,
                                [](RdbItem&) { return Status::Ok(); });
  if (!status.ok()) return Fail(status.code(), fmt::format("{}: {}", path, status.message()));
  return contents.Text(People());
}

Result<std::string> VerifyFile(const std::string& path) {
  PosixDisk disk;
  auto file = disk.Open(path, OpenMode::kRead);
  if (!file) return Fail(file.error());
  const auto kind = KindOf(**file);
  if (!kind) return Fail(kind.error());
  if (*kind == FileKind::kRdb) return VerifyRdb(path);
  if (*kind == FileKind::kOther)
    return Fail(ErrorCode::kInvalid,
                fmt::format("{} is neither a backup of Mydis nor an RDB file", path));
  auto report = BackupReport(**file, path, People());
  if (!report) return Fail(BackupError(report.error()));
  return report;
}

Result<std::string> Verify(const std::string& path) {
  struct stat about {};
  if (stat(path.c_str(), &about) != 0)
    return Fail(ErrorCode::kNotFound, fmt::format("{}: {}", path, std::strerror(errno)));
  return S_ISDIR(about.st_mode) ? VerifyDirectory(path) : VerifyFile(path);
}

}  // namespace

const CommandLineSpec& VerifyCommandLine() { return kCommandLine; }

int VerifyMain(const CommandLine& line) {
  if (line.words.empty()) return UsageError(kProgram, "give a file or a data directory");
  const Result<std::string> report = Verify(line.words[0]);
  if (!report) {
    fmt::print(stderr, "{}: {}\n", kProgram, report.error().message());
    return kExitFailed;
  }
  fmt::print("{}every checksum is right\n", *report);
  return kExitOk;
}

}  // namespace mydis
