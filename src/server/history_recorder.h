// Follows the state on behalf of watches: writes what becomes of each key into the history,
// revision by revision, and what is published. Listens only while the state asks for it, so that
// writes pay nothing otherwise; docs/watching.md.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "server/core.h"
#include "state/events.h"

namespace mydis {

// The consensus thread.
class HistoryRecorder final : private KeyspaceListener,
                              private RevisionListener,
                              private MessageListener {
 public:
  // `messages` gets the messages too. Both outlive this.
  HistoryRecorder(Core& core, MessageListener& messages);

  // Begins or ends keeping as the state wants it. The lock is held exclusively.
  // With the time that the cluster has with the entry.
  void BeforeEntry(uint64_t now_ms) {
    Follow(now_ms);
    before_ = core_.machine.state().revision;
  }
  // `due`: it has removed keys, or fields, since their time had come.
  void AfterEntry(bool due) {
    if (due && !core_.changes_history.recording()) [[unlikely]]
      unkept_ = before_;
    Follow(core_.machine.state().time_ms);
  }
  // The state is another one: what was kept does not lead to it.
  void Restart();
  // Whether something was added, or dropped as a whole, since the last call.
  bool TakeNews();

 private:
  struct Change {
    uint32_t db;
    HistoryRecord::Kind kind;  // If the key is not there in the end; or that of a whole database.
    std::string key;
    bool whole() const {
      return kind == HistoryRecord::Kind::kFlush || kind == HistoryRecord::Kind::kSwap;
    }
  };

  void OnKeyChanged(uint32_t db, std::string_view key) override;
  void OnKeyExpired(uint32_t db, std::string_view key) override;
  void OnFlush(std::optional<uint32_t> db) override;
  void OnEvent(EventClass event_class, std::string_view event, uint32_t db,
               std::string_view key) override;
  void OnRevisionEnd() override;
  int64_t OnMessage(bool sharded, std::string_view channel, std::string_view message) override;
  void OnUsersChanged() override { messages_.OnUsersChanged(); }

  void Follow(uint64_t now_ms) {
    const HistoryDemand& demand = core_.machine.state().history;
    if (demand.KeepsChanges(now_ms) != core_.changes_history.recording()) [[unlikely]]
      SwitchChanges();
    if (demand.KeepsMessages(now_ms) != core_.messages_history.recording()) [[unlikely]]
      SwitchMessages();
  }
  // After which revision what is kept from now on is all there is: if MYDIS KEEPHISTORY was all
  // that the entry did, the one before it, so that a watch may begin where its client is.
  uint64_t Beginning() const {
    const uint64_t revision = core_.machine.state().revision;
    return revision == before_ + 1 ? before_ : revision;
  }
  void SwitchChanges();
  void SwitchMessages();
  // The change of the key in this revision.
  Change& Of(uint32_t db, std::string_view key);
  void Index(Change& change);
  void Record(const Change& change);
  uint64_t LimitBytes() const { return core_.machine.state().settings.watch_history_bytes(); }

  Core& core_;
  MessageListener& messages_;
  std::deque<Change> changes_;  // Of the revision under way, each key once.
  // Those that are keys, once they are many.
  std::map<std::pair<uint32_t, std::string_view>, Change*> index_;
  uint64_t before_ = 0;  // The state's revision before the entry.
  // The last revision under which something has expired that no history tells of.
  std::optional<uint64_t> unkept_;
  uint64_t told_bytes_ = 0;
  bool restarted_ = false;
};

}  // namespace mydis
