// How long LogStore::Append() takes on a real disk: `log_bench DIRECTORY [GROUPS]`. One line a
// size: what an Append() of one entry takes (p50, p99, the longest), while segments are filled,
// made ahead and recycled as in service, beside a bare write of the same number of blocks into a
// pre-zeroed file.
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/clock.h"
#include "consensus/log_record.h"
#include "consensus/log_store.h"
#include "consensus/posix_disk.h"

namespace mydis {
namespace {

void Check(const Status& s) {
  if (s.ok()) return;
  fmt::print(stderr, "{}\n", s.message());
  std::exit(1);
}

struct Times {
  std::vector<uint64_t> us;
  std::string Line() {
    std::sort(us.begin(), us.end());
    return fmt::format("{:>6} / {:>6} / {:>7}", us[us.size() / 2], us[us.size() * 99 / 100],
                       us.back());
  }
};

// Both kinds of writes take turns, so that what else the machine does meets both alike.
class Bench {
 public:
  Bench(Disk& disk, const std::string& directory, size_t stored)
      : disk_(disk),
        bare_path_(directory + "/bare"),
        log_directory_(fmt::format("{}/log-{}", directory, stored)),
        bytes_(stored, 'x'),
        // The largest entry that fills so many blocks.
        data_(MakePayload(std::string(stored - kGroupFixedSize - kEntryRecordSize, 'x'))) {
    auto file = disk.Open(bare_path_, OpenMode::kReplace);
    if (!file) Check(file.error());
    bare_ = std::move(*file);
    Check(bare_->Allocate(kFileSize));
    auto log = LogStore::Create(disk, log_directory_, {});
    if (!log) Check(log.error());
    log_ = std::move(*log);
    for (int i = 0; i < 2; ++i) Check(log_->PrepareSpare());
  }
  ~Bench() {
    Check(disk_.Remove(bare_path_));
    auto names = disk_.List(log_directory_);
    for (const std::string& name : *names) Check(disk_.Remove(log_directory_ + "/" + name));
  }

  void Round(int groups) {
    for (int i = 0; i < groups; ++i) {
      if (offset_ + bytes_.size() > kFileSize) offset_ = 0;
      const uint64_t start = clock_.MonotonicUs();
      Check(WriteAt(*bare_, offset_, bytes_, Durability::kDurable));
      bare.us.push_back(clock_.MonotonicUs() - start);
      offset_ += bytes_.size();
    }
    for (int i = 0; i < groups; ++i) {
      const LogEntry entry{log_->LastIndex() + 1, 1, EntryKind::kNormal, data_};
      const uint64_t start = clock_.MonotonicUs();
      Check(log_->Append({HardState{1, 1, entry.index - 1}, std::span(&entry, 1)}));
      append.us.push_back(clock_.MonotonicUs() - start);
    }
    Check(log_->Compact(log_->LastIndex()));
  }

  Times bare, append;

 private:
  static constexpr uint64_t kFileSize = 32 << 20;
  Disk& disk_;
  const std::string bare_path_, log_directory_, bytes_;
  const Payload data_;
  std::unique_ptr<DiskFile> bare_;
  std::unique_ptr<LogStore> log_;
  SystemClock clock_;
  uint64_t offset_ = 0;
};

}  // namespace
}  // namespace mydis

int main(int argc, char** argv) {
  using namespace mydis;
  if (argc < 2) {
    fmt::print(stderr, "usage: log_bench DIRECTORY [GROUPS]\n");
    return 2;
  }
  const std::string directory = argv[1];
  const int groups = argc > 2 ? std::atoi(argv[2]) : 5000;
  PosixDisk disk;
  Check(disk.CreateDirectory(directory));
  fmt::print("microseconds: p50 / p99 / longest of {}\n{:<22}{:<28}{}\n", groups, "stored bytes",
             "bare durable write", "LogStore::Append");
  for (size_t stored : {size_t{4} << 10, size_t{128} << 10}) {
    Bench bench(disk, directory, stored);
    constexpr int kRound = 100;
    for (int i = 0; i < groups; i += kRound) bench.Round(kRound);
    fmt::print("{:<22}{:<28}{}\n", stored, bench.bare.Line(), bench.append.Line());
  }
  return 0;
}
