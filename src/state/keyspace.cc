#include "state/keyspace.h"

#include <malloc.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/assert.h"
#include "base/hash.h"
#include "base/lookup_count.h"
#include "base/read_trace.h"
#include "state/container_ops.h"
#include "types/hash.h"

namespace mydis {
namespace {

// Longer strings live outside the entry.
constexpr size_t kInlineMax = 1024;
constexpr size_t kSlotBytes = 8;
constexpr size_t kContainerBytes = 8;
constexpr size_t kHeapStringBytes = sizeof(std::string);
// Marks the watch revision of a missing key, so that it never equals that of a present one.
constexpr uint64_t kMissing = uint64_t{1} << 63;

// What a string may look like to be kept as a number: the form that printing it gives back.
bool ParseCanonicalInteger(std::string_view text, int64_t* value) {
  if (text.empty() || text.size() > 20) return false;
  const char first = text[0];
  if (first == '0') return text.size() == 1 && (*value = 0, true);
  if (first == '-' ? text.size() < 2 || text[1] < '1' || text[1] > '9' : first < '1' || first > '9')
    return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

Keyspace::Keyspace(uint64_t hash_seed, uint32_t databases)
    : hash_seed_(hash_seed), databases_(databases), deletions_(kPartitions) {}

Keyspace::~Keyspace() = default;

uint64_t Keyspace::HashOf(std::string_view key) const { return Hash64(key, hash_seed_); }

const Entry* Keyspace::FindHashed(uint32_t db, std::string_view key, uint64_t hash) const {
  const Database* database = databases_[db].get();
  return database == nullptr ? nullptr : database->tables[PartitionOf(hash)].Find(key, hash);
}

const Entry* Keyspace::Find(uint32_t db, std::string_view key) const {
  const Entry* entry = FindHashed(db, key, HashOf(key));
  CountLookup(entry, db, key);
  return entry;
}

void Keyspace::CountLookup(const Entry* entry, uint32_t db, std::string_view key) {
  if (entry != nullptr) {
    ++thread_lookups.hits;
    entry->NoteUse(thread_use);
    return;
  }
  ++thread_lookups.misses;
  if (thread_read_trace.missing != nullptr) [[unlikely]]
    thread_read_trace.missing->push_back({db, std::string(key)});
}

void Keyspace::PrefetchTable(uint32_t db, uint64_t hash) const {
  if (const Database* database = databases_[db].get())
    __builtin_prefetch(&database->tables[PartitionOf(hash)]);
}

void Keyspace::PrefetchSlot(uint32_t db, uint64_t hash) const {
  if (const Database* database = databases_[db].get())
    database->tables[PartitionOf(hash)].Prefetch(hash);
}

void Keyspace::PrefetchEntry(uint32_t db, uint64_t hash) const {
  if (const Database* database = databases_[db].get())
    database->tables[PartitionOf(hash)].PrefetchEntry(hash);
}

size_t Keyspace::Size(uint32_t db) const { return databases_[db] ? databases_[db]->size : 0; }

size_t Keyspace::ExpiringCount(uint32_t db) const {
  return databases_[db] ? databases_[db]->expiring : 0;
}

size_t Keyspace::MemoryBytes() const {
  size_t bytes = 0;
  for (const auto& database : databases_) {
    if (database != nullptr) bytes += database->memory_bytes;
  }
  return bytes;
}

uint64_t Keyspace::WatchRevision(uint32_t db, std::string_view key) const {
  const uint64_t hash = HashOf(key);
  const Entry* entry = FindHashed(db, key, hash);
  return entry != nullptr ? entry->revision() : deletions_[PartitionOf(hash)] | kMissing;
}

bool Keyspace::IsUnchanged(uint32_t db, std::string_view key, uint64_t watch_revision) const {
  if (watch_revision == kWatchMissing) return Find(db, key) == nullptr;
  return WatchRevision(db, key) == watch_revision;
}

bool Keyspace::ChangedSince(uint32_t db, std::string_view key, uint64_t revision) const {
  return swapped_ > revision || (WatchRevision(db, key) & ~kMissing) > revision;
}

// The cursor is the next position to visit: the partition in the bits above 16, the tag below.
uint64_t Keyspace::Scan(uint32_t db, uint64_t cursor, size_t count,
                        const std::function<void(const Entry&)>& visit) const {
  const Database* database = databases_[db].get();
  if (database == nullptr || cursor >> (16 + kPartitionBits) != 0) return 0;
  auto first_tag = static_cast<uint16_t>(cursor);
  size_t visited = 0;
  std::vector<Entry*> entries;
  for (uint64_t p = cursor >> 16; p < kPartitions; ++p, first_tag = 0) {
    const PartitionTable& table = database->tables[p];
    if (table.size() == 0) continue;
    if (visited >= count) return p << 16 | first_tag;
    entries.clear();
    table.CollectSorted(first_tag, entries);
    for (size_t i = 0; i < entries.size(); ++i) {
      const uint16_t tag = PartitionTable::TagOf(HashOf(entries[i]->key()));
      // Keys with the same tag go together: the cursor cannot tell them apart.
      if (visited >= count && (i == 0 || tag != first_tag)) return p << 16 | tag;
      first_tag = tag;
      visit(*entries[i]);
      ++visited;
    }
  }
  return 0;
}

void Keyspace::ForEach(uint32_t db, const std::function<void(const Entry&)>& visit) const {
  const Database* database = databases_[db].get();
  if (database == nullptr) return;
  std::vector<Entry*> entries;
  for (const PartitionTable& table : database->tables) {
    if (table.size() == 0) continue;
    entries.clear();
    table.CollectSorted(0, entries);
    for (const Entry* entry : entries) visit(*entry);
  }
}

const Entry& Keyspace::Nth(uint32_t db, uint64_t n) const {
  MYDIS_ASSERT(n < Size(db), "the position must be below the size");
  const Database& database = *databases_[db];
  size_t group = 0;
  while (n >= database.group_sizes[group]) n -= database.group_sizes[group++];
  size_t p = group * Database::kGroup;
  while (n >= database.tables[p].size()) n -= database.tables[p++].size();
  return *database.tables[p].Nth(static_cast<uint32_t>(n));
}

size_t Keyspace::CostOf(const Entry& entry) {
  size_t cost = Entry::kHeaderSize + entry.key().size() + kSlotBytes;
  if (!entry.is_string())
    return cost + kContainerBytes + OpsOf(entry.type()).memory_bytes(entry.container_word());
  if (entry.is_integer()) return cost + sizeof(int64_t);
  const size_t size = entry.text().size();
  return cost + size + (size > kInlineMax ? kHeapStringBytes : 0);
}

Keyspace::Position Keyspace::Locate(uint32_t db, std::string_view key) const {
  const uint64_t hash = HashOf(key);
  Database* database = databases_[db].get();
  if (database == nullptr) return {nullptr, nullptr, hash, nullptr};
  PartitionTable* table = &database->tables[PartitionOf(hash)];
  return {database, table, hash, table->Find(key, hash)};
}

Keyspace::Position Keyspace::LocateForWrite(uint32_t db, std::string_view key) {
  if (databases_[db] == nullptr) databases_[db] = std::make_unique<Database>();
  Position position = Locate(db, key);
  if (before_change_) before_change_(PartitionOf(position.hash));
  placed_new_ = false;
  return position;
}

Entry* Keyspace::Allocate(std::string_view key, size_t area) {
  auto* entry = static_cast<Entry*>(std::malloc(Entry::kHeaderSize + key.size() + area));
  MYDIS_ASSERT(entry != nullptr, "out of memory");
  entry->word_ = 0;
  entry->expiry_slot_ = Entry::kNoExpiry;
  entry->access_ = 0;
  entry->key_size_ = static_cast<uint32_t>(key.size());
  entry->value_size_ = 0;
  std::memcpy(entry->bytes(), key.data(), key.size());
  return entry;
}

Entry* Keyspace::Place(std::string_view key, size_t area, Position& position) {
  Entry* old = position.entry;
  if (old == nullptr) {
    position.entry = Allocate(key, area);
    position.table->Insert(position.entry, position.hash, hash_seed_);
    ++position.database->size;
    ++position.database->group_sizes[PartitionOf(position.hash) / Database::kGroup];
    placed_new_ = true;
    return position.entry;
  }
  Database& database = *position.database;
  database.memory_bytes -= CostOf(*old);
  ReleaseValue(database, old);
  const size_t wanted = Entry::kHeaderSize + key.size() + area;
  const size_t usable = malloc_usable_size(old);
  if (wanted <= usable && (wanted * 2 >= usable || usable <= 64)) return old;
  Entry* fresh = Allocate(old->key(), area);
  fresh->expiry_slot_ = old->expiry_slot_;
  fresh->access_ = old->access_;
  if (fresh->has_expiry()) database.expiry.Moved(fresh);
  position.table->Replace(old, fresh, position.hash);
  std::free(old);
  return position.entry = fresh;
}

void Keyspace::Finish(uint32_t db, Entry* entry, Ttl ttl) {
  entry->set_revision(revision_);
  entry->NoteUse(thread_use);
  Database& database = *databases_[db];
  database.memory_bytes += CostOf(*entry);
  if (ttl.kind == Ttl::Kind::kAt) {
    if (!entry->has_expiry()) ++database.expiring;
    database.expiry.Set(entry, ttl.deadline_ms);
  } else if (ttl.kind == Ttl::Kind::kNone && entry->has_expiry()) {
    database.expiry.Remove(entry);
    --database.expiring;
  }
  TrackFields(database, entry);
  if (listener_ == nullptr) return;
  if (placed_new_) Notify(EventClass::kNew, "new", db, entry->key());
  listener_->OnKeyChanged(db, entry->key());
}

void Keyspace::SetInteger(uint32_t db, std::string_view key, int64_t value, Ttl ttl) {
  Position position = LocateForWrite(db, key);
  Entry* entry = Place(key, sizeof value, position);
  entry->set_kind(ValueType::kString, ValueEncoding::kInteger, false);
  entry->value_size_ = 0;
  std::memcpy(entry->area(), &value, sizeof value);
  Finish(db, entry, ttl);
}

void Keyspace::UpdateInteger(uint32_t db, const Entry& entry, int64_t value) {
  MYDIS_ASSERT(entry.is_integer(), "only a number is replaced in place");
  if (before_change_) before_change_(PartitionOf(HashOf(entry.key())));
  auto* own = const_cast<Entry*>(&entry);  // Every entry is this keyspace's.
  std::memcpy(own->area(), &value, sizeof value);
  own->set_revision(revision_);
  own->NoteUse(thread_use);
  if (listener_ != nullptr) listener_->OnKeyChanged(db, own->key());
}

void Keyspace::SetString(uint32_t db, std::string_view key, std::string_view value, Ttl ttl) {
  int64_t number = 0;
  if (ParseCanonicalInteger(value, &number)) return SetInteger(db, key, number, ttl);
  SetText(db, key, value, ttl);
}

void Keyspace::SetText(uint32_t db, std::string_view key, std::string_view value, Ttl ttl,
                       bool raw) {
  Position position = LocateForWrite(db, key);
  if (value.size() <= kInlineMax) {
    Entry* entry = Place(key, value.size(), position);
    entry->set_kind(ValueType::kString, ValueEncoding::kInline, raw);
    entry->value_size_ = static_cast<uint32_t>(value.size());
    if (!value.empty()) std::memcpy(entry->area(), value.data(), value.size());
    return Finish(db, entry, ttl);
  }
  auto* heap = new std::string(value);
  Entry* entry = Place(key, sizeof heap, position);
  entry->set_kind(ValueType::kString, ValueEncoding::kHeap, raw);
  entry->value_size_ = 0;
  std::memcpy(entry->area(), &heap, sizeof heap);
  Finish(db, entry, ttl);
}

void Keyspace::EditString(uint32_t db, std::string_view key,
                          const std::function<void(std::string&)>& edit) {
  Position position = LocateForWrite(db, key);
  if (position.entry != nullptr && position.entry->encoding() == ValueEncoding::kHeap) {
    position.database->memory_bytes -= CostOf(*position.entry);
    edit(*position.entry->heap_string());
    position.entry->set_kind(ValueType::kString, ValueEncoding::kHeap, true);
    return Finish(db, position.entry, Ttl::Keep());
  }
  std::string value;
  Entry::Scratch scratch;
  if (position.entry != nullptr) value = position.entry->string(scratch);
  edit(value);
  if (value.size() > kInlineMax) {
    auto* heap = new std::string(std::move(value));
    Entry* entry = Place(key, sizeof heap, position);
    entry->set_kind(ValueType::kString, ValueEncoding::kHeap, true);
    entry->value_size_ = 0;
    std::memcpy(entry->area(), &heap, sizeof heap);
    return Finish(db, entry, Ttl::Keep());
  }
  Entry* entry = Place(key, value.size(), position);
  entry->set_kind(ValueType::kString, ValueEncoding::kInline, true);
  entry->value_size_ = static_cast<uint32_t>(value.size());
  std::memcpy(entry->area(), value.data(), value.size());
  Finish(db, entry, Ttl::Keep());
}

void Keyspace::Detach(const Position& position) {
  Entry* entry = position.entry;
  Database& database = *position.database;
  database.memory_bytes -= CostOf(*entry);
  if (entry->has_expiry()) {
    database.expiry.Remove(entry);
    --database.expiring;
  }
  position.table->Remove(entry, position.hash, hash_seed_);
  --database.size;
  --database.group_sizes[PartitionOf(position.hash) / Database::kGroup];
}

void Keyspace::EraseAt(uint32_t db, const Position& position, bool told) {
  Entry* entry = position.entry;
  Detach(position);
  deletions_[PartitionOf(position.hash)] = revision_;
  if (listener_ != nullptr && !told) listener_->OnKeyChanged(db, entry->key());
  Free(*position.database, entry);
}

bool Keyspace::Erase(uint32_t db, std::string_view key) {
  if (Find(db, key) == nullptr) return false;
  EraseAt(db, LocateForWrite(db, key));
  return true;
}

bool Keyspace::SetDeadline(uint32_t db, std::string_view key, int64_t deadline_ms) {
  if (Find(db, key) == nullptr) return false;
  Entry* entry = LocateForWrite(db, key).entry;
  databases_[db]->memory_bytes -= CostOf(*entry);
  Finish(db, entry, Ttl::At(deadline_ms));
  return true;
}

bool Keyspace::ClearDeadline(uint32_t db, std::string_view key) {
  const Entry* found = Find(db, key);
  if (found == nullptr || !found->has_expiry()) return false;
  Entry* entry = LocateForWrite(db, key).entry;
  databases_[db]->memory_bytes -= CostOf(*entry);
  Finish(db, entry, Ttl::None());
  return true;
}

}  // namespace mydis
