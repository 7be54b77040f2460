// Typed calls: strings and counters. Each names its Redis command, whose reference says the rest.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mydis/calls/call_base.h"
#include "mydis/decode.h"

namespace mydis {

// When a SET takes place, and how long the key lives.
struct SetOptions {
  enum class When : uint8_t { kAlways, kIfMissing, kIfThere };
  When when = When::kAlways;
  std::optional<std::chrono::milliseconds> ttl;
  bool keep_ttl = false;
};

template <typename Self, template <typename> class Answer>
class StringCalls : public CallBase<Self, Answer> {
 public:
  // GET: nothing if there is no such key.
  Answer<std::optional<std::string>> Get(std::string_view key, const CallOptions& options = {}) {
    return Read<std::optional<std::string>>({"GET", key}, options);
  }
  // SET
  Answer<void> Set(std::string_view key, std::string_view value, const CallOptions& options = {}) {
    return Write<void>({"SET", key, value}, options);
  }
  // SET with its options: false if the condition did not hold.
  Answer<bool> Set(std::string_view key, std::string_view value, const SetOptions& set,
                   const CallOptions& options = {}) {
    Words words{"SET", key, value};
    if (set.when == SetOptions::When::kIfMissing) words.Add("NX");
    if (set.when == SetOptions::When::kIfThere) words.Add("XX");
    if (set.ttl) words.Add("PX", set.ttl->count());
    if (set.keep_ttl) words.Add("KEEPTTL");
    return Write<bool>(words, options);
  }
  // INCRBY: the number afterwards.
  Answer<int64_t> IncrBy(std::string_view key, int64_t by, const CallOptions& options = {}) {
    Words words{"INCRBY", key};
    words.Add(by);
    return Write<int64_t>(words, options);
  }
  Answer<int64_t> Incr(std::string_view key, const CallOptions& options = {}) {
    return Write<int64_t>({"INCR", key}, options);
  }

 private:
  template <typename T>
  Answer<T> Read(const Words& words, const CallOptions& options) {
    return this->template Send<T>(CallKind::kRead, words, options);
  }
  template <typename T>
  Answer<T> Write(const Words& words, const CallOptions& options) {
    return this->template Send<T>(CallKind::kWrite, words, options);
  }
};

}  // namespace mydis
