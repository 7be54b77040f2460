// Which hashes have fields with deadlines, soonest first.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace mydis {

// The applying thread; const calls: any thread that holds the state's lock shared.
class FieldExpiry {
 public:
  static constexpr int64_t kNoDeadline = std::numeric_limits<int64_t>::max();  // As Hash has it.
  struct Due {
    int64_t deadline_ms;
    uint32_t db;
    std::string key;
    auto operator<=>(const Due&) const = default;
  };
  bool empty() const { return order_.empty(); }
  // kNoDeadline if there is none.
  int64_t next() const { return empty() ? kNoDeadline : order_.begin()->deadline_ms; }
  // REQUIRES: !empty().
  const Due& top() const { return *order_.begin(); }

  // The soonest deadline in the hash at `key`; kNoDeadline forgets it.
  void Track(uint32_t db, std::string_view key, int64_t deadline_ms) {
    const auto it = deadlines_.find({db, std::string(key)});
    if (it != deadlines_.end()) {
      if (it->second == deadline_ms) return;
      order_.erase(Due{it->second, db, std::string(key)});
      deadlines_.erase(it);
    }
    if (deadline_ms == kNoDeadline) return;
    deadlines_[{db, std::string(key)}] = deadline_ms;
    order_.insert(Due{deadline_ms, db, std::string(key)});
  }
  void DropDatabase(uint32_t db) {
    Renumber([db](uint32_t known) { return known == db ? kGone : known; });
  }
  void SwapDatabases(uint32_t a, uint32_t b) {
    Renumber([a, b](uint32_t known) { return known == a ? b : known == b ? a : known; });
  }
  bool Knows(uint32_t db, std::string_view key, int64_t deadline_ms) const {
    return order_.contains(Due{deadline_ms, db, std::string(key)});
  }
  size_t size() const { return order_.size(); }

 private:
  static constexpr uint32_t kGone = UINT32_MAX;
  template <typename NewNumber>
  void Renumber(NewNumber number) {
    if (empty()) return;
    const auto before = std::exchange(deadlines_, {});
    order_.clear();
    for (const auto& [place, deadline] : before) {
      if (const uint32_t db = number(place.first); db != kGone) Track(db, place.second, deadline);
    }
  }

  std::map<std::pair<uint32_t, std::string>, int64_t> deadlines_;
  std::set<Due> order_;
};

}  // namespace mydis
