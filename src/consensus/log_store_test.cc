#include "consensus/log_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>
#include <utility>

#include "consensus/log_record.h"
#include "consensus/log_test_util.h"

namespace mydis {
namespace {

using namespace test;

TEST(LogRecord, HeadGoesThroughItsBytes) {
  GroupHead head;
  head.flags = kClosed;
  head.salt = 11;
  head.sequence = 12;
  head.durable = 10;
  head.hard_state = {3, 2, 1};
  AddEntries(std::vector{Entry(5, 3, "abc"), Entry(6, 3, "", EntryKind::kConfChange)}, &head);
  const std::string bytes = EncodeGroupHead(head);
  ASSERT_EQ(bytes.size(), head.HeadSize());
  const auto claim = PeekGroup(bytes, 11);
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->head_size, bytes.size());
  EXPECT_FALSE(PeekGroup(bytes, 12)) << "another life of the segment";
  const auto back = DecodeGroupHead(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(EncodeGroupHead(*back), bytes);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(DecodeGroupHead(damaged)) << "bit " << bit;
  }
  for (size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(DecodeGroupHead(bytes.substr(0, n)));
}

TEST(LogStore, KeepsEntriesAndHardStateOverARestart) {
  SimDisk disk;
  {
    auto log = MustCreate(disk, SmallSegments());
    EXPECT_EQ(log->FirstIndex(), 1u);
    EXPECT_EQ(log->LastIndex(), 0u);
    EXPECT_EQ(*log->Term(0), 0u);
    ASSERT_TRUE(AppendEntries(*log, {Entry(1, 1, "a"), Entry(2, 1, "")}, HardState{1, 3, 0}).ok());
    ASSERT_TRUE(AppendEntries(*log, {Entry(3, 2, "conf", EntryKind::kConfChange)}).ok());
    ASSERT_TRUE(AppendEntries(*log, {}, HardState{2, 1, 2}).ok());
    EXPECT_EQ(LogStore::Create(disk, kLogDirectory, SmallSegments()).error().code(),
              ErrorCode::kExists);
  }
  auto log = MustOpen(disk, SmallSegments());
  EXPECT_EQ(log->hard_state(), (HardState{2, 1, 2}));
  EXPECT_EQ(ImageOf(*log).entries,
            (decltype(LogImage::entries){{1, {1, "a"}}, {2, {1, ""}}, {3, {2, "conf"}}}));
  const std::vector<LogEntry> entries = log->Entries();
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].index, 1u);
  EXPECT_EQ(entries[0].data, nullptr) << "payloads stay on disk";
  EXPECT_EQ(entries[2].kind, EntryKind::kConfChange);
  EXPECT_EQ(*entries[2].data, "conf");
  EXPECT_EQ(log->Read(0).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(log->Read(4).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(log->Term(4).error().code(), ErrorCode::kNotFound);
}

TEST(LogStore, LaterEntriesReplaceEarlierOnes) {
  SimDisk disk;
  auto log = MustCreate(disk, SmallSegments());
  ASSERT_TRUE(AppendEntries(*log, {Entry(1, 1, "a"), Entry(2, 1, "b", EntryKind::kConfChange),
                                   Entry(3, 1, "c")})
                  .ok());
  ASSERT_TRUE(AppendEntries(*log, {Entry(2, 2, "B")}).ok());
  const LogImage image = ImageOf(*log);
  EXPECT_EQ(image.entries, (decltype(LogImage::entries){{1, {1, "a"}}, {2, {2, "B"}}}));
  log = MustOpen(disk, SmallSegments());
  EXPECT_EQ(ImageOf(*log), image);
  EXPECT_EQ(log->Entries()[1].data, nullptr) << "the replaced membership change is gone";
}

TEST(LogStore, RollsAndRecyclesSegments) {
  SimDisk disk;
  auto log = MustCreate(disk, SmallSegments());
  const std::string data(1000, 'x');
  for (uint64_t i = 1; i <= 20; ++i) {
    ASSERT_TRUE(AppendEntries(*log, {Entry(i, 1, data)}).ok());
    ASSERT_TRUE(log->Compact(i > 4 ? i - 4 : 0).ok());
  }
  EXPECT_EQ(log->FirstIndex(), 17u);
  EXPECT_EQ(*log->Term(16), 1u);
  EXPECT_EQ(log->Read(16).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(log->Read(17)->data->size(), 1000u);
  EXPECT_LE(disk.UsedBytes(), 6u * (16 << 10)) << "files are used again";
  EXPECT_LE(log->Usage().spares, 2u);
  log = MustOpen(disk, SmallSegments());
  EXPECT_LE(log->FirstIndex(), 17u);
  EXPECT_EQ(log->LastIndex(), 20u);
  EXPECT_EQ(*log->Term(log->FirstIndex() - 1), 1u);
}

TEST(LogStore, AGroupLargerThanASegmentGetsItsOwn) {
  SimDisk disk;
  auto log = MustCreate(disk, SmallSegments());
  const std::string big(100000, 'y');
  ASSERT_TRUE(AppendEntries(*log, {Entry(1, 1, "a")}).ok());
  ASSERT_TRUE(AppendEntries(*log, {Entry(2, 1, big), Entry(3, 1, "tail")}).ok());
  ASSERT_TRUE(AppendEntries(*log, {Entry(4, 1, "d")}).ok());
  const LogImage image = ImageOf(*log);
  EXPECT_EQ(image.entries.at(2).second, big);
  log = MustOpen(disk, SmallSegments());
  EXPECT_EQ(ImageOf(*log), image);
  ASSERT_TRUE(log->Compact(4).ok());
  EXPECT_LE(disk.UsedBytes(), 4u * (16 << 10)) << "the large file is not kept as a spare";
}

TEST(LogStore, ResetGoesOnBehindASnapshot) {
  SimDisk disk;
  auto log = MustCreate(disk, SmallSegments());
  for (uint64_t i = 1; i <= 9; ++i)
    ASSERT_TRUE(AppendEntries(*log, {Entry(i, 1, std::string(5000, 'x'))}).ok());
  ASSERT_TRUE(log->Reset(5, 3, {3, 0, 5}).ok());
  EXPECT_EQ(log->FirstIndex(), 6u);
  EXPECT_EQ(log->LastIndex(), 5u);
  EXPECT_EQ(*log->Term(5), 3u);
  const uint64_t before = log->Usage().segments;
  ASSERT_TRUE(log->Compact(5).ok());
  EXPECT_LT(log->Usage().segments, before);
  ASSERT_TRUE(AppendEntries(*log, {Entry(6, 3, "f")}).ok());
  const LogImage image = ImageOf(*log);
  log = MustOpen(disk, SmallSegments());
  EXPECT_EQ(ImageOf(*log), image);
  EXPECT_EQ(log->FirstIndex(), 6u);
  EXPECT_EQ(*log->Term(5), 3u);
}

TEST(LogStore, ACommitIndexNeverPointsBeyondTheLog) {
  SimDisk disk;
  auto log = MustCreate(disk, SmallSegments());
  ASSERT_TRUE(log->Reset(5, 3, {3, 0, 9}).ok());
  EXPECT_EQ(log->hard_state().commit, 5u);
  ASSERT_TRUE(AppendEntries(*log, {Entry(6, 3, "x")}, HardState{3, 0, 9}).ok());
  EXPECT_EQ(MustOpen(disk, SmallSegments())->hard_state().commit, 6u);
}

TEST(LogStore, OverwrittenEntriesMayLieInARecycledSegment) {
  SimDisk disk;
  auto log = MustCreate(disk, SmallSegments());
  const std::string data(5000, 'x');
  ASSERT_TRUE(AppendEntries(*log, {Entry(1, 1, "a"), Entry(2, 1, "b"), Entry(3, 1, data)}).ok());
  ASSERT_TRUE(AppendEntries(*log, {Entry(2, 2, "B")}).ok());
  ASSERT_TRUE(AppendEntries(*log, {Entry(3, 2, "c"), Entry(4, 2, "d")}).ok());
  ASSERT_TRUE(AppendEntries(*log, {Entry(5, 2, data)}, HardState{2, 1, 4}).ok());
  ASSERT_TRUE(log->Compact(3).ok());
  ASSERT_GE(log->Usage().segments, 2u);
  ASSERT_EQ(disk.List(kLogDirectory)->front(), "segment-000000000002");
  log = MustOpen(disk, SmallSegments());
  EXPECT_LE(log->FirstIndex(), 4u);
  EXPECT_EQ(*log->Term(log->FirstIndex() - 1), 2u);
  EXPECT_EQ(*log->Term(3), 2u);
  EXPECT_EQ(*log->Read(4)->data, "d");
  EXPECT_EQ(*log->Read(5)->data, data);
}

TEST(LogStore, AFullDiskRefusesAndThenGoesOn) {
  SimDisk disk;
  auto log = MustCreate(disk, SmallSegments());
  const std::string data(3000, 'x');
  ASSERT_TRUE(AppendEntries(*log, {Entry(1, 1, data)}).ok());
  disk.SetCapacity(disk.UsedBytes() + 1000);
  EXPECT_FALSE(log->HasSpare());
  EXPECT_EQ(log->PrepareSpare().code(), ErrorCode::kDiskFull);
  EXPECT_EQ(log->Usage().room, 4096u);
  ASSERT_TRUE(AppendEntries(*log, {Entry(2, 1, data)}).ok()) << "there is room in the segment";
  const LogImage image = ImageOf(*log);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(AppendEntries(*log, {Entry(3, 1, data)}, HardState{9, 9, 0}).code(),
              ErrorCode::kDiskFull);
  EXPECT_EQ(ImageOf(*log), image) << "nothing has happened, and reads go on";
  {
    auto copy = disk.Clone();
    EXPECT_EQ(ImageOf(*MustOpen(*copy, SmallSegments())), image);
  }
  disk.SetCapacity(std::nullopt);
  ASSERT_TRUE(AppendEntries(*log, {Entry(3, 1, data)}).ok());
  EXPECT_EQ(log->LastIndex(), 3u);
  EXPECT_EQ(ImageOf(*MustOpen(disk, SmallSegments())).entries.size(), 3u);
}

// Copy-on-write file systems may lack room for any write, also into a file that is all there.
TEST(LogStore, NoRoomAtAnyWriteOfARollIsHarmless) {
  for (int failing = 0; failing < 12; ++failing) {
    SimDisk disk;
    auto log = MustCreate(disk, SmallSegments());
    const std::string data(3000, 'x');
    ASSERT_TRUE(AppendEntries(*log, {Entry(1, 1, data)}).ok());
    ASSERT_TRUE(AppendEntries(*log, {Entry(2, 1, data)}).ok());
    int countdown = failing;
    disk.SetFault([&](DiskOp op, const std::string& path) {
      if (op == DiskOp::kSyncDirectory || countdown-- != 0) return Status::Ok();
      return Status(ErrorCode::kDiskFull, path + ": No space left on device");
    });
    // What is tried first is larger than what is tried then, so that its remains lie behind it.
    const Status first = AppendEntries(*log, {Entry(3, 1, data + data)});
    disk.SetFault({});
    if (first.ok()) {
      EXPECT_GT(failing, 4) << "some of the writes must have failed";
      break;
    }
    ASSERT_EQ(first.code(), ErrorCode::kDiskFull);
    ASSERT_TRUE(AppendEntries(*log, {Entry(3, 1, data)}).ok());
    ASSERT_TRUE(AppendEntries(*log, {Entry(4, 1, data)}).ok());
    ASSERT_TRUE(AppendEntries(*log, {Entry(5, 1, data)}).ok());
    EXPECT_EQ(ImageOf(*MustOpen(*disk.Clone(), SmallSegments())), ImageOf(*log)) << failing;
  }
}

TEST(LogStore, AFailedWriteOrSyncPoisons) {
  for (DiskOp failing : {DiskOp::kWrite, DiskOp::kSyncDirectory, DiskOp::kRename}) {
    SimDisk disk;
    auto log = MustCreate(disk, SmallSegments());
    disk.SetFault([&](DiskOp op, const std::string& path) {
      return op == failing ? Status(ErrorCode::kIo, path + ": Input/output error") : Status::Ok();
    });
    Status s;
    for (uint64_t i = 1; i <= 5 && s.ok(); ++i)
      s = AppendEntries(*log, {Entry(i, 1, std::string(5000, 'x'))});
    EXPECT_EQ(s.code(), ErrorCode::kIo);
    disk.SetFault({});
    EXPECT_EQ(AppendEntries(*log, {}).code(), ErrorCode::kIo) << "never again";
    EXPECT_EQ(log->Compact(0).code(), ErrorCode::kIo);
    EXPECT_EQ(log->Reset(9, 1, {}).code(), ErrorCode::kIo);
    EXPECT_EQ(log->Close().code(), ErrorCode::kIo);
  }
}

TEST(LogStore, SparesAreMadeAheadAndKept) {
  SimDisk disk;
  auto log = MustCreate(disk, SmallSegments());
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(log->PrepareSpare().ok());
  EXPECT_EQ(log->Usage().spares, 2u);
  EXPECT_EQ(log->Usage().room, 3u * 8192);
  log = MustOpen(disk, SmallSegments());
  EXPECT_EQ(log->Usage().spares, 2u);
  // A crash while one is being made leaves a part of it.
  ASSERT_TRUE(disk.ReplaceFile(kLogDirectory, "spare-000000000009.tmp", "").ok());
  log = MustOpen(disk, SmallSegments(32 << 10));
  EXPECT_EQ(log->Usage().spares, 0u) << "of the wrong size";
  EXPECT_EQ(disk.List(kLogDirectory)->size(), 1u);
}

// A SimDisk that calls `before_read` before each read of a file.
class HookedDisk final : public Disk {
 public:
  std::function<void()> before_read;

  Result<std::unique_ptr<DiskFile>> Open(const std::string& path, OpenMode mode) override {
    auto file = disk_.Open(path, mode);
    if (!file) return file;
    return std::make_unique<HookedFile>(*this, std::move(*file));
  }
  Status Rename(const std::string& from, const std::string& to) override {
    return disk_.Rename(from, to);
  }
  Status Remove(const std::string& path) override { return disk_.Remove(path); }
  Result<std::vector<std::string>> List(const std::string& path) override {
    return disk_.List(path);
  }
  Status CreateDirectory(const std::string& path) override { return disk_.CreateDirectory(path); }
  Status SyncDirectory(const std::string& path) override { return disk_.SyncDirectory(path); }
  Result<std::unique_ptr<DiskLock>> Lock(const std::string& path) override {
    return disk_.Lock(path);
  }
  Result<uint64_t> FreeSpace(const std::string& path) override { return disk_.FreeSpace(path); }

 private:
  class HookedFile final : public DiskFile {
   public:
    HookedFile(HookedDisk& disk, std::unique_ptr<DiskFile> file)
        : disk_(disk), file_(std::move(file)) {}
    Result<size_t> ReadAt(uint64_t offset, std::span<char> out) override {
      if (disk_.before_read) std::exchange(disk_.before_read, {})();
      return file_->ReadAt(offset, out);
    }
    Status WriteAt(uint64_t offset, std::span<const std::string_view> pieces,
                   Durability durability) override {
      return file_->WriteAt(offset, pieces, durability);
    }
    Status Sync() override { return file_->Sync(); }
    Status Allocate(uint64_t size) override { return file_->Allocate(size); }
    Result<uint64_t> Size() override { return file_->Size(); }

   private:
    HookedDisk& disk_;
    std::unique_ptr<DiskFile> file_;
  };

  SimDisk disk_;
};

TEST(LogStore, ASegmentIsNotUsedAgainWhileItIsRead) {
  HookedDisk disk;
  auto log = MustCreate(disk, SmallSegments());
  for (uint64_t i = 1; i <= 3; ++i) ASSERT_TRUE(AppendEntries(*log, {Entry(i, 1, "old")}).ok());
  disk.before_read = [&] {
    ASSERT_TRUE(log->Compact(2).ok());
    for (uint64_t i = 4; i <= 9; ++i) ASSERT_TRUE(AppendEntries(*log, {Entry(i, 1, "new")}).ok());
  };
  auto entry = log->Read(1);
  ASSERT_TRUE(entry) << entry.error().message();
  EXPECT_EQ(*entry->data, "old");
}

TEST(LogStore, ReadersGoOnWhileTheWriterWritesAndRecycles) {
  SimDisk disk;
  auto log = MustCreate(disk, SmallSegments());
  std::atomic<bool> done{false};
  std::thread reader([&] {
    while (!done) {
      const uint64_t first = log->FirstIndex(), last = log->LastIndex();
      for (uint64_t i = first; i <= last; ++i) {
        auto entry = log->Read(i);
        if (!entry) {
          EXPECT_EQ(entry.error().code(), ErrorCode::kNotFound) << entry.error().message();
        } else {
          EXPECT_EQ(*entry->data, std::string(3000, static_cast<char>('a' + i % 26)));
        }
      }
      (void)log->Usage();
    }
  });
  std::thread preparer([&] {
    while (!done) EXPECT_TRUE(log->PrepareSpare().ok());
  });
  for (uint64_t i = 1; i <= 500; ++i) {
    ASSERT_TRUE(
        AppendEntries(*log, {Entry(i, 1, std::string(3000, static_cast<char>('a' + i % 26)))})
            .ok());
    ASSERT_TRUE(log->Compact(i > 8 ? i - 8 : 0).ok());
  }
  done = true;
  reader.join();
  preparer.join();
}

}  // namespace
}  // namespace mydis
