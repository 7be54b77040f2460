// Hands what the state tells to everyone who follows it.
#pragma once

#include <algorithm>
#include <vector>

#include "state/events.h"

namespace mydis {

// The applying thread, between entries.
class ListenerFanout final : public KeyspaceListener {
 public:
  // In the order in which they are told. `listener` outlives this.
  void Add(KeyspaceListener* listener) { listeners_.push_back(listener); }
  void Remove(KeyspaceListener* listener) { std::erase(listeners_, listener); }

  void OnKeyChanged(uint32_t db, std::string_view key) override {
    for (KeyspaceListener* listener : listeners_) listener->OnKeyChanged(db, key);
  }
  void OnKeyExpired(uint32_t db, std::string_view key) override {
    for (KeyspaceListener* listener : listeners_) listener->OnKeyExpired(db, key);
  }
  void OnFlush(std::optional<uint32_t> db) override {
    for (KeyspaceListener* listener : listeners_) listener->OnFlush(db);
  }
  void OnEvent(EventClass event_class, std::string_view event, uint32_t db,
               std::string_view key) override {
    for (KeyspaceListener* listener : listeners_) listener->OnEvent(event_class, event, db, key);
  }

 private:
  std::vector<KeyspaceListener*> listeners_;
};

}  // namespace mydis
