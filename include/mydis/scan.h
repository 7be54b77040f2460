// Goes through all keys, or all of a large hash, set or sorted set, step by step.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mydis/session.h"

namespace mydis {

// One thread. What is there all the time is given at least once; what is there a part of the time
// may be; what is changed meanwhile may be given twice. Any instance can go on with it.
//
//   Scan<std::string> scan = ScanKeys(session, {.match = "user:*"});
//   while (std::optional<std::string> key = scan.Next()) …
//   if (!scan.status().ok()) …
template <typename Item>
class Scan {
 public:
  using Fetch = std::function<Result<ScanStep<Item>>(const std::string& cursor)>;

  explicit Scan(Fetch fetch) : fetch_(std::move(fetch)) {}

  // Nothing at the end, or when a step fails.
  std::optional<Item> Next() {
    while (next_ == step_.items.size()) {
      if (!status_.ok() || step_.done()) return std::nullopt;
      Result<ScanStep<Item>> step = fetch_(step_.cursor);
      if (step) {
        step_ = *std::move(step);
      } else {
        status_ = std::move(step.error());
        step_.items.clear();
      }
      next_ = 0;
    }
    return std::move(step_.items[next_++]);
  }
  // Why it ended, if not at the end. Next goes on after ClearError.
  const Status& status() const { return status_; }
  void ClearError() { status_ = Status::Ok(); }

 private:
  Fetch fetch_;
  ScanStep<Item> step_;  // Its cursor is empty before the first step.
  size_t next_ = 0;
  Status status_;
};

namespace detail {

inline std::string CursorOf(const std::string& cursor) {
  return cursor.empty() ? std::string(kScanStart) : cursor;
}

}  // namespace detail

inline Scan<std::string> ScanKeys(Session session, const KeyScanOptions& options = {}) {
  return Scan<std::string>([session, match = std::string(options.match),
                            type = std::string(options.type),
                            count = options.count](const std::string& cursor) mutable {
    return session.Scan(detail::CursorOf(cursor), {match, type, count});
  });
}

inline Scan<std::pair<std::string, std::string>> ScanHash(Session session, std::string key,
                                                          const ScanOptions& options = {}) {
  return Scan<std::pair<std::string, std::string>>(
      [session, key = std::move(key), match = std::string(options.match),
       count = options.count](const std::string& cursor) mutable {
        return session.HScan(key, detail::CursorOf(cursor), {match, count});
      });
}

inline Scan<std::string> ScanSet(Session session, std::string key,
                                 const ScanOptions& options = {}) {
  return Scan<std::string>([session, key = std::move(key), match = std::string(options.match),
                            count = options.count](const std::string& cursor) mutable {
    return session.SScan(key, detail::CursorOf(cursor), {match, count});
  });
}

inline Scan<ScoredMember> ScanSortedSet(Session session, std::string key,
                                        const ScanOptions& options = {}) {
  return Scan<ScoredMember>([session, key = std::move(key), match = std::string(options.match),
                             count = options.count](const std::string& cursor) mutable {
    return session.ZScan(key, detail::CursorOf(cursor), {match, count});
  });
}

}  // namespace mydis
