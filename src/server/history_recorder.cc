#include "server/history_recorder.h"

#include <algorithm>

namespace mydis {
namespace {

using Kind = HistoryRecord::Kind;

constexpr size_t kFewChanges = 8;  // They are searched one by one.

}  // namespace

HistoryRecorder::HistoryRecorder(Core& core, MessageListener& messages)
    : core_(core), messages_(messages) {
  core_.machine.set_message_listener(&messages_);
}

void HistoryRecorder::SwitchChanges() {
  ChangeHistory& history = core_.changes_history;
  restarted_ = true;
  if (history.recording()) {
    history.Stop();
    core_.RemoveListener(this);
    core_.machine.set_revision_listener(nullptr);
    return;
  }
  history.Begin(unkept_ == before_ ? core_.machine.state().revision : Beginning(), LimitBytes());
  core_.AddListener(this);
  core_.machine.set_revision_listener(this);
}

void HistoryRecorder::SwitchMessages() {
  ChangeHistory& history = core_.messages_history;
  restarted_ = true;
  if (history.recording()) {
    history.Stop();
    core_.machine.set_message_listener(&messages_);
    return;
  }
  history.Begin(Beginning(), LimitBytes());
  core_.machine.set_message_listener(this);
}

void HistoryRecorder::Restart() {
  if (core_.changes_history.recording()) SwitchChanges();
  if (core_.messages_history.recording()) SwitchMessages();
  // What has expired under its revision the other instance knows.
  before_ = core_.machine.state().revision;
  unkept_ = before_;
  Follow(core_.machine.state().time_ms);
}

bool HistoryRecorder::TakeNews() {
  const uint64_t bytes = core_.changes_history.added_bytes() + core_.messages_history.added_bytes();
  const bool news = bytes != told_bytes_ || restarted_;
  told_bytes_ = bytes;
  restarted_ = false;
  return news;
}

HistoryRecorder::Change& HistoryRecorder::Of(uint32_t db, std::string_view key) {
  const auto known = index_.find({db, key});
  if (known != index_.end()) return *known->second;
  for (size_t i = 0; index_.empty() && i < changes_.size(); ++i) {
    Change& change = changes_[i];
    if (change.db == db && change.key == key && !change.whole()) return change;
  }
  Change& added = changes_.emplace_back(db, Kind::kDelete, std::string(key));
  if (!index_.empty()) {
    Index(added);
  } else if (changes_.size() > kFewChanges) {
    std::ranges::for_each(changes_, [this](Change& change) { Index(change); });
  }
  return added;
}

void HistoryRecorder::Index(Change& change) {
  if (!change.whole()) index_.emplace(std::pair(change.db, std::string_view(change.key)), &change);
}

void HistoryRecorder::OnKeyChanged(uint32_t db, std::string_view key) { Of(db, key); }

void HistoryRecorder::OnKeyExpired(uint32_t db, std::string_view key) {
  Of(db, key).kind = Kind::kExpire;
}

void HistoryRecorder::OnEvent(EventClass event_class, std::string_view, uint32_t db,
                              std::string_view key) {
  if (event_class == EventClass::kEvicted) Of(db, key).kind = Kind::kEvict;
}

// What this revision did to keys of the database before counts no more.
void HistoryRecorder::OnFlush(std::optional<uint32_t> db) {
  index_.clear();
  std::deque<Change> before = std::exchange(changes_, {});
  for (Change& change : before) {
    if (!db || change.db == *db) continue;
    if (change.whole()) {
      changes_.push_back(std::move(change));
    } else {
      Of(change.db, change.key).kind = change.kind;
    }
  }
  const bool empty = !db || core_.machine.state().keyspace.Size(*db) == 0;
  changes_.push_back({.db = db.value_or(HistoryRecord::kAllDatabases),
                      .kind = empty ? Kind::kFlush : Kind::kSwap,
                      .key = {}});
}

void HistoryRecorder::Record(const Change& change) {
  const State& state = core_.machine.state();
  HistoryRecord record{.revision = state.revision,
                       .kind = change.kind,
                       .db = static_cast<uint8_t>(change.db),
                       .name = change.key};
  if (!change.whole()) {
    const Entry* entry =
        state.keyspace.FindHashed(change.db, change.key, state.keyspace.HashOf(change.key));
    if (entry != nullptr) {
      record.kind = Kind::kPut;
      record.type = entry->type();
    }
  }
  core_.changes_history.Add(record, LimitBytes());
}

void HistoryRecorder::OnRevisionEnd() {
  for (const Change& change : changes_) Record(change);
  changes_.clear();
  index_.clear();
}

int64_t HistoryRecorder::OnMessage(bool sharded, std::string_view channel,
                                   std::string_view message) {
  if (!sharded) {
    core_.messages_history.Add({.revision = core_.machine.state().revision,
                                .kind = Kind::kMessage,
                                .name = channel,
                                .text = message},
                               LimitBytes());
  }
  return messages_.OnMessage(sharded, channel, message);
}

}  // namespace mydis
