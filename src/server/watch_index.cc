#include "server/watch_index.h"

#include <algorithm>

#include "base/glob.h"

namespace mydis {
namespace {

// While it looks the state cannot change.
constexpr size_t kRecordsAtOnce = 16'384;

std::string NameOf(const Watch& watch) {
  return watch.kind == Watch::Kind::kKeys ? static_cast<char>(watch.db) + watch.name : watch.name;
}

}  // namespace

void WatchIndex::Add(Watch* watch) {
  all_.push_back(watch);
  if (watch->kind == Watch::Kind::kPattern) {
    patterns_.push_back(watch);
    return;
  }
  const std::string name = NameOf(*watch);
  names_[name].push_back(watch);
  if (watch->kind == Watch::Kind::kKeys) ++sizes_[name.size()];
}

void WatchIndex::Remove(Watch* watch) {
  std::erase(all_, watch);
  if (watch->kind == Watch::Kind::kPattern) {
    std::erase(patterns_, watch);
    return;
  }
  const auto it = names_.find(NameOf(*watch));
  std::erase(it->second, watch);
  if (watch->kind == Watch::Kind::kKeys && --sizes_[it->first.size()] == 0)
    sizes_.erase(it->first.size());
  if (it->second.empty()) names_.erase(it);
}

void WatchIndex::MarkAll() {
  for (Watch* watch : all_) watch->concerned = true;
}

void WatchIndex::Mark(const HistoryRecord& record) {
  // Rare, and of concern to nearly all.
  if (record.whole()) return MarkAll();
  const auto mark = [this](std::string_view name) {
    const auto found = names_.find(name);
    if (found == names_.end()) return;
    for (Watch* watch : found->second) watch->concerned = true;
  };
  if (record.kind == HistoryRecord::Kind::kMessage) {
    mark(record.name);
    for (Watch* watch : patterns_) watch->concerned |= GlobMatches(watch->name, record.name);
    return;
  }
  name_.assign(1, static_cast<char>(record.db));
  name_ += record.name;
  for (const auto& [size, count] : sizes_) {
    if (size > name_.size()) break;
    mark(std::string_view(name_).substr(0, size));
  }
}

bool WatchIndex::LookOn(const ChangeHistory& history, const State& state) {
  looked_bytes_ = 0;
  silent_limit_ = SilentLimit(state);
  if (all_.empty() || !history.IsKept(next_)) {
    MarkAll();
    if (history.recording()) next_ = history.End();
    complete_ = state.revision;
    return true;
  }
  HistoryRecord record;
  for (size_t n = 0; n < kRecordsAtOnce; ++n) {
    ChangeHistory::Place next = next_;
    if (!history.Read(&next, &record)) {
      complete_ = state.revision;
      return true;
    }
    complete_ = record.revision - 1;
    next_ = next;
    looked_bytes_ += record.name.size() + record.text.size() + sizeof(HistoryRecord);
    Mark(record);
  }
  return false;
}

void WatchIndex::PassOn(Watch& watch) const {
  if (next_ <= watch.place) return;
  watch.place = next_;
  watch.complete = std::max(watch.complete, complete_);
  watch.silent_bytes += looked_bytes_;
  watch.concerned = watch.silent_bytes > silent_limit_;
}

}  // namespace mydis
