// How long LogStore::Append() takes on a real disk: `log_bench DIRECTORY [GROUPS]`. One line a
// size: what an Append() of one entry takes (p50, p99, the longest), while segments are filled,
// made ahead and recycled as in service, beside a bare write of the same number of blocks into a
// pre-zeroed file.
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <thread>
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

Times BareWrites(Disk& disk, const std::string& path, size_t size, int groups) {
  constexpr uint64_t kFileSize = 32 << 20;
  auto file = disk.Open(path, OpenMode::kReplace);
  if (!file) Check(file.error());
  Check((*file)->Allocate(kFileSize));
  const std::string bytes(size, 'x');
  SystemClock clock;
  Times times;
  uint64_t offset = 0;
  for (int i = 0; i < groups; ++i) {
    if (offset + size > kFileSize) offset = 0;
    const uint64_t start = clock.MonotonicUs();
    Check(WriteAt(**file, offset, bytes, Durability::kDurable));
    times.us.push_back(clock.MonotonicUs() - start);
    offset += size;
  }
  Check(disk.Remove(path));
  return times;
}

Times Appends(Disk& disk, const std::string& directory, size_t size, int groups) {
  auto log = LogStore::Create(disk, directory, {});
  if (!log) Check(log.error());
  for (int i = 0; i < 2; ++i) Check((*log)->PrepareSpare());
  SystemClock clock;
  Times times;
  const Payload data = MakePayload(std::string(size, 'x'));
  for (uint64_t i = 1; i <= static_cast<uint64_t>(groups); ++i) {
    const LogEntry entry{i, 1, EntryKind::kNormal, data};
    const uint64_t start = clock.MonotonicUs();
    Check((*log)->Append({HardState{1, 1, i - 1}, std::span(&entry, 1)}));
    times.us.push_back(clock.MonotonicUs() - start);
    if (i % 256 == 0) Check((*log)->Compact(i - 1));
  }
  return times;
}

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
    // The largest entry that fills so many blocks.
    const size_t size = stored - kGroupFixedSize - kEntryRecordSize;
    Times bare = BareWrites(disk, directory + "/bare", stored, groups);
    const std::string log_directory = fmt::format("{}/log-{}", directory, stored);
    Times append = Appends(disk, log_directory, size, groups);
    fmt::print("{:<22}{:<28}{}\n", stored, bare.Line(), append.Line());
    auto names = disk.List(log_directory);
    for (const std::string& name : *names) Check(disk.Remove(log_directory + "/" + name));
  }
  return 0;
}
