// All keys of all databases.
//
// The hash of a key (XXH3 with the cluster's seed) chooses one of 2^14 partitions by its top 14
// bits; each database has a small table per partition. Iteration is always in canonical order
// (partition, tag, key): it never depends on the history of a table, so that it is the same on
// every instance and after every restore.
//
// A key that is here exists: due keys are removed by RemoveExpired() before an entry is applied, so
// nothing else ever compares a deadline with the time.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/codec.h"
#include "base/unique_number.h"
#include "state/entry.h"
#include "state/events.h"
#include "state/expiry_index.h"
#include "state/partition_table.h"
#include "state/reclaimer.h"
#include "state/value_types.h"

namespace mydis {

inline constexpr uint32_t kPartitionBits = 14;
inline constexpr uint32_t kPartitions = 1u << kPartitionBits;

// What a string write does to the key's time to live.
struct Ttl {
  enum class Kind : uint8_t { kNone, kKeep, kAt };
  Kind kind = Kind::kNone;
  int64_t deadline_ms = 0;  // Unix time, for kAt.
  static Ttl None() { return {}; }
  static Ttl Keep() { return {Kind::kKeep, 0}; }
  static Ttl At(int64_t ms) { return {Kind::kAt, ms}; }
};

// Const calls: any thread that holds the state's lock shared. Others: the applying thread alone.
class Keyspace {
 public:
  Keyspace(uint64_t hash_seed, uint32_t databases);
  ~Keyspace();
  Keyspace(const Keyspace&) = delete;
  Keyspace& operator=(const Keyspace&) = delete;

  uint32_t databases() const { return static_cast<uint32_t>(databases_.size()); }
  uint64_t hash_seed() const { return hash_seed_; }
  // The revision that the next changes carry, or one before it.
  uint64_t revision() const { return revision_; }
  // A number that no other keyspace of this program has, nor this one after keys came to places
  // where they were not under the revision they have (SWAPDB, a restore). With it, a database, a
  // key and the revision of its entry name one value, if revision() is later: for memories beside
  // the state.
  uint64_t lineage() const { return lineage_; }

  // --- Reading ---
  uint64_t HashOf(std::string_view key) const;
  static uint32_t PartitionOf(uint64_t hash) {
    return static_cast<uint32_t>(hash >> (64 - kPartitionBits));
  }
  // nullptr if there is no such key. The entry stays valid until the next write.
  const Entry* Find(uint32_t db, std::string_view key) const;
  // For who has found the entry, or nothing, by another way: counts it, and notes the use.
  static void CountLookup(const Entry* entry, uint32_t db, std::string_view key);
  const Entry* FindHashed(uint32_t db, std::string_view key, uint64_t hash) const;
  // Steps that hide memory latency when many keys are looked up at once: the table (which may be
  // left out), its slot, then the entry that it points to.
  void PrefetchTable(uint32_t db, uint64_t hash) const;
  void PrefetchSlot(uint32_t db, uint64_t hash) const;
  void PrefetchEntry(uint32_t db, uint64_t hash) const;
  // Unix time in ms, or nullopt for a key that does not expire.
  // REQUIRES: the entry is in `db`.
  std::optional<int64_t> Deadline(uint32_t db, const Entry& entry) const;
  size_t Size(uint32_t db) const;
  size_t ExpiringCount(uint32_t db) const;
  // The soonest deadline of all databases, or nullopt.
  std::optional<int64_t> NextDeadline() const;
  // The key whose deadline is the soonest, with its database (the first one, if several have such a
  // key); nullopt: none has one.
  std::optional<std::pair<uint32_t, const Entry*>> SoonestKey() const;
  // The revision that WATCH remembers and EXEC compares: of the key, or for a missing key the
  // last deletion in its partition.
  uint64_t WatchRevision(uint32_t db, std::string_view key) const;
  // In place of a watch revision, for clients that know nothing but that there is no such key.
  static constexpr uint64_t kWatchMissing = UINT64_MAX;
  // Whether the key is as it was at that watch revision.
  bool IsUnchanged(uint32_t db, std::string_view key, uint64_t watch_revision) const;
  // Whether the key may have changed after that revision.
  bool ChangedSince(uint32_t db, std::string_view key, uint64_t revision) const;
  // Bytes held for keys, values and tables, without the allocator's own overhead.
  size_t MemoryBytes() const;
  // What an entry counts for in it: by its contents alone, so that it is the same on every instance
  // whatever the history of its allocation.
  static size_t CostOf(const Entry& entry);

  // One step of SCAN: calls `visit` for about `count` keys from `cursor` on (0 starts), in
  // canonical order, and returns the next cursor (0 at the end). A key that is there during the
  // whole scan is visited, whatever else changes meanwhile. Any cursor value is safe.
  uint64_t Scan(uint32_t db, uint64_t cursor, size_t count,
                const std::function<void(const Entry&)>& visit) const;
  // Every key of `db` in canonical order.
  void ForEach(uint32_t db, const std::function<void(const Entry&)>& visit) const;
  // The n-th key in canonical order. REQUIRES: n < Size(db).
  const Entry& Nth(uint32_t db, uint64_t n) const;

  // --- Writing ---
  // Every change from now on carries this revision.
  void set_revision(uint64_t revision) { revision_ = revision; }

  // Creates or replaces the key with a string. Integers in canonical form are kept as numbers.
  void SetString(uint32_t db, std::string_view key, std::string_view value, Ttl ttl);
  // The same, kept as bytes even where they look like a number; `raw` for OBJECT ENCODING.
  void SetText(uint32_t db, std::string_view key, std::string_view value, Ttl ttl,
               bool raw = false);
  // The same from a number.
  void SetInteger(uint32_t db, std::string_view key, int64_t value, Ttl ttl);
  // Replaces the number in an entry just found, without another look-up; its time to live stays.
  // REQUIRES: entry.is_integer().
  void UpdateInteger(uint32_t db, const Entry& entry, int64_t value);
  // Changes a string's bytes in place (`edit` gets them, empty if the key is new), keeping its time
  // to live. The result is "raw" for OBJECT ENCODING. REQUIRES: the key is missing or a string.
  void EditString(uint32_t db, std::string_view key, const std::function<void(std::string&)>& edit);
  bool Erase(uint32_t db, std::string_view key);
  // False if there is no such key. A deadline at or before the cluster's time is the caller's to
  // handle (it deletes the key instead).
  bool SetDeadline(uint32_t db, std::string_view key, int64_t deadline_ms);
  // True if the key had a deadline.
  bool ClearDeadline(uint32_t db, std::string_view key);
  // Moves or copies a key with value and deadline, replacing what is at the target.
  // REQUIRES: the source exists; source and target differ.
  void Move(uint32_t from_db, std::string_view from, uint32_t to_db, std::string_view to);
  void Copy(uint32_t from_db, std::string_view from, uint32_t to_db, std::string_view to);
  void Flush(uint32_t db);
  void FlushAll();
  void SwapDatabases(uint32_t a, uint32_t b);
  // Removes the keys whose deadline is at or before `now_ms`, soonest first, but no more than
  // `limit`; returns how many.
  size_t RemoveExpired(int64_t now_ms, size_t limit = SIZE_MAX);

  // Creates or replaces the key with a container that has elements.
  template <Container T>
  void Put(uint32_t db, std::string_view key, T&& container, Ttl ttl) {
    T value = std::move(container);
    PutContainer(db, key, ValueTypeOf<T>::kType, &value, ttl);
  }
  // `word` is left an empty container.
  void PutContainer(uint32_t db, std::string_view key, ValueType type, void* word, Ttl ttl);

  // Takes large values and whole databases that are removed; null: their memory is freed at once.
  void set_reclaimer(Reclaimer* reclaimer) { reclaimer_ = reclaimer; }
  Reclaimer* reclaimer() const { return reclaimer_; }
  void set_listener(KeyspaceListener* listener) { listener_ = listener; }
  // Announces a keyspace event, after the change that it tells.
  void Notify(EventClass event_class, std::string_view event, uint32_t db,
              std::string_view key) const {
    if (listener_ != nullptr) listener_->OnEvent(event_class, event, db, key);
  }

  // --- Snapshots ---
  // Called before a change of a partition (nullopt: before a change of everything at once). Set
  // while a snapshot is being taken.
  using BeforeChange = std::function<void(std::optional<uint32_t> partition)>;
  void set_before_change(BeforeChange hook) { before_change_ = std::move(hook); }
  // Canonical bytes of one partition over all databases; the same state gives the same bytes.
  void SavePartition(uint32_t partition, std::string& out) const;
  // Adds what SavePartition wrote. False if the bytes are malformed.
  bool LoadPartition(uint32_t partition, std::string_view bytes);
  // Adds the keys of any keyspace's partition, wherever they belong here, as of `revision`. False
  // if the bytes are malformed.
  bool LoadForeign(std::string_view bytes, uint64_t revision);
  // Replaces all keys by those of another keyspace with this one's hash seed, which is left empty.
  // Every key, also one that is missing, counts as changed at revision().
  void TakeKeysOf(Keyspace& other);
  // As Remains::FreeSome. REQUIRES: nothing else is done any more than to call it again.
  bool FreeSome(size_t allocations);
  // Checks everything that must hold between tables, counts and the expiry index.
  void CheckInvariants() const;

 private:
  // One that is flushed leaves as a whole.
  struct Database final : Remains {
    ~Database() override;  // Frees the entries.
    size_t objects() const override { return size; }
    bool FreeSome(size_t allocations) override;

    static constexpr uint32_t kGroup = 128;  // Partitions of a group.
    std::vector<PartitionTable> tables{kPartitions};
    size_t size = 0;
    std::array<size_t, kPartitions / kGroup> group_sizes{};  // Keys, to find the n-th.
    size_t expiring = 0;
    size_t memory_bytes = 0;  // Of its keys: see CostOf.
    ExpiryIndex expiry;
    FieldExpiryIndex fields;
    uint32_t freed_tables = 0;  // By FreeSome, from the first one on.
  };
  struct Position {
    Database* database;
    PartitionTable* table;
    uint64_t hash;
    Entry* entry;  // nullptr: missing.
  };

  template <Container T>
  friend class ContainerEdit;
  // A change of a container under way; see container_edit.h.
  struct Edit {
    Position position;
    Entry* entry;  // nullptr: missing.
    size_t cost_before = 0;
    bool created = false;
    bool touched = false;
  };
  Edit BeginEdit(uint32_t db, std::string_view key);
  void CreateContainer(std::string_view key, ValueType type, Edit& edit);
  void TouchEdited(uint32_t db, Edit& edit);
  // False if the key is gone, since its container is empty.
  bool EndEdit(uint32_t db, Edit& edit);
  // Makes room for a container in the key's entry; what was there is released.
  Entry* PlaceContainer(std::string_view key, ValueType type, Position& position);

  Position Locate(uint32_t db, std::string_view key) const;
  Position LocateForWrite(uint32_t db, std::string_view key);
  // Makes the key's entry with room for `area` bytes of value, in place if it fits; the old value
  // is released. The caller fills the value area.
  Entry* Place(std::string_view key, size_t area, Position& position);
  void Finish(uint32_t db, Entry* entry, Ttl ttl);
  // Takes an entry out of table, index and counts; the caller frees it.
  void Detach(const Position& position);
  void Empty(uint32_t db);
  // `told`: the listener knows already that the key has changed.
  void EraseAt(uint32_t db, const Position& position, bool told = false);
  bool LoadContainer(uint32_t db, std::string_view key, Ttl ttl, Decoder& in);
  // `partition`: where the keys must belong; `revision`: of all keys, in place of their own.
  bool LoadKeys(Decoder& in, std::optional<uint32_t> partition, std::optional<uint64_t> revision);
  // Keep the index of fields' deadlines true: after a change of the value, before its end.
  static void TrackFields(Database& database, Entry* entry);
  static void ForgetFields(Database& database, Entry* entry);
  void RemoveDueFields(uint32_t db);
  size_t CheckEntries(uint32_t db) const;
  static void CheckFields(const Database& database);
  // The database whose first deadline of that index is the soonest; nullopt: none has one.
  template <typename Index>
  std::optional<uint32_t> SoonestIn(Index Database::*index) const;
  // The value's memory is freed at once, or handed over if it is much.
  void ReleaseValue(Database& database, Entry* entry);
  static Entry* Allocate(std::string_view key, size_t area);
  void Free(Database& database, Entry* entry);
  static void CheckGroups(const Database& database);

  uint64_t hash_seed_;
  uint64_t revision_ = 0;
  uint64_t lineage_ = UniqueNumber();
  bool placed_new_ = false;  // The entry placed last was not there before.
  std::vector<std::unique_ptr<Database>> databases_;
  // Revision of the last swap of databases that this instance has seen, which changes keys without
  // their revisions.
  uint64_t swapped_ = 0;
  std::vector<uint64_t> deletions_;  // Per partition: revision of the last deletion.
  KeyspaceListener* listener_ = nullptr;
  Reclaimer* reclaimer_ = nullptr;
  BeforeChange before_change_;
};

}  // namespace mydis
