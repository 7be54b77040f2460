// Whole databases, deadlines, and how memory is freed.
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/assert.h"
#include "state/container_ops.h"
#include "state/keyspace.h"
#include "types/hash.h"

namespace mydis {
namespace {

// A value that counts for no more is freed at once. That is some 64 allocations, as many as Redis
// takes for little: a list's nodes are larger, members of a set share allocations.
constexpr size_t kFreedAtOnceBytes = 16 << 10;

// A container that was taken out of its entry.
class FormerValue final : public Remains {
 public:
  FormerValue(const ContainerOps& ops, void* word) : ops_(ops) { ops.take(word, word_); }
  ~FormerValue() override { ops_.destroy(word_); }
  size_t objects() const override { return 1; }
  // An element has no more than one allocation.
  bool FreeSome(size_t allocations) override {
    ops_.shorten(word_, allocations);
    return ops_.size(word_) > 0;
  }

 private:
  const ContainerOps& ops_;
  alignas(8) char word_[8];
};

}  // namespace

void Keyspace::ReleaseValue(Database& database, Entry* entry) {
  if (entry->encoding() == ValueEncoding::kHeap) delete entry->heap_string();
  if (entry->is_string()) return;
  if (entry->type() == ValueType::kHash) ForgetFields(database, entry);
  const ContainerOps& ops = OpsOf(entry->type());
  void* word = entry->container_word();
  if (reclaimer_ != nullptr && ops.memory_bytes(word) > kFreedAtOnceBytes)
    reclaimer_->Reclaim(std::make_unique<FormerValue>(ops, word));
  ops.destroy(word);
}

void Keyspace::Free(Database& database, Entry* entry) {
  ReleaseValue(database, entry);
  std::free(entry);
}

// Any thread, if it has left its keyspace. The indexes go as a whole: entries are not taken out.
Keyspace::Database::~Database() {
  while (FreeSome(SIZE_MAX)) {
  }
}

bool Keyspace::Database::FreeSome(size_t allocations) {
  std::vector<Entry*> entries;
  for (size_t freed = 0; freed < allocations && freed_tables < kPartitions; ++freed_tables) {
    entries.clear();
    tables[freed_tables].Collect(entries);
    for (Entry* entry : entries) {
      if (entry->encoding() == ValueEncoding::kHeap) delete entry->heap_string();
      if (!entry->is_string()) OpsOf(entry->type()).destroy(entry->container_word());
      std::free(entry);
    }
    tables[freed_tables] = PartitionTable();
    freed += entries.size() + 1;
  }
  return freed_tables < kPartitions;
}

bool Keyspace::FreeSome(size_t allocations) {
  while (!databases_.empty()) {
    if (databases_.back() != nullptr && databases_.back()->FreeSome(allocations)) return true;
    databases_.pop_back();
  }
  return false;
}

void Keyspace::Flush(uint32_t db) {
  Empty(db);
  if (listener_ != nullptr) listener_->OnFlush(db);
}

void Keyspace::FlushAll() {
  for (uint32_t db = 0; db < databases(); ++db) Empty(db);
  if (listener_ != nullptr) listener_->OnFlush(std::nullopt);
}

// Looks at no key: what a database counts for, its deadlines and its tables leave with it.
void Keyspace::Empty(uint32_t db) {
  if (Size(db) == 0) return;
  if (before_change_) before_change_(std::nullopt);
  for (uint32_t p = 0; p < kPartitions; ++p) {
    if (databases_[db]->tables[p].size() != 0) deletions_[p] = revision_;
  }
  std::unique_ptr<Remains> former = std::move(databases_[db]);
  if (reclaimer_ != nullptr) reclaimer_->Reclaim(std::move(former));
}

void Keyspace::TakeKeysOf(Keyspace& other) {
  MYDIS_ASSERT(hash_seed_ == other.hash_seed_, "keys are in the partitions that they have there");
  if (before_change_) before_change_(std::nullopt);
  for (uint32_t db = 0; db < databases(); ++db) Empty(db);
  std::swap(databases_, other.databases_);
  deletions_.assign(kPartitions, revision_);
  lineage_ = UniqueNumber();
  if (listener_ != nullptr) listener_->OnFlush(std::nullopt);
}

void Keyspace::SwapDatabases(uint32_t a, uint32_t b) {
  if (a == b) return;
  if (before_change_) before_change_(std::nullopt);
  std::swap(databases_[a], databases_[b]);
  lineage_ = UniqueNumber();
  swapped_ = revision_;
  if (listener_ != nullptr) {
    listener_->OnFlush(a);
    listener_->OnFlush(b);
  }
}

std::optional<int64_t> Keyspace::Deadline(uint32_t db, const Entry& entry) const {
  if (!entry.has_expiry()) return std::nullopt;
  return databases_[db]->expiry.DeadlineOf(entry);
}

template <typename Index>
std::optional<uint32_t> Keyspace::SoonestIn(Index Database::*index) const {
  std::optional<uint32_t> soonest;
  int64_t deadline_ms = 0;
  for (uint32_t db = 0; db < databases(); ++db) {
    if (databases_[db] == nullptr || (*databases_[db].*index).empty()) continue;
    const int64_t first_ms = (*databases_[db].*index).top().deadline_ms;
    if (soonest && first_ms >= deadline_ms) continue;
    soonest = db;
    deadline_ms = first_ms;
  }
  return soonest;
}

std::optional<int64_t> Keyspace::NextDeadline() const {
  int64_t next = Hash::kNoDeadline;
  for (const auto& database : databases_) {
    if (database == nullptr) continue;
    if (!database->expiry.empty()) next = std::min(next, database->expiry.top().deadline_ms);
    if (!database->fields.empty()) next = std::min(next, database->fields.top().deadline_ms);
  }
  if (next == Hash::kNoDeadline) return std::nullopt;
  return next;
}

std::optional<std::pair<uint32_t, const Entry*>> Keyspace::SoonestKey() const {
  const auto db = SoonestIn(&Database::expiry);
  if (!db) return std::nullopt;
  return std::pair<uint32_t, const Entry*>{*db, databases_[*db]->expiry.top().entry};
}

size_t Keyspace::RemoveExpired(int64_t now_ms, size_t limit) {
  size_t removed = 0;
  for (auto next = NextDeadline(); next && *next <= now_ms && removed < limit;
       next = NextDeadline()) {
    const auto db = SoonestIn(&Database::expiry);
    if (!db || databases_[*db]->expiry.top().deadline_ms > *next) {
      RemoveDueFields(*SoonestIn(&Database::fields));
      continue;
    }
    const std::string key(databases_[*db]->expiry.top().entry->key());
    if (listener_ != nullptr) listener_->OnKeyExpired(*db, key);
    EraseAt(*db, LocateForWrite(*db, key));
    ++removed;
  }
  return removed;
}

}  // namespace mydis
