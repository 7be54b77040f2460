// Containers in the keyspace, and moving values of any type from key to key.
#include <utility>

#include "base/assert.h"
#include "state/container_ops.h"
#include "state/keyspace.h"
#include "types/hash.h"

namespace mydis {

Entry* Keyspace::PlaceContainer(std::string_view key, ValueType type, Position& position) {
  constexpr size_t kWord = 8;
  const size_t area = Entry::ContainerOffset(key.size()) - key.size() + kWord;
  Entry* entry = Place(key, area, position);
  entry->set_kind(type, ValueEncoding::kContainer, false);
  entry->value_size_ = 0;
  return entry;
}

void Keyspace::PutContainer(uint32_t db, std::string_view key, ValueType type, void* word,
                            Ttl ttl) {
  Position position = LocateForWrite(db, key);
  Entry* entry = PlaceContainer(key, type, position);
  OpsOf(type).take(word, entry->container_word());
  Finish(db, entry, ttl);
}

Keyspace::Edit Keyspace::BeginEdit(uint32_t db, std::string_view key) {
  const Position position = LocateForWrite(db, key);
  Edit edit{position, position.entry};
  if (edit.entry != nullptr) edit.cost_before = CostOf(*edit.entry);
  return edit;
}

void Keyspace::CreateContainer(std::string_view key, ValueType type, Edit& edit) {
  edit.entry = PlaceContainer(key, type, edit.position);
  OpsOf(type).construct(edit.entry->container_word());
  edit.entry->set_revision(revision_);
  edit.entry->NoteUse(thread_use);
  edit.created = true;
}

void Keyspace::TouchEdited(uint32_t db, Edit& edit) {
  const bool first = !edit.touched;
  if (edit.created && first) Notify(EventClass::kNew, "new", db, edit.entry->key());
  edit.touched = true;
  edit.entry->set_revision(revision_);
  edit.entry->NoteUse(thread_use);
  if (first && listener_ != nullptr) listener_->OnKeyChanged(db, edit.entry->key());
}

bool Keyspace::EndEdit(uint32_t db, Edit& edit) {
  Entry* entry = edit.entry;
  if (entry == nullptr) return false;
  Database& database = *edit.position.database;
  database.memory_bytes += CostOf(*entry) - edit.cost_before;
  const ContainerOps& ops = OpsOf(entry->type());
  if (ops.size(entry->container_word()) > 0 || ops.kept_when_empty) {
    TrackFields(database, entry);
    return true;
  }
  edit.entry = nullptr;
  if (edit.created && !edit.touched) {
    // Made for a change that did not come about: as if it had never been there.
    Detach(edit.position);
    Free(database, entry);
  } else {
    EraseAt(db, edit.position, edit.touched);
  }
  return false;
}

void Keyspace::TrackFields(Database& database, Entry* entry) {
  if (entry->type() != ValueType::kHash) return;
  const int64_t next = entry->as<Hash>().NextDeadline();
  if (next == Hash::kNoDeadline) return ForgetFields(database, entry);
  database.fields.Set(entry, next);
}

void Keyspace::ForgetFields(Database& database, Entry* entry) {
  const uint32_t* slot = std::as_const(*entry).as<Hash>().index_slot();
  if (slot != nullptr && *slot != FieldExpiryIndex::kNoSlot) database.fields.Remove(entry);
}

// Those of one hash that are due together.
void Keyspace::RemoveDueFields(uint32_t db) {
  const FieldExpiryIndex::Item due = databases_[db]->fields.top();
  const std::string key(due.entry->key());
  Edit edit = BeginEdit(db, key);
  edit.entry->as<Hash>().RemoveDue(due.deadline_ms);
  TouchEdited(db, edit);
  Notify(EventClass::kHash, "hexpired", db, key);
  if (!EndEdit(db, edit)) Notify(EventClass::kGeneric, "del", db, key);
}

void Keyspace::CheckFields(const Database& database) {
  size_t timed = 0;
  std::vector<Entry*> entries;
  for (const PartitionTable& table : database.tables) table.Collect(entries);
  for (const Entry* entry : entries) {
    if (entry->type() != ValueType::kHash) continue;
    const Hash& hash = entry->as<Hash>();
    const bool has_place =
        hash.index_slot() != nullptr && *hash.index_slot() != FieldExpiryIndex::kNoSlot;
    MYDIS_ASSERT(has_place == (hash.NextDeadline() != Hash::kNoDeadline),
                 "what has deadlines of fields is in the index");
    if (!has_place) continue;
    ++timed;
    MYDIS_ASSERT(database.fields.Contains(*entry), "it is in its own database's index");
    MYDIS_ASSERT(database.fields.DeadlineOf(*entry) == hash.NextDeadline(),
                 "and the index knows the soonest deadline");
  }
  MYDIS_ASSERT(timed == database.fields.size(), "the index knows no other hashes");
  database.fields.CheckInvariants();
}

void Keyspace::Copy(uint32_t from_db, std::string_view from, uint32_t to_db, std::string_view to) {
  const Entry* source = Find(from_db, from);
  MYDIS_ASSERT(source != nullptr, "the source must exist");
  const auto deadline = Deadline(from_db, *source);
  const Ttl ttl = deadline ? Ttl::At(*deadline) : Ttl::None();
  if (!source->is_string()) {
    alignas(8) char word[8];
    const ContainerOps& ops = OpsOf(source->type());
    ops.clone(source->container_word(), word);
    PutContainer(to_db, to, source->type(), word, ttl);
    ops.destroy(word);
    return;
  }
  Entry::Scratch scratch;
  const std::string value(source->string(scratch));
  if (source->is_integer()) return SetInteger(to_db, to, source->integer(), ttl);
  SetText(to_db, to, value, ttl, source->raw());
}

void Keyspace::Move(uint32_t from_db, std::string_view from, uint32_t to_db, std::string_view to) {
  const std::string source(from);  // `from` may point into the entry that goes away.
  Entry* entry = LocateForWrite(from_db, source).entry;
  MYDIS_ASSERT(entry != nullptr, "the source must exist");
  if (entry->is_string()) {
    Copy(from_db, source, to_db, to);
    Erase(from_db, source);
    return;
  }
  // A container changes its owner; what stays behind is empty.
  const auto deadline = Deadline(from_db, *entry);
  const size_t cost = CostOf(*entry);
  alignas(8) char word[8];
  const ContainerOps& ops = OpsOf(entry->type());
  Database& source_database = *databases_[from_db];
  if (entry->type() == ValueType::kHash) ForgetFields(source_database, entry);
  ops.take(entry->container_word(), word);
  source_database.memory_bytes += CostOf(*entry) - cost;
  PutContainer(to_db, to, entry->type(), word, deadline ? Ttl::At(*deadline) : Ttl::None());
  ops.destroy(word);
  Erase(from_db, source);
}

}  // namespace mydis
