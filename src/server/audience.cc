#include "server/audience.h"

#include <algorithm>

#include "base/assert.h"
#include "base/glob.h"

namespace mydis {

ThreadMask Audience::MaskOfAll(const std::map<uint32_t, size_t>& by_thread) {
  ThreadMask mask = 0;
  for (const auto& [thread, count] : by_thread) mask |= MaskOf(thread);
  return mask;
}

Audience::Found Audience::Find(bool sharded, std::string_view channel) {
  Found found;
  if (empty()) return found;
  MutexLock guard(mutex_);
  const auto add = [&found](const Name& name) {
    found.threads |= name.threads;
    found.receivers += static_cast<int64_t>(name.total);
  };
  const SubscriptionKind kind =
      sharded ? SubscriptionKind::kShardChannel : SubscriptionKind::kChannel;
  const Table& table = tables_[static_cast<size_t>(kind)];
  if (const auto it = table.find(channel); it != table.end()) add(it->second);
  if (!sharded) {
    for (const auto& [pattern, name] : tables_[static_cast<size_t>(SubscriptionKind::kPattern)]) {
      if (GlobMatches(pattern, channel)) add(name);
    }
  }
  if (found.receivers > 0) found.number = ++messages_;
  return found;
}

uint64_t Audience::Add(SubscriptionKind kind, std::string_view name, uint32_t thread) {
  MutexLock guard(mutex_);
  Table& table = tables_[static_cast<size_t>(kind)];
  auto it = table.find(name);
  if (it == table.end()) {
    it = table.emplace(std::string(name), Name{}).first;
    names_.fetch_add(1, std::memory_order_relaxed);
  }
  ++it->second.total;
  ++it->second.by_thread[thread];
  it->second.threads |= MaskOf(thread);
  return messages_;
}

void Audience::Remove(SubscriptionKind kind, std::string_view name, uint32_t thread) {
  MutexLock guard(mutex_);
  Table& table = tables_[static_cast<size_t>(kind)];
  const auto it = table.find(name);
  MYDIS_ASSERT(it != table.end(), "only what was added is removed");
  Name& found = it->second;
  if (--found.total == 0) {
    table.erase(it);
    names_.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  const auto count = found.by_thread.find(thread);
  if (--count->second > 0) return;
  found.by_thread.erase(count);
  found.threads = MaskOfAll(found.by_thread);
}

std::vector<std::string> Audience::Names(SubscriptionKind kind, std::string_view pattern) const {
  std::vector<std::string> names;
  {
    MutexLock guard(mutex_);
    for (const auto& [name, counts] : tables_[static_cast<size_t>(kind)]) {
      if (GlobMatches(pattern, name)) names.push_back(name);
    }
  }
  std::ranges::sort(names);
  return names;
}

size_t Audience::Count(SubscriptionKind kind, std::string_view name) const {
  MutexLock guard(mutex_);
  const Table& table = tables_[static_cast<size_t>(kind)];
  const auto it = table.find(name);
  return it == table.end() ? 0 : it->second.total;
}

size_t Audience::Size(SubscriptionKind kind) const {
  MutexLock guard(mutex_);
  return tables_[static_cast<size_t>(kind)].size();
}

void Audience::Change(ThreadCounts& counts, uint32_t thread, int by) {
  MutexLock guard(mutex_);
  size_t& count = counts.by_thread[thread];
  MYDIS_ASSERT(by > 0 || count > 0, "only what was added is removed");
  count += static_cast<size_t>(by);
  if (count == 0) counts.by_thread.erase(thread);
  counts.mask.store(MaskOfAll(counts.by_thread), std::memory_order_relaxed);
}

size_t Audience::CountOf(const ThreadCounts& counts) const {
  MutexLock guard(mutex_);
  size_t sum = 0;
  for (const auto& [thread, count] : counts.by_thread) sum += count;
  return sum;
}

}  // namespace mydis
