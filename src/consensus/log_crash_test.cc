// Random histories with crashes at random points, each compared with a model of what was
// acknowledged.
#include <gtest/gtest.h>

#include "base/log.h"
#include "base/random.h"
#include "consensus/log_test_util.h"

namespace mydis {
namespace {

using namespace test;

// What a log should hold. `first` is the lowest first index it may still show.
struct Model {
  LogImage image;
  uint64_t base = 0;  // Compacted, or reset, up to here.
  uint64_t last = 0;
};

class History {
 public:
  History(uint64_t seed, bool durable) : random_(seed), durable_(durable) {
    options_ = SmallSegments((4 + random_.Below(8)) * kDiskBlock);
    options_.durable = durable;
  }

  void Run(int steps) {
    log_ = MustCreate(disk_, options_);
    before_ = after_ = Model{};
    synced_ = {before_};
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) Step();
  }

  int crashes = 0, full = 0, torn = 0;

 private:
  void Step() {
    if (random_.Chance(1, 4)) disk_.StopAfter(1 + random_.Below(12));
    if (random_.Chance(1, 10))
      disk_.SetCapacity(disk_.UsedBytes() + random_.Below(options_.segment_size));
    const int calls = static_cast<int>(1 + random_.Below(6));
    for (int i = 0; i < calls && !disk_.stopped(); ++i) Call();
    if (disk_.stopped() || random_.Chance(1, 5)) Restart();
    disk_.SetCapacity(std::nullopt);
  }

  void Call() {
    // What the call should lead to; until it succeeds the log may be found in either state.
    after_ = before_;
    Status s;
    switch (random_.Below(10)) {
      case 0:
        s = Compact();
        break;
      case 1:
        s = log_->PrepareSpare();
        break;
      case 2:
        s = random_.Chance(1, 4) ? Reset() : Append();
        break;
      case 3:
        s = Sync();
        break;
      default:
        s = Append();
        break;
    }
    if (s.ok()) {
      before_ = after_;
      durable_ ? synced_.assign(1, before_) : synced_.push_back(before_);
      if (random_.Chance(1, 4)) CheckLog();
    } else if (s.code() == ErrorCode::kDiskFull && !disk_.stopped()) {
      ++full;
      after_ = before_;
      CheckLog();
    } else {
      EXPECT_TRUE(disk_.stopped()) << s.message();
    }
  }

  Status Sync() {
    Status s = log_->Sync();
    if (s.ok()) synced_.clear();
    return s;
  }

  Status Append() {
    Model& m = after_;
    std::vector<LogEntry> entries;
    HardState& hard_state = m.image.hard_state;
    const bool new_term = random_.Chance(1, 5);
    if (new_term) hard_state = {hard_state.term + 1, random_.Below(3), hard_state.commit};
    uint64_t index = m.last + 1;
    // A new leader may replace what is not committed.
    const uint64_t floor = std::max(hard_state.commit, m.base);
    if (new_term && m.last > floor) index = m.last - random_.Below(m.last - floor);
    m.image.entries.erase(m.image.entries.lower_bound(index), m.image.entries.end());
    const uint64_t count = index <= m.last ? 1 + random_.Below(4) : random_.Below(5);
    const uint64_t term = std::max<uint64_t>(hard_state.term, 1);
    for (uint64_t i = 0; i < count; ++i, ++index) {
      const uint64_t size = random_.Chance(1, 20) ? random_.Below(60'000) : random_.Below(3000);
      std::string data(size, static_cast<char>('a' + random_.Below(26)));
      data += std::to_string(index) + "/" + std::to_string(random_.Below(1000));
      const auto kind = random_.Chance(1, 10) ? EntryKind::kConfChange : EntryKind::kNormal;
      entries.push_back(Entry(index, term, data, kind));
      m.image.entries[index] = {term, data};
    }
    m.last = index - 1;
    if (hard_state.commit < m.last) hard_state.commit += random_.Below(m.last - hard_state.commit);
    return AppendEntries(*log_, entries, hard_state);
  }

  Status Compact() {
    Model& m = after_;
    if (m.image.hard_state.commit <= m.base) return Status::Ok();
    m.base += random_.Below(m.image.hard_state.commit - m.base + 1);
    DropBefore(m.base, &m);
    // Files go at once, also when the log's last groups are lost later.
    for (Model& earlier : synced_) DropBefore(m.base, &earlier);
    return log_->Compact(m.base);
  }

  static void DropBefore(uint64_t base, Model* m) {
    m->base = std::max(m->base, base);
    m->image.entries.erase(m->image.entries.begin(), m->image.entries.upper_bound(base));
  }

  Status Reset() {
    Model& m = after_;
    HardState& hard_state = m.image.hard_state;
    m.base = hard_state.commit + 1 + random_.Below(10);
    m.last = m.base;
    m.image.entries.clear();
    hard_state = {std::max<uint64_t>(hard_state.term, 1), 0, m.base};
    return log_->Reset(m.base, hard_state.term, hard_state);
  }

  // Whether the log is as the model says; entries before the model's base may be there again.
  bool Agrees(const Model& m) const {
    LogImage image = ImageOf(*log_);
    image.entries.erase(image.entries.begin(), image.entries.upper_bound(m.base));
    return image == m.image && log_->LastIndex() == m.last && log_->FirstIndex() <= m.base + 1;
  }

  void CheckLog() {
    EXPECT_TRUE(Agrees(before_)) << "the log holds " << log_->FirstIndex() << " to "
                                 << log_->LastIndex() << ", expected " << before_.base + 1 << " to "
                                 << before_.last;
  }

  void Restart() {
    const bool crash = disk_.stopped() || random_.Chance(1, 2);
    disk_.SetCapacity(std::nullopt);
    if (!crash) disk_.StopAfter(0);
    if (!crash && random_.Chance(1, 2)) {
      EXPECT_TRUE(log_->Close().ok());
    }
    log_.reset();
    if (crash) Interrupt();
    crashes += crash;
    // The power may fail again while the log is being recovered.
    while (random_.Chance(1, 3)) {
      disk_.StopAfter(1 + random_.Below(4));
      (void)LogStore::Open(disk_, kLogDirectory, options_);
      Interrupt();
    }
    log_ = MustOpen(disk_, options_);
    if (!log_) return;
    Adopt();
  }

  // The machine or the process alone comes to its end.
  void Interrupt() {
    if (random_.Chance(1, 3)) {
      disk_.KillProcess();
    } else {
      disk_.Crash(random_.Next());
    }
  }

  // Finds the state that the log came back in among those that are allowed.
  void Adopt() {
    synced_.push_back(before_);
    synced_.push_back(after_);
    for (auto it = synced_.rbegin(); it != synced_.rend(); ++it) {
      if (!Agrees(*it)) continue;
      torn += !Agrees(after_);
      // Entries that are there again are checked from now on, too.
      before_ = after_ = Model{ImageOf(*log_), log_->FirstIndex() - 1, log_->LastIndex()};
      synced_ = {before_};
      const std::vector<LogEntry> entries = log_->Entries();
      ASSERT_EQ(entries.size(), log_->LastIndex() + 1 - log_->FirstIndex());
      for (const LogEntry& entry : entries) {
        const LogEntry read = *log_->Read(entry.index);
        ASSERT_EQ(entry.kind, read.kind);
        ASSERT_EQ(entry.data != nullptr, entry.kind == EntryKind::kConfChange);
        ASSERT_TRUE(!entry.data || *entry.data == *read.data);
      }
      return;
    }
    ADD_FAILURE() << "the log holds neither what was acknowledged nor what was under way: last "
                  << log_->LastIndex() << ", expected " << before_.last << " or " << after_.last;
  }

  Random random_;
  const bool durable_;
  LogOptions options_;
  SimDisk disk_;
  std::unique_ptr<LogStore> log_;
  Model before_, after_;
  // The states since the last sync, in any of which a relaxed log may come back.
  std::vector<Model> synced_;
};

TEST(LogCrash, NothingAcknowledgedIsEverLost) {
  int crashes = 0, full = 0, torn = 0;
  for (uint64_t seed = 1; seed <= 300 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    History history(seed, true);
    history.Run(30);
    crashes += history.crashes;
    full += history.full;
    torn += history.torn;
  }
  EXPECT_GT(crashes, 700);
  EXPECT_GT(full, 100);
  EXPECT_GT(torn, 100);
}

TEST(LogCrash, ARelaxedLogLosesNothingButItsEnd) {
  int torn = 0;
  for (uint64_t seed = 1; seed <= 150 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    History history(seed, false);
    history.Run(30);
    torn += history.torn;
  }
  EXPECT_GT(torn, 100);
}

}  // namespace
}  // namespace mydis
