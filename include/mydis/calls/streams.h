// Typed calls: streams. Their consumer groups are in stream_groups.h.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mydis/calls/call_base.h"
#include "mydis/times.h"

namespace mydis {

struct StreamRecord {
  std::string id;  // "1700000000000-0"
  Fields fields;   // Empty of one that was deleted, when it is read again by its consumer.
};
// The records of each stream that has some.
using StreamRecords = std::vector<std::pair<std::string, std::vector<StreamRecord>>>;

// How much of a stream is left.
struct XTrimOptions {
  std::optional<int64_t> max_length = {};
  std::string_view min_id = {};  // Nothing older than this; empty: no matter.
  bool exactly = false;          // False: a little more may be left, which costs less.
};

struct XAddOptions {
  std::string_view id = "*";  // "*": the server chooses it.
  bool make_stream = true;
  XTrimOptions trim;
};

struct XReadOptions {
  int64_t count = 0;  // Of each stream at most; 0: all.
  std::optional<std::chrono::milliseconds> block =
      {};  // Waits for records for that long; 0 or kForever: without an end.
};

struct StreamInfo {
  int64_t length = 0;
  int64_t groups = 0;
  int64_t entries_added = 0;  // Ever.
  std::string last_id;
  std::string max_deleted_id;
  std::optional<StreamRecord> first;
  std::optional<StreamRecord> last;
};

struct XSetIdOptions {
  std::optional<int64_t> entries_added = {};
  std::string_view max_deleted_id = {};
};

namespace detail {

inline Words& AddXTrim(Words& words, const XTrimOptions& trim) {
  const std::string_view about = trim.exactly ? "=" : "~";
  if (trim.max_length) words.Add("MAXLEN", about, *trim.max_length);
  if (!trim.min_id.empty()) words.Add("MINID", about, trim.min_id);
  return words;
}

// What XREAD and XREADGROUP end with: the keys, and from where on each is read.
inline Words& AddStreams(Words& words, const StringPairs& streams) {
  words.Add("STREAMS");
  for (const auto& [key, id] : streams.views()) words.Add(key);
  for (const auto& [key, id] : streams.views()) words.Add(id);
  return words;
}

inline void AddXRead(Words& words, const XReadOptions& read) {
  if (read.count > 0) words.Add("COUNT", read.count);
  if (read.block) words.Add("BLOCK", TimeoutMs(*read.block));
}

template <>
struct Decoder<StreamRecord> {
  static Result<StreamRecord> From(Value value) {
    auto record = Decoder<std::pair<std::string, Fields>>::From(std::move(value));
    if (!record) return std::unexpected(std::move(record.error()));
    return StreamRecord{std::move(record->first), std::move(record->second)};
  }
};
template <>
struct Decoder<StreamInfo> {
  static Result<StreamInfo> From(Value value) {
    StreamInfo info;
    return FieldReader(std::move(value))
        .Read("length", info.length)
        .Read("groups", info.groups)
        .Read("entries-added", info.entries_added)
        .Read("last-generated-id", info.last_id)
        .Read("max-deleted-entry-id", info.max_deleted_id)
        .Read("first-entry", info.first)
        .Read("last-entry", info.last)
        .Give(info);
  }
};

}  // namespace detail

template <typename Self, template <typename> class Answer>
class StreamCalls : public CallBase<Self, Answer, StreamCalls<Self, Answer>> {
 public:
  // The new record's id.
  Answer<std::string> XAdd(std::string_view key, const StringPairs& fields,
                           const CallOptions& options = {}) {
    return this->template Write<std::string>(Words{"XADD", key, "*"}.Add(fields), options);
  }
  // Nothing if there is no stream and none was to be made.
  Answer<std::optional<std::string>> XAdd(std::string_view key, const StringPairs& fields,
                                          const XAddOptions& add, const CallOptions& options = {}) {
    Words words{"XADD", key};
    detail::AddXTrim(words.AddIf(!add.make_stream, "NOMKSTREAM"), add.trim);
    return this->template Write<std::optional<std::string>>(words.Add(add.id, fields), options);
  }
  Answer<int64_t> XLen(std::string_view key, const CallOptions& options = {}) {
    return this->template Read<int64_t>({"XLEN", key}, options);
  }
  // Both ends are part of it, unless they begin with "(".
  Answer<std::vector<StreamRecord>> XRange(std::string_view key, std::string_view start = "-",
                                           std::string_view end = "+", int64_t count = 0,
                                           const CallOptions& options = {}) {
    Words words{"XRANGE", key, start, end};
    return this->template Read<std::vector<StreamRecord>>(words.AddIf(count > 0, "COUNT", count),
                                                          options);
  }
  // The latest first.
  Answer<std::vector<StreamRecord>> XRevRange(std::string_view key, std::string_view end = "+",
                                              std::string_view start = "-", int64_t count = 0,
                                              const CallOptions& options = {}) {
    Words words{"XREVRANGE", key, end, start};
    return this->template Read<std::vector<StreamRecord>>(words.AddIf(count > 0, "COUNT", count),
                                                          options);
  }
  // How many of them there were.
  Answer<int64_t> XDel(std::string_view key, const Strings& ids, const CallOptions& options = {}) {
    return this->template Write<int64_t>(Words{"XDEL", key}.Add(ids), options);
  }
  // How many were removed.
  Answer<int64_t> XTrim(std::string_view key, const XTrimOptions& trim,
                        const CallOptions& options = {}) {
    Words words{"XTRIM", key};
    return this->template Write<int64_t>(detail::AddXTrim(words, trim), options);
  }
  // `streams`: keys, and the ids after which each is read; "$": what is there already. Nothing if
  // there is nothing.
  Answer<StreamRecords> XRead(const StringPairs& streams, const XReadOptions& read = {},
                              const CallOptions& options = {}) {
    Words words{"XREAD"};
    detail::AddXRead(words, read);
    const CallKind kind = read.block ? CallKind::kTypedBlocking : CallKind::kTypedRead;
    return this->template Send<StreamRecords>(kind, detail::AddStreams(words, streams), options);
  }
  Answer<StreamInfo> XInfoStream(std::string_view key, const CallOptions& options = {}) {
    return this->template Read<StreamInfo>({"XINFO", "STREAM", key}, options);
  }
  Answer<void> XSetId(std::string_view key, std::string_view last_id, const XSetIdOptions& set = {},
                      const CallOptions& options = {}) {
    Words words{"XSETID", key, last_id};
    if (set.entries_added) words.Add("ENTRIESADDED", *set.entries_added);
    return this->template Write<void>(
        words.AddIf(!set.max_deleted_id.empty(), "MAXDELETEDID", set.max_deleted_id), options);
  }
};

}  // namespace mydis
