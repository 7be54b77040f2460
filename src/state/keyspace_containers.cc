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
  memory_bytes_ += CostOf(*entry) - edit.cost_before;
  const ContainerOps& ops = OpsOf(entry->type());
  if (ops.size(entry->container_word()) > 0 || ops.kept_when_empty) {
    TrackFields(db, entry);
    return true;
  }
  edit.entry = nullptr;
  if (edit.created && !edit.touched) {
    // Made for a change that did not come about: as if it had never been there.
    Detach(edit.position);
    Free(entry);
  } else {
    EraseAt(db, edit.position, edit.touched);
  }
  return false;
}

void Keyspace::TrackFields(uint32_t db, Entry* entry) {
  if (entry->type() != ValueType::kHash) return;
  const int64_t next = entry->as<Hash>().NextDeadline();
  if (next == Hash::kNoDeadline) return ForgetFields(entry);
  fields_.Set(entry, db, next);
}

void Keyspace::ForgetFields(Entry* entry) {
  const uint32_t* slot = std::as_const(*entry).as<Hash>().index_slot();
  if (slot != nullptr && *slot != FieldExpiryIndex::kNoSlot) fields_.Remove(entry);
}

// Those of one hash that are due together.
void Keyspace::RemoveDueFields() {
  const uint32_t db = fields_.top().db();
  const std::string key(fields_.top().entry()->key());
  Edit edit = BeginEdit(db, key);
  edit.entry->as<Hash>().RemoveDue(fields_.top().deadline_ms);
  TouchEdited(db, edit);
  Notify(EventClass::kHash, "hexpired", db, key);
  if (!EndEdit(db, edit)) Notify(EventClass::kGeneric, "del", db, key);
}

void Keyspace::CheckFields() const {
  size_t timed = 0;
  for (uint32_t db = 0; db < databases(); ++db) {
    ForEach(db, [&](const Entry& entry) {
      if (entry.type() != ValueType::kHash) return;
      const Hash& hash = entry.as<Hash>();
      const bool has_place =
          hash.index_slot() != nullptr && *hash.index_slot() != FieldExpiryIndex::kNoSlot;
      MYDIS_ASSERT(has_place == (hash.NextDeadline() != Hash::kNoDeadline),
                   "what has deadlines of fields is in the index");
      if (!has_place) return;
      ++timed;
      MYDIS_ASSERT(fields_.DatabaseOf(entry) == db, "the index knows the database");
      MYDIS_ASSERT(fields_.DeadlineOf(entry) == hash.NextDeadline(), "and the soonest deadline");
    });
  }
  MYDIS_ASSERT(timed == fields_.size(), "the index knows no other hashes");
  fields_.CheckInvariants();
}

void Keyspace::Copy(uint32_t from_db, std::string_view from, uint32_t to_db, std::string_view to) {
  const Entry* source = Find(from_db, from);
  MYDIS_ASSERT(source != nullptr, "the source must exist");
  const auto deadline = Deadline(*source);
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
  const auto deadline = Deadline(*entry);
  const size_t cost = CostOf(*entry);
  alignas(8) char word[8];
  const ContainerOps& ops = OpsOf(entry->type());
  if (entry->type() == ValueType::kHash) ForgetFields(entry);
  ops.take(entry->container_word(), word);
  memory_bytes_ += CostOf(*entry) - cost;
  PutContainer(to_db, to, entry->type(), word, deadline ? Ttl::At(*deadline) : Ttl::None());
  ops.destroy(word);
  Erase(from_db, source);
}

}  // namespace mydis
