// One change of one container: finds or makes it, and leaves keyspace, memory count, revision and
// events right at its end. docs/containers.md shows the use.
#pragma once

#include <string_view>

#include "base/assert.h"
#include "state/keyspace.h"
#include "state/value_types.h"

namespace mydis {

// The applying thread. Lives in one handler's block; while it lives, other keys may be changed, but
// this one only through it. The key's time to live stays.
template <Container T>
class ContainerEdit {
 public:
  // REQUIRES: the key is missing or holds a T; the bytes of `key` outlive this.
  ContainerEdit(Keyspace& keyspace, uint32_t db, std::string_view key)
      : keyspace_(keyspace), db_(db), key_(key), edit_(keyspace.BeginEdit(db, key)) {
    MYDIS_ASSERT(edit_.entry == nullptr || edit_.entry->type() == ValueTypeOf<T>::kType,
                 "the caller has checked the type");
  }
  ~ContainerEdit() { Finish(); }
  ContainerEdit(const ContainerEdit&) = delete;
  ContainerEdit& operator=(const ContainerEdit&) = delete;

  // Whether the key is there (also after this edit has made it).
  bool exists() const { return edit_.entry != nullptr; }
  // The container; a missing key is made first, empty.
  T& operator*() {
    if (edit_.entry == nullptr) keyspace_.CreateContainer(key_, ValueTypeOf<T>::kType, edit_);
    return edit_.entry->template as<T>();
  }
  T* operator->() { return &**this; }

  // Says that the value changed, and with which event. Call it once for each event, after the
  // change. A change that is not told is not seen by WATCH.
  void Changed(EventClass event_class, std::string_view event) {
    changed_ = true;
    if (edit_.entry != nullptr) keyspace_.TouchEdited(db_, edit_);
    keyspace_.Notify(event_class, event, db_, key_);
  }
  // The same without an event.
  void Changed() {
    changed_ = true;
    if (edit_.entry != nullptr) keyspace_.TouchEdited(db_, edit_);
  }

  // Ends the edit before the block does: accounts for memory and removes an emptied key, with the
  // event "del" unless `emptied` says otherwise. True if the key is still there.
  bool Finish(std::string_view emptied = "del") {
    if (finished_) return exists();
    finished_ = true;
    const bool was_there = exists();
    const bool stays = keyspace_.EndEdit(db_, edit_);
    if (was_there && !stays && changed_) keyspace_.Notify(EventClass::kGeneric, emptied, db_, key_);
    return stays;
  }

 private:
  Keyspace& keyspace_;
  const uint32_t db_;
  const std::string_view key_;
  Keyspace::Edit edit_;
  bool changed_ = false;
  bool finished_ = false;
};

}  // namespace mydis
