#include "state/eviction.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace mydis {
namespace {

using Policy = Settings::EvictionPolicy;
using Order = Policy::Order;

// Steps of a scan for a key that may go, where few may; then the soonest deadline decides.
constexpr int kScanSteps = 16;

// A position in the order of keys that any key may be next to.
uint64_t AnyCursor(Random& random) {
  return random.Below(kPartitions) << 16 | random.Below(uint64_t{1} << 16);
}

// A database that has keys of the scope, each as probable as it has such keys; nullopt: none has.
std::optional<uint32_t> AnyDatabase(const Keyspace& keyspace, bool all_keys, Random& random) {
  const auto count = [&](uint32_t db) {
    return all_keys ? keyspace.Size(db) : keyspace.ExpiringCount(db);
  };
  uint64_t total = 0;
  for (uint32_t db = 0; db < keyspace.databases(); ++db) total += count(db);
  if (total == 0) return std::nullopt;
  uint64_t n = random.Below(total);
  uint32_t db = 0;
  while (n >= count(db)) n -= count(db++);
  return db;
}

// About `count` keys of `db` that may go, from a random place on.
std::vector<const Entry*> Sample(const Keyspace& keyspace, uint32_t db, bool all_keys, size_t count,
                                 Random& random) {
  std::vector<const Entry*> found;
  uint64_t cursor = AnyCursor(random);
  for (int step = 0; step < kScanSteps && found.size() < count; ++step) {
    cursor = keyspace.Scan(db, cursor, count, [&](const Entry& entry) {
      if (found.size() < count && (all_keys || entry.has_expiry())) found.push_back(&entry);
    });
  }
  return found;
}

// By this instance's notes of use; smaller goes first, and of those without any what was written
// first.
std::pair<int64_t, uint64_t> WorthOf(const Entry& entry, const UseClock& clock) {
  const uint32_t word = entry.use_word();
  if (clock.rule.frequency) return {FrequencyOf(word, clock.rule, clock.now_ms), entry.revision()};
  if (word == 0) return {INT64_MIN, entry.revision()};
  return {-static_cast<int64_t>(IdleMs(word, clock.now_ms)), 0};
}

const Entry* LeastWorth(const std::vector<const Entry*>& entries, const UseClock& clock) {
  const auto least = std::min_element(entries.begin(), entries.end(), [&](auto* a, auto* b) {
    return WorthOf(*a, clock) < WorthOf(*b, clock);
  });
  return least == entries.end() ? nullptr : *least;
}

struct Victim {
  uint32_t db;
  std::string key;
};

// What follows from the state alone, when the list gives nothing: any key, or the soonest deadline.
// (Not what was written first: what is only read, and much, would go before all else.)
std::optional<Victim> VictimByState(const Keyspace& keyspace, const Settings& settings,
                                    Random& random) {
  const Policy& policy = settings.eviction_policy();
  if (policy.order != Order::kDeadline) {
    const auto db = AnyDatabase(keyspace, policy.all_keys, random);
    if (!db) return std::nullopt;
    const auto sample = Sample(keyspace, *db, policy.all_keys, 1, random);
    if (!sample.empty()) return Victim{*db, std::string(sample.front()->key())};
    if (policy.all_keys) return Victim{*db, std::string(keyspace.Nth(*db, 0).key())};
  }
  const auto soonest = keyspace.SoonestKey();
  if (!soonest) return std::nullopt;
  return Victim{soonest->first, std::string(soonest->second->key())};
}

std::optional<Victim> NextVictim(const Keyspace& keyspace, const Settings& settings,
                                 EvictionList& list, Random& random) {
  while (auto candidate = list.Pop()) {
    if (candidate->db >= keyspace.databases()) continue;
    const Entry* entry =
        keyspace.FindHashed(candidate->db, candidate->key, keyspace.HashOf(candidate->key));
    if (entry != nullptr && entry->revision() == candidate->revision &&
        (settings.eviction_policy().all_keys || entry->has_expiry()))
      return Victim{candidate->db, std::move(candidate->key)};
  }
  return VictimByState(keyspace, settings, random);
}

}  // namespace

std::optional<EvictionList::Candidate> EvictionList::Pop() {
  if (candidates_.empty()) return std::nullopt;
  Candidate candidate = std::move(candidates_.front());
  candidates_.pop_front();
  return candidate;
}

void EvictionList::Save(std::string& bytes) const {
  Encoder out(bytes);
  out.Varint(candidates_.size());
  for (const Candidate& candidate : candidates_) {
    out.Varint(candidate.db);
    out.Varint(candidate.revision);
    out.Bytes(candidate.key);
  }
}

bool EvictionList::Load(Decoder& in) {
  candidates_.clear();
  for (uint64_t n = in.Varint(); n > 0 && in.ok(); --n) {
    const uint64_t db = in.Varint();
    const uint64_t revision = in.Varint();
    const std::string_view key = in.Bytes();
    if (!in.ok() || db > UINT32_MAX) return false;
    Add({static_cast<uint32_t>(db), revision, std::string(key)});
  }
  return in.ok();
}

uint64_t UsedMemory(const Keyspace& keyspace) { return kEmptyStateBytes + keyspace.MemoryBytes(); }

bool OverLimit(uint64_t bytes, const Settings& settings) {
  return settings.max_memory() != 0 && bytes > settings.max_memory();
}

bool MayEvict(const Keyspace& keyspace, const Settings& settings) {
  const Policy& policy = settings.eviction_policy();
  if (!policy.evicts) return false;
  for (uint32_t db = 0; db < keyspace.databases(); ++db) {
    if ((policy.all_keys ? keyspace.Size(db) : keyspace.ExpiringCount(db)) != 0) return true;
  }
  return false;
}

size_t MakeRoom(Keyspace& keyspace, const Settings& settings, EvictionList& list, Random& random,
                uint64_t other_bytes, size_t at_once) {
  const UntouchedLookups untouched;
  size_t evicted = 0;
  while (evicted < at_once && settings.eviction_policy().evicts &&
         OverLimit(UsedMemory(keyspace) + other_bytes, settings)) {
    const auto victim = NextVictim(keyspace, settings, list, random);
    if (!victim) break;
    keyspace.Erase(victim->db, victim->key);
    keyspace.Notify(EventClass::kEvicted, "evicted", victim->db, victim->key);
    ++evicted;
  }
  return evicted;
}

EvictionList ChooseCandidates(const Keyspace& keyspace, const Settings& settings, size_t count,
                              uint64_t now_ms, Random& random) {
  EvictionList list;
  const Policy& policy = settings.eviction_policy();
  if (!policy.IsListed()) return list;
  const UseClock clock{now_ms, settings.use_rule()};
  for (size_t i = 0; i < count; ++i) {
    const auto db = AnyDatabase(keyspace, policy.all_keys, random);
    if (!db) break;
    const auto sample = Sample(keyspace, *db, policy.all_keys, settings.eviction_samples(), random);
    if (const Entry* entry = LeastWorth(sample, clock))
      list.Add({*db, entry->revision(), std::string(entry->key())});
  }
  return list;
}

}  // namespace mydis
