// Typed calls: lists.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mydis/calls/call_base.h"
#include "mydis/times.h"

namespace mydis {

enum class ListEnd : uint8_t { kLeft, kRight };
enum class ListPlace : uint8_t { kBefore, kAfter };

struct LPosOptions {
  int64_t rank = 1;     // Which of them; -1 is the last one.
  int64_t max_len = 0;  // How many elements are looked at; 0: all.
};

// The key of the list that had elements, and those.
using PoppedElements = std::pair<std::string, std::vector<std::string>>;

namespace detail {

inline std::string_view WordOf(ListEnd end) { return end == ListEnd::kLeft ? "LEFT" : "RIGHT"; }

inline Words& AddLPosOptions(Words& words, const LPosOptions& find) {
  if (find.rank != 1) words.Add("RANK", find.rank);
  if (find.max_len != 0) words.Add("MAXLEN", find.max_len);
  return words;
}

}  // namespace detail

// Pops that block wait for an element at most `timeout`; 0: without an end.
template <typename Self, template <typename> class Answer>
class ListCalls : public CallBase<Self, Answer, ListCalls<Self, Answer>> {
 public:
  // The length afterwards.
  Answer<int64_t> LPush(std::string_view key, const Strings& elements,
                        const CallOptions& options = {}) {
    return this->template Write<int64_t>(Words{"LPUSH", key}.Add(elements), options);
  }
  Answer<int64_t> RPush(std::string_view key, const Strings& elements,
                        const CallOptions& options = {}) {
    return this->template Write<int64_t>(Words{"RPUSH", key}.Add(elements), options);
  }
  // Only if there is a list: 0 otherwise.
  Answer<int64_t> LPushX(std::string_view key, const Strings& elements,
                         const CallOptions& options = {}) {
    return this->template Write<int64_t>(Words{"LPUSHX", key}.Add(elements), options);
  }
  Answer<int64_t> RPushX(std::string_view key, const Strings& elements,
                         const CallOptions& options = {}) {
    return this->template Write<int64_t>(Words{"RPUSHX", key}.Add(elements), options);
  }
  Answer<std::optional<std::string>> LPop(std::string_view key, const CallOptions& options = {}) {
    return this->template Write<std::optional<std::string>>({"LPOP", key}, options);
  }
  Answer<std::optional<std::string>> RPop(std::string_view key, const CallOptions& options = {}) {
    return this->template Write<std::optional<std::string>>({"RPOP", key}, options);
  }
  Answer<std::vector<std::string>> LPop(std::string_view key, int64_t count,
                                        const CallOptions& options = {}) {
    return this->template Write<std::vector<std::string>>(Words{"LPOP", key}.Add(count), options);
  }
  Answer<std::vector<std::string>> RPop(std::string_view key, int64_t count,
                                        const CallOptions& options = {}) {
    return this->template Write<std::vector<std::string>>(Words{"RPOP", key}.Add(count), options);
  }
  // From the first of the lists that has elements.
  Answer<std::optional<PoppedElements>> LMPop(const Strings& keys, ListEnd end, int64_t count = 1,
                                              const CallOptions& options = {}) {
    Words words{"LMPOP"};
    return this->template Write<std::optional<PoppedElements>>(
        words.Add(keys.size(), keys, detail::WordOf(end), "COUNT", count), options);
  }
  // What was moved; nothing if `from` has no elements.
  Answer<std::optional<std::string>> LMove(std::string_view from, std::string_view to,
                                           ListEnd from_end, ListEnd to_end,
                                           const CallOptions& options = {}) {
    return this->template Write<std::optional<std::string>>(
        {"LMOVE", from, to, detail::WordOf(from_end), detail::WordOf(to_end)}, options);
  }
  // The key, and its element; nothing when the time is over. 0 or kForever: there is no end.
  Answer<std::optional<std::pair<std::string, std::string>>> BLPop(
      const Strings& keys, std::chrono::milliseconds timeout, const CallOptions& options = {}) {
    return this->template Block<std::optional<std::pair<std::string, std::string>>>(
        Words{"BLPOP"}.Add(keys, detail::TimeoutSeconds(timeout)), options);
  }
  Answer<std::optional<std::pair<std::string, std::string>>> BRPop(
      const Strings& keys, std::chrono::milliseconds timeout, const CallOptions& options = {}) {
    return this->template Block<std::optional<std::pair<std::string, std::string>>>(
        Words{"BRPOP"}.Add(keys, detail::TimeoutSeconds(timeout)), options);
  }
  Answer<std::optional<PoppedElements>> BLMPop(const Strings& keys, ListEnd end,
                                               std::chrono::milliseconds timeout, int64_t count = 1,
                                               const CallOptions& options = {}) {
    Words words{"BLMPOP"};
    words.Add(detail::TimeoutSeconds(timeout), keys.size(), keys);
    return this->template Block<std::optional<PoppedElements>>(
        words.Add(detail::WordOf(end), "COUNT", count), options);
  }
  Answer<std::optional<std::string>> BLMove(std::string_view from, std::string_view to,
                                            ListEnd from_end, ListEnd to_end,
                                            std::chrono::milliseconds timeout,
                                            const CallOptions& options = {}) {
    Words words{"BLMOVE", from, to, detail::WordOf(from_end), detail::WordOf(to_end)};
    return this->template Block<std::optional<std::string>>(
        words.Add(detail::TimeoutSeconds(timeout)), options);
  }
  Answer<int64_t> LLen(std::string_view key, const CallOptions& options = {}) {
    return this->template Read<int64_t>({"LLEN", key}, options);
  }
  // Both ends are part of it; -1 is the last element.
  Answer<std::vector<std::string>> LRange(std::string_view key, int64_t start, int64_t stop,
                                          const CallOptions& options = {}) {
    return this->template Read<std::vector<std::string>>(Words{"LRANGE", key}.Add(start, stop),
                                                         options);
  }
  Answer<std::optional<std::string>> LIndex(std::string_view key, int64_t index,
                                            const CallOptions& options = {}) {
    return this->template Read<std::optional<std::string>>(Words{"LINDEX", key}.Add(index),
                                                           options);
  }
  // Where the first such element is.
  Answer<std::optional<int64_t>> LPos(std::string_view key, std::string_view element,
                                      const LPosOptions& find = {},
                                      const CallOptions& options = {}) {
    Words words{"LPOS", key, element};
    return this->template Read<std::optional<int64_t>>(detail::AddLPosOptions(words, find),
                                                       options);
  }
  // LPOS with COUNT: where such elements are; 0: all of them.
  Answer<std::vector<int64_t>> LPosAll(std::string_view key, std::string_view element,
                                       int64_t count = 0, const LPosOptions& find = {},
                                       const CallOptions& options = {}) {
    Words words{"LPOS", key, element, "COUNT"};
    return this->template Read<std::vector<int64_t>>(detail::AddLPosOptions(words.Add(count), find),
                                                     options);
  }
  Answer<void> LSet(std::string_view key, int64_t index, std::string_view element,
                    const CallOptions& options = {}) {
    return this->template Write<void>(Words{"LSET", key}.Add(index, element), options);
  }
  // The length afterwards; 0: there is no list; -1: `pivot` is not in it.
  Answer<int64_t> LInsert(std::string_view key, ListPlace place, std::string_view pivot,
                          std::string_view element, const CallOptions& options = {}) {
    return this->template Write<int64_t>(
        {"LINSERT", key, place == ListPlace::kBefore ? "BEFORE" : "AFTER", pivot, element},
        options);
  }
  // How many were removed: the first `count`, of a negative number the last, of 0 all.
  Answer<int64_t> LRem(std::string_view key, int64_t count, std::string_view element,
                       const CallOptions& options = {}) {
    return this->template Write<int64_t>(Words{"LREM", key}.Add(count, element), options);
  }
  // Leaves what is between two places, both included.
  Answer<void> LTrim(std::string_view key, int64_t start, int64_t stop,
                     const CallOptions& options = {}) {
    return this->template Write<void>(Words{"LTRIM", key}.Add(start, stop), options);
  }
};

}  // namespace mydis
