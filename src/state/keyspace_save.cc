// The canonical bytes of a partition, as snapshots and digests use them:
//
//   varint  revision of the last deletion in the partition
//   per database that has keys here, in order:
//     varint  database number + 1
//     varint  number of keys, then each key in canonical order:
//       bytes   key
//       varint  revision
//       varint  0, or deadline in ms + 1
//       u8      value: 0 string, 1 string edited in place, 2 integer, 3 container
//       bytes   (0, 1), u64 (2), or (3) u8 type and what the container's Save writes
//   varint  0
#include "base/assert.h"
#include "base/hash.h"
#include "state/container_ops.h"
#include "state/keyspace.h"

namespace mydis {
namespace {

enum SavedValue : uint8_t {
  kSavedString = 0,
  kSavedRawString = 1,
  kSavedInteger = 2,
  kSavedContainer = 3
};

}  // namespace

void Keyspace::SavePartition(uint32_t partition, std::string& out) const {
  Encoder encoder(out);
  encoder.Varint(deletions_[partition]);
  std::vector<Entry*> entries;
  for (uint32_t db = 0; db < databases(); ++db) {
    if (databases_[db] == nullptr) continue;
    const PartitionTable& table = databases_[db]->tables[partition];
    if (table.size() == 0) continue;
    encoder.Varint(db + 1);
    encoder.Varint(table.size());
    entries.clear();
    table.CollectSorted(0, entries);
    for (const Entry* entry : entries) {
      encoder.Bytes(entry->key());
      encoder.Varint(entry->revision());
      encoder.Varint(entry->has_expiry() ? static_cast<uint64_t>(*Deadline(db, *entry)) + 1 : 0);
      if (!entry->is_string()) {
        encoder.U8(kSavedContainer);
        encoder.U8(static_cast<uint8_t>(entry->type()));
        OpsOf(entry->type()).save(entry->container_word(), encoder);
      } else if (entry->is_integer()) {
        encoder.U8(kSavedInteger);
        encoder.U64(static_cast<uint64_t>(entry->integer()));
      } else {
        encoder.U8(entry->raw() ? kSavedRawString : kSavedString);
        encoder.Bytes(entry->text());
      }
    }
  }
  encoder.Varint(0);
}

bool Keyspace::LoadContainer(uint32_t db, std::string_view key, Ttl ttl, Decoder& in) {
  const uint8_t type = in.U8();
  if (!IsContainerType(type)) return false;
  const ContainerOps& ops = OpsOf(static_cast<ValueType>(type));
  alignas(8) char word[8];
  ops.construct(word);
  const bool good = ops.load(in, word) && (ops.kept_when_empty || ops.size(word) > 0);
  if (good) PutContainer(db, key, static_cast<ValueType>(type), word, ttl);
  ops.destroy(word);
  return good;
}

bool Keyspace::LoadPartition(uint32_t partition, std::string_view bytes) {
  Decoder in(bytes);
  lineage_ = UniqueNumber();
  deletions_[partition] = in.Varint();
  return LoadKeys(in, partition, std::nullopt);
}

bool Keyspace::LoadForeign(std::string_view bytes, uint64_t revision) {
  Decoder in(bytes);
  in.Varint();  // What was deleted there is nothing to this keyspace.
  return LoadKeys(in, std::nullopt, revision);
}

bool Keyspace::LoadKeys(Decoder& in, std::optional<uint32_t> partition,
                        std::optional<uint64_t> revision) {
  for (uint64_t number = in.Varint(); number != 0; number = in.Varint()) {
    if (number > databases()) return false;
    const auto db = static_cast<uint32_t>(number - 1);
    for (uint64_t n = in.Varint(); n > 0 && in.ok(); --n) {
      const std::string_view key = in.Bytes();
      const uint64_t own_revision = in.Varint();
      const uint64_t deadline = in.Varint();
      const uint8_t kind = in.U8();
      if (own_revision > Entry::kRevisionMask || deadline > uint64_t{INT64_MAX}) return false;
      set_revision(revision.value_or(own_revision));
      if (!in.ok() || kind > kSavedContainer) return false;
      if (partition && PartitionOf(HashOf(key)) != *partition) return false;
      const Ttl ttl = deadline == 0 ? Ttl::None() : Ttl::At(static_cast<int64_t>(deadline - 1));
      if (kind == kSavedContainer) {
        if (!LoadContainer(db, key, ttl, in)) return false;
      } else if (kind == kSavedInteger) {
        SetInteger(db, key, static_cast<int64_t>(in.U64()), ttl);
      } else {
        SetText(db, key, in.Bytes(), ttl, kind == kSavedRawString);
      }
    }
  }
  return in.ok() && in.AtEnd();
}

void Keyspace::CheckGroups(const Database& database) {
  for (size_t group = 0; group < database.group_sizes.size(); ++group) {
    size_t keys = 0;
    for (size_t p = group * Database::kGroup; p < (group + 1) * Database::kGroup; ++p)
      keys += database.tables[p].size();
    MYDIS_ASSERT(keys == database.group_sizes[group], "a group counts its keys");
  }
}

// Gives what its keys count for.
size_t Keyspace::CheckEntries(uint32_t db) const {
  const Database& database = *databases_[db];
  size_t size = 0;
  size_t expiring = 0;
  size_t memory = 0;
  std::vector<Entry*> entries;
  for (uint32_t p = 0; p < kPartitions; ++p) {
    const PartitionTable& table = database.tables[p];
    table.CheckInvariants(hash_seed_);
    size += table.size();
    entries.clear();
    table.Collect(entries);
    for (const Entry* entry : entries) {
      MYDIS_ASSERT(PartitionOf(HashOf(entry->key())) == p, "a key is in its own partition");
      memory += CostOf(*entry);
      if (!entry->is_string()) OpsOf(entry->type()).check_invariants(entry->container_word());
      if (!entry->has_expiry()) continue;
      ++expiring;
      MYDIS_ASSERT(database.expiry.Contains(*entry), "it is in its own database's index");
    }
  }
  MYDIS_ASSERT(size == database.size, "the database counts its keys");
  MYDIS_ASSERT(expiring == database.expiring, "the database counts expiring keys");
  return memory;
}

void Keyspace::CheckInvariants() const {
  for (uint32_t db = 0; db < databases(); ++db) {
    if (databases_[db] == nullptr) continue;
    const Database& database = *databases_[db];
    MYDIS_ASSERT(CheckEntries(db) == database.memory_bytes, "memory is counted");
    MYDIS_ASSERT(database.expiring == database.expiry.size(),
                 "every expiring key is in the index once");
    CheckGroups(database);
    CheckFields(database);
    database.expiry.CheckInvariants();
  }
}

}  // namespace mydis
