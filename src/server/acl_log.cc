#include "server/acl_log.h"

#include <algorithm>
#include <iterator>

namespace mydis {
namespace {

constexpr size_t kLookedAt = 10;
constexpr uint64_t kSimilarMs = 60'000;

bool Similar(const AclLogEntry& a, const AclLogEntry& b) {
  const uint64_t apart_ms =
      std::max(a.updated_ms, b.updated_ms) - std::min(a.updated_ms, b.updated_ms);
  return a.reason == b.reason && a.context == b.context && apart_ms <= kSimilarMs &&
         a.object == b.object && a.user == b.user;
}

}  // namespace

std::string_view NameOf(AclLogEntry::Reason reason) {
  constexpr std::string_view kNames[] = {"command", "key", "channel", "auth", "tls-cert"};
  return kNames[static_cast<size_t>(reason)];
}

void AclLog::Add(AclLogEntry entry, uint64_t limit) {
  counts_[static_cast<size_t>(entry.reason)].Add();
  MutexLock guard(mutex_);
  const auto end =
      std::next(entries_.begin(), static_cast<ptrdiff_t>(std::min(entries_.size(), kLookedAt)));
  const auto known = std::find_if(entries_.begin(), end,
                                  [&](const AclLogEntry& other) { return Similar(other, entry); });
  if (known != end) {
    entry.count = known->count + 1;
    entry.id = known->id;
    entry.created_ms = known->created_ms;
    entries_.erase(known);
  } else {
    entry.id = next_id_++;
    entry.created_ms = entry.updated_ms;
  }
  entries_.push_front(std::move(entry));
  if (entries_.size() > limit) entries_.resize(limit);
}

std::vector<AclLogEntry> AclLog::Newest(size_t count) const {
  MutexLock guard(mutex_);
  const size_t shown = std::min(count, entries_.size());
  return {entries_.begin(), std::next(entries_.begin(), static_cast<ptrdiff_t>(shown))};
}

void AclLog::Reset() {
  MutexLock guard(mutex_);
  entries_.clear();
}

}  // namespace mydis
