// `mydis recover`: when the majority of a cluster is gone for good, makes of one stopped instance's
// data directory that of a new cluster of this instance alone.
//
// The new directory is made in DIR/recovered, `meta` last. Then the old parts move to
// DIR/before-recovery-ID and the new ones to DIR. A run that was cut off in the midst of that is
// finished by the next: what is complete is told by DIR/recovered/meta, which moves last.
#include <fmt/core.h>

#include <cstdio>
#include <filesystem>
#include <system_error>

#include "base/random.h"
#include "cli/command_line.h"
#include "cli/confirm.h"
#include "cli/progress.h"
#include "cli/saved_state.h"
#include "cli/subcommands.h"
#include "consensus/overlay_disk.h"
#include "consensus/posix_disk.h"

namespace mydis {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kProgram = "mydis recover";
// Of a data directory, in the order in which they may move: without `meta` nobody starts from it.
constexpr std::string_view kOldParts[] = {"meta", "log", "snapshots"};
constexpr std::string_view kNewParts[] = {"log", "snapshots", "meta"};

constexpr OptionSpec kOptions[] = {
    {"--data-dir", "DIR", "data directory of the instance that is to go on, which is stopped",
     "data"},
    {"--yes", "", "do not ask"},
    {"--dry-run", "", "say what would be lost, and change nothing"},
};

constexpr ExampleSpec kExamples[] = {
    {"mydis recover --data-dir /var/lib/mydis", "shows what would be lost, and asks"},
};

constexpr CommandLineSpec kCommandLine = {
    .program = kProgram,
    .summary =
        "Makes one stopped instance a cluster of its own, when the majority of its cluster "
        "is gone for good.",
    .usage = "[OPTION]...",
    .options = kOptions,
    .max_words = 0,
    .footer =
        "Of several that are left, take the one whose last entry has the highest term, and of "
        "these "
        "the\nhighest index: mydis verify DIR shows it. While a majority can come back, bring it "
        "back "
        "instead.\nWhat was there stays in DIR/before-recovery-ID until you remove it. "
        "Afterwards "
        "start the instance\nas before, empty the data directories of the others, and start them "
        "with --join: they join anew.",
    .examples = kExamples,
};

std::string Losses(const DirectoryFacts& facts, const std::string& directory) {
  std::string text = DirectoryReport(facts, directory);
  text += "given up:";
  for (const Member& member : facts.members.List())
    if (member.raft_id != facts.meta.raft_id) text += fmt::format(" {};", MemberText(member));
  text.back() = '\n';
  text +=
      fmt::format("lost: every write that they have acknowledged after {}\n", LastEntryText(facts));
  if (facts.last_index > facts.committed)
    text += fmt::format("kept, though nobody knows whether it was acknowledged: index {} to {}\n",
                        facts.committed + 1, facts.last_index);
  return text;
}

Status SystemError(const fs::path& path, const std::error_code& error) {
  return {ErrorCode::kIo, fmt::format("{}: {}", path.string(), error.message())};
}

Status MoveIfThere(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (!fs::exists(from, error)) return error ? SystemError(from, error) : Status::Ok();
  fs::rename(from, to, error);
  return error ? SystemError(from, error) : Status::Ok();
}

class Recovery {
 public:
  explicit Recovery(std::string directory)
      : directory_(std::move(directory)), fresh_(directory_ / "recovered") {}

  // Whether an earlier run has made the new parts, and has not put all of them in place.
  bool Unfinished() const { return fs::exists(fresh_ / "meta"); }

  // For as long as this lives.
  Status Lock() {
    auto lock = disk_.Lock(directory_ / "LOCK");
    if (!lock) return lock.error();
    lock_ = *std::move(lock);
    return Status::Ok();
  }

  Result<DirectoryFacts> Open() {
    const auto meta = LoadMeta(disk_, directory_);
    if (!meta) return Fail(meta.error());
    if (!*meta)
      return Fail(
          ErrorCode::kNotFound,
          fmt::format("{} is no data directory of Mydis: give --data-dir", directory_.string()));
    auto storage = Storage::Open(overlay_, {.data_dir = directory_});
    if (!storage) return Fail(storage.error());
    storage_ = *std::move(storage);
    auto facts = ExamineStorage(*storage_);
    if (facts && facts->members.size() <= 1)
      return Fail(ErrorCode::kInvalid,
                  "this instance is the only member of its cluster: start it as it is");
    return facts;
  }

  // REQUIRES: Open() has given `facts`.
  Status Make(const DirectoryFacts& facts) {
    std::error_code error;
    fs::remove_all(fresh_, error);
    if (error) return SystemError(fresh_, error);
    if (Status status = disk_.CreateDirectory(fresh_); !status.ok()) return status;
    Random random(RandomSeed());
    uint64_t cluster_id = random.Next();
    while (cluster_id == 0) cluster_id = random.Next();
    Progress progress({.label = "recover"});
    return WriteRecovered(disk_, *storage_, facts, fresh_, cluster_id,
                          [&progress](uint64_t bytes) { progress.Update(bytes); });
  }

  // Puts the new parts in place of the old ones, whose place is returned.
  Result<std::string> Swap() {
    const auto meta = LoadMeta(disk_, fresh_);
    if (!meta) return Fail(meta.error());
    // The same again if this is cut off.
    const fs::path old = directory_ / fmt::format("before-recovery-{:016x}", (*meta)->cluster_id);
    Status status = disk_.CreateDirectory(old);
    for (const std::string_view part : kOldParts)
      if (status.ok() && fs::exists(fresh_ / part))
        status = MoveIfThere(directory_ / part, old / part);
    if (status.ok()) status = disk_.SyncDirectory(directory_);
    for (const std::string_view part : kNewParts) {
      if (status.ok()) status = MoveIfThere(fresh_ / part, directory_ / part);
      if (status.ok()) status = disk_.SyncDirectory(directory_);
    }
    if (!status.ok()) return Fail(status);
    std::error_code error;
    fs::remove_all(fresh_, error);
    if (error) return Fail(SystemError(fresh_, error));
    return old.string();
  }

 private:
  const fs::path directory_;
  const fs::path fresh_;
  PosixDisk disk_;
  OverlayDisk overlay_{disk_};  // The old parts stay as they are.
  std::unique_ptr<DiskLock> lock_;
  std::unique_ptr<Storage> storage_;  // Has the lock, once it is open.
};

int Failure(const Status& status) {
  fmt::print(stderr, "{}: {}\n", kProgram, status.message());
  return kExitFailed;
}

int Finish(Recovery& recovery, const std::string& directory) {
  const Result<std::string> old = recovery.Swap();
  if (!old) return Failure(old.error());
  fmt::print(
      "{} is a cluster of its own now: start it, and start the others with --join and empty data "
      "directories\nwhat was there is in {}\n",
      directory, *old);
  return kExitOk;
}

}  // namespace

const CommandLineSpec& RecoverCommandLine() { return kCommandLine; }

int RecoverMain(const CommandLine& line) {
  const std::string directory = line.Get("data-dir", "data");
  if (directory.empty()) return UsageError(kProgram, "--data-dir: the directory's name is empty");
  const bool dry = line.Has("dry-run");
  const bool must_ask = !dry && !line.Has("yes");
  const bool unanswerable = must_ask && !CanAsk();
  Recovery recovery(directory);
  if (!dry && !unanswerable && recovery.Unfinished()) {
    if (Status status = recovery.Lock(); !status.ok()) return Failure(status);
    return Finish(recovery, directory);
  }
  const Result<DirectoryFacts> facts = recovery.Open();
  if (!facts) return Failure(facts.error());
  if (unanswerable)
    return UsageError(kProgram, "this gives up all other members: give --yes, or --dry-run");
  fmt::print("{}", Losses(*facts, directory));
  if (dry) return kExitOk;
  std::fflush(stdout);
  if (must_ask && !Confirm("Go on with this instance alone?"))
    return Failure({ErrorCode::kBusy, "nothing was changed"});
  if (Status status = recovery.Make(*facts); !status.ok()) return Failure(status);
  return Finish(recovery, directory);
}

}  // namespace mydis
