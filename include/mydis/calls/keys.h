// Typed calls: keys of any type.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "mydis/calls/call_base.h"
#include "mydis/times.h"

namespace mydis {

struct CopyOptions {
  std::optional<int> database;  // Another one than the session's.
  bool replace = false;
};

struct KeyScanOptions {
  std::string_view match;  // A pattern; empty: everything.
  std::string_view type;   // As Type says it; empty: any.
  int64_t count = 0;
};

// How a DUMP becomes a key.
struct RestoreOptions {
  std::optional<std::chrono::milliseconds> ttl;
  std::optional<TimePoint> expire_at;
  bool replace = false;
};

// What of a list, set or sorted set is given, and in which order.
struct SortOptions {
  std::string_view
      by;  // A pattern of keys, "weight_*", or of hash fields, "w_*->f"; empty: the elements.
  int64_t offset = 0;
  int64_t count = -1;  // -1: all.
  std::vector<std::string_view>
      get;  // Patterns of what is given for each; "#" is the element itself.
  bool descending = false;
  bool alphabetic = false;
};

namespace detail {

inline Words& AddSortOptions(Words& words, const SortOptions& sort) {
  if (!sort.by.empty()) words.Add("BY", sort.by);
  if (sort.offset != 0 || sort.count >= 0) words.Add("LIMIT", sort.offset, sort.count);
  for (const std::string_view pattern : sort.get) words.Add("GET", pattern);
  return words.AddIf(sort.descending, "DESC").AddIf(sort.alphabetic, "ALPHA");
}

}  // namespace detail

template <typename Self, template <typename> class Answer>
class KeyCalls : public CallBase<Self, Answer, KeyCalls<Self, Answer>> {
 public:
  // How many of them there are.
  Answer<int64_t> Exists(const Strings& keys, const CallOptions& options = {}) {
    return this->template Read<int64_t>(Words{"EXISTS"}.Add(keys), options);
  }
  // How many of them there were.
  Answer<int64_t> Del(const Strings& keys, const CallOptions& options = {}) {
    return this->template Write<int64_t>(Words{"DEL"}.Add(keys), options);
  }
  Answer<int64_t> Unlink(const Strings& keys, const CallOptions& options = {}) {
    return this->template Write<int64_t>(Words{"UNLINK"}.Add(keys), options);
  }
  Answer<int64_t> Touch(const Strings& keys, const CallOptions& options = {}) {
    return this->template Read<int64_t>(Words{"TOUCH"}.Add(keys), options);
  }
  // "string", "list" …, or "none".
  Answer<std::string> Type(std::string_view key, const CallOptions& options = {}) {
    return this->template Read<std::string>({"TYPE", key}, options);
  }
  Answer<void> Rename(std::string_view key, std::string_view to, const CallOptions& options = {}) {
    return this->template Write<void>({"RENAME", key, to}, options);
  }
  // False if `to` is there.
  Answer<bool> RenameNx(std::string_view key, std::string_view to,
                        const CallOptions& options = {}) {
    return this->template Write<bool>({"RENAMENX", key, to}, options);
  }
  // False if the one is not there, or the other is and must not be replaced.
  Answer<bool> Copy(std::string_view from, std::string_view to, const CopyOptions& copy = {},
                    const CallOptions& options = {}) {
    Words words{"COPY", from, to};
    if (copy.database) words.Add("DB", *copy.database);
    return this->template Write<bool>(words.AddIf(copy.replace, "REPLACE"), options);
  }
  // To another database: false if it is not here, or there already.
  Answer<bool> Move(std::string_view key, int database, const CallOptions& options = {}) {
    return this->template Write<bool>(Words{"MOVE", key}.Add(database), options);
  }
  // PEXPIRE: false if there is no such key, or `when` does not hold.
  Answer<bool> Expire(std::string_view key, std::chrono::milliseconds ttl,
                      ExpireWhen when = ExpireWhen::kAlways, const CallOptions& options = {}) {
    Words words{"PEXPIRE", key};
    return this->template Write<bool>(
        words.Add(ttl.count()).AddIf(when != ExpireWhen::kAlways, detail::WordOf(when)), options);
  }
  // PEXPIREAT
  Answer<bool> ExpireAt(std::string_view key, TimePoint time, ExpireWhen when = ExpireWhen::kAlways,
                        const CallOptions& options = {}) {
    Words words{"PEXPIREAT", key};
    words.Add(detail::UnixMilliseconds(time));
    return this->template Write<bool>(
        words.AddIf(when != ExpireWhen::kAlways, detail::WordOf(when)), options);
  }
  // False if it is not there, or lives for ever anyway.
  Answer<bool> Persist(std::string_view key, const CallOptions& options = {}) {
    return this->template Write<bool>({"PERSIST", key}, options);
  }
  // PTTL: nothing if there is no such key, kForever if it does not expire.
  Answer<std::optional<std::chrono::milliseconds>> Ttl(std::string_view key,
                                                       const CallOptions& options = {}) {
    return this->template Read<std::optional<std::chrono::milliseconds>>({"PTTL", key}, options);
  }
  // PEXPIRETIME: nothing if there is no such key, kNever if it does not expire.
  Answer<std::optional<TimePoint>> ExpireTime(std::string_view key,
                                              const CallOptions& options = {}) {
    return this->template Read<std::optional<TimePoint>>({"PEXPIRETIME", key}, options);
  }
  // Those that match a pattern, all at once: for small databases; else scan.h.
  Answer<std::vector<std::string>> Keys(std::string_view pattern = "*",
                                        const CallOptions& options = {}) {
    return this->template Read<std::vector<std::string>>({"KEYS", pattern}, options);
  }
  // Nothing of an empty database.
  Answer<std::optional<std::string>> RandomKey(const CallOptions& options = {}) {
    return this->template Read<std::optional<std::string>>({"RANDOMKEY"}, options);
  }
  Answer<ScanStep<std::string>> Scan(std::string_view cursor, const KeyScanOptions& scan = {},
                                     const CallOptions& options = {}) {
    Words words{"SCAN", cursor};
    detail::AddScanOptions(words, {scan.match, scan.count});
    if (!scan.type.empty()) words.Add("TYPE", scan.type);
    return this->template Read<ScanStep<std::string>>(words, options);
  }
  // The value in bytes that Restore, here or elsewhere, makes it from.
  Answer<std::optional<std::string>> Dump(std::string_view key, const CallOptions& options = {}) {
    return this->template Read<std::optional<std::string>>({"DUMP", key}, options);
  }
  Answer<void> Restore(std::string_view key, std::string_view dump,
                       const RestoreOptions& restore = {}, const CallOptions& options = {}) {
    Words words{"RESTORE", key};
    if (restore.expire_at) {
      words.Add(detail::UnixMilliseconds(*restore.expire_at), dump, "ABSTTL");
    } else {
      words.Add(restore.ttl ? restore.ttl->count() : 0, dump);
    }
    return this->template Write<void>(words.AddIf(restore.replace, "REPLACE"), options);
  }
  // SORT_RO: nothing for what a `get` does not find.
  Answer<std::vector<std::optional<std::string>>> Sort(std::string_view key,
                                                       const SortOptions& sort = {},
                                                       const CallOptions& options = {}) {
    Words words{"SORT_RO", key};
    return this->template Read<std::vector<std::optional<std::string>>>(
        detail::AddSortOptions(words, sort), options);
  }
  // SORT with STORE: how many elements `destination` has.
  Answer<int64_t> SortStore(std::string_view destination, std::string_view key,
                            const SortOptions& sort = {}, const CallOptions& options = {}) {
    Words words{"SORT", key};
    return this->template Write<int64_t>(
        detail::AddSortOptions(words, sort).Add("STORE", destination), options);
  }
  Answer<std::optional<std::string>> ObjectEncoding(std::string_view key,
                                                    const CallOptions& options = {}) {
    return this->template Read<std::optional<std::string>>({"OBJECT", "ENCODING", key}, options);
  }
  Answer<std::optional<int64_t>> ObjectRefCount(std::string_view key,
                                                const CallOptions& options = {}) {
    return this->template Read<std::optional<int64_t>>({"OBJECT", "REFCOUNT", key}, options);
  }
  Answer<std::optional<int64_t>> ObjectIdleTime(std::string_view key,
                                                const CallOptions& options = {}) {
    return this->template Read<std::optional<int64_t>>({"OBJECT", "IDLETIME", key}, options);
  }
  // How many bytes it takes.
  Answer<std::optional<int64_t>> MemoryUsage(std::string_view key,
                                             const CallOptions& options = {}) {
    return this->template Read<std::optional<int64_t>>({"MEMORY", "USAGE", key}, options);
  }
};

}  // namespace mydis
