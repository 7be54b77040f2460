// Typed calls: consumer groups of streams.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mydis/calls/call_base.h"
#include "mydis/calls/streams.h"

namespace mydis {

struct XGroupOptions {
  bool make_stream = false;  // XGroupCreate.
  std::optional<int64_t> entries_read = {};
};

struct XReadGroupOptions {
  int64_t count = 0;  // Of each stream at most; 0: all.
  std::optional<std::chrono::milliseconds> block =
      {};  // Waits for new records for that long; 0 or kForever: without an end.
  bool no_ack = false;
};

struct PendingSummary {
  int64_t count = 0;
  // Empty if there are none.
  std::string lowest_id;
  std::string highest_id;
  std::vector<std::pair<std::string, int64_t>> by_consumer;
};
struct PendingRecord {
  std::string id;
  std::string consumer;
  std::chrono::milliseconds idle{0};  // Since it was last delivered.
  int64_t deliveries = 0;
};
struct XPendingOptions {
  std::string_view start = "-";
  std::string_view end = "+";
  int64_t count = 100;
  std::string_view consumer = {};  // Empty: of all.
  std::chrono::milliseconds min_idle{0};
};

struct XClaimOptions {
  std::optional<std::chrono::milliseconds> idle = {};  // That they are said to have; else 0.
  std::optional<int64_t> deliveries = {};              // That they are said to have; else one more.
  bool force = false;                                  // Also what is pending with nobody.
  std::string_view last_id = {};
};
struct XAutoClaimOptions {
  std::string_view start = "0";
  int64_t count = 100;
};
struct ClaimedRecords {
  std::string next;  // Where to go on; "0-0" at the end.
  std::vector<StreamRecord> records;
  std::vector<std::string> deleted;  // That are pending no more, since they are not in the stream.
};
struct ClaimedIds {
  std::string next;
  std::vector<std::string> ids;
  std::vector<std::string> deleted;
};

struct GroupInfo {
  std::string name;
  int64_t consumers = 0;
  int64_t pending = 0;
  std::string last_delivered_id;
  std::optional<int64_t> entries_read;
  std::optional<int64_t> lag;
};
struct ConsumerInfo {
  std::string name;
  int64_t pending = 0;
  std::chrono::milliseconds idle{0};      // Since it last tried.
  std::chrono::milliseconds inactive{0};  // Since it last got something.
};

namespace detail {

inline void AddXGroup(Words& words, const XGroupOptions& group) {
  words.AddIf(group.make_stream, "MKSTREAM");
  if (group.entries_read) words.Add("ENTRIESREAD", *group.entries_read);
}

inline Words& AddXClaim(Words& words, const Strings& ids, const XClaimOptions& claim) {
  words.Add(ids);
  if (claim.idle) words.Add("IDLE", claim.idle->count());
  if (claim.deliveries) words.Add("RETRYCOUNT", *claim.deliveries);
  words.AddIf(claim.force, "FORCE");
  return words.AddIf(!claim.last_id.empty(), "LASTID", claim.last_id);
}

template <>
struct Decoder<std::chrono::milliseconds> {
  static Result<std::chrono::milliseconds> From(Value value) {
    if (value.kind() != Value::Kind::kInteger) return Unexpected("a duration");
    return std::chrono::milliseconds(value.integer());
  }
};
template <>
struct Decoder<PendingSummary> {
  static Result<PendingSummary> From(Value value) {
    if (!value.is_collection() || value.elements().size() != 4) return Unexpected("a summary");
    std::vector<Value> parts = std::move(value).elements();
    auto count = Decoder<int64_t>::From(std::move(parts[0]));
    if (!count) return std::unexpected(std::move(count.error()));
    PendingSummary summary{*count, {}, {}, {}};
    if (summary.count == 0) return summary;
    auto ends = DecodePair<std::string, std::string>(std::move(parts[1]), std::move(parts[2]));
    if (!ends) return std::unexpected(std::move(ends.error()));
    // The numbers are strings.
    auto consumers =
        Decoder<std::vector<std::pair<std::string, double>>>::From(std::move(parts[3]));
    if (!consumers) return std::unexpected(std::move(consumers.error()));
    std::tie(summary.lowest_id, summary.highest_id) = *std::move(ends);
    for (auto& [name, pending] : *consumers) {
      summary.by_consumer.emplace_back(std::move(name), static_cast<int64_t>(pending));
    }
    return summary;
  }
};
template <>
struct Decoder<PendingRecord> {
  static Result<PendingRecord> From(Value value) {
    if (!value.is_collection() || value.elements().size() != 4) return Unexpected("a record");
    std::vector<Value> parts = std::move(value).elements();
    auto names = DecodePair<std::string, std::string>(std::move(parts[0]), std::move(parts[1]));
    if (!names) return std::unexpected(std::move(names.error()));
    auto numbers =
        DecodePair<std::chrono::milliseconds, int64_t>(std::move(parts[2]), std::move(parts[3]));
    if (!numbers) return std::unexpected(std::move(numbers.error()));
    return PendingRecord{std::move(names->first), std::move(names->second), numbers->first,
                         numbers->second};
  }
};

// Both kinds of what XAUTOCLAIM gives.
template <typename Claimed, typename Item>
Result<Claimed> DecodeClaimed(Value value) {
  if (!value.is_collection() || value.elements().size() != 3) return Unexpected("what was claimed");
  std::vector<Value> parts = std::move(value).elements();
  auto claimed =
      DecodePair<std::string, std::vector<Item>>(std::move(parts[0]), std::move(parts[1]));
  if (!claimed) return std::unexpected(std::move(claimed.error()));
  auto deleted = Decoder<std::vector<std::string>>::From(std::move(parts[2]));
  if (!deleted) return std::unexpected(std::move(deleted.error()));
  return Claimed{std::move(claimed->first), std::move(claimed->second), *std::move(deleted)};
}
template <>
struct Decoder<ClaimedRecords> {
  static Result<ClaimedRecords> From(Value value) {
    return DecodeClaimed<ClaimedRecords, StreamRecord>(std::move(value));
  }
};
template <>
struct Decoder<ClaimedIds> {
  static Result<ClaimedIds> From(Value value) {
    return DecodeClaimed<ClaimedIds, std::string>(std::move(value));
  }
};

template <>
struct Decoder<GroupInfo> {
  static Result<GroupInfo> From(Value value) {
    GroupInfo info;
    return FieldReader(std::move(value))
        .Read("name", info.name)
        .Read("consumers", info.consumers)
        .Read("pending", info.pending)
        .Read("last-delivered-id", info.last_delivered_id)
        .Read("entries-read", info.entries_read)
        .Read("lag", info.lag)
        .Give(info);
  }
};
template <>
struct Decoder<ConsumerInfo> {
  static Result<ConsumerInfo> From(Value value) {
    ConsumerInfo info;
    return FieldReader(std::move(value))
        .Read("name", info.name)
        .Read("pending", info.pending)
        .Read("idle", info.idle)
        .Read("inactive", info.inactive)
        .Give(info);
  }
};

}  // namespace detail

template <typename Self, template <typename> class Answer>
class StreamGroupCalls : public CallBase<Self, Answer, StreamGroupCalls<Self, Answer>> {
 public:
  // `id`: what comes after it is new to the group; "$": what is there already is not.
  Answer<void> XGroupCreate(std::string_view key, std::string_view group, std::string_view id = "$",
                            const XGroupOptions& create = {}, const CallOptions& options = {}) {
    Words words{"XGROUP", "CREATE", key, group, id};
    detail::AddXGroup(words, create);
    return this->template Write<void>(words, options);
  }
  Answer<void> XGroupSetId(std::string_view key, std::string_view group, std::string_view id,
                           const XGroupOptions& set = {}, const CallOptions& options = {}) {
    Words words{"XGROUP", "SETID", key, group, id};
    detail::AddXGroup(words, set);
    return this->template Write<void>(words, options);
  }
  // False if there is none.
  Answer<bool> XGroupDestroy(std::string_view key, std::string_view group,
                             const CallOptions& options = {}) {
    return this->template Write<bool>({"XGROUP", "DESTROY", key, group}, options);
  }
  // False if it is there already.
  Answer<bool> XGroupCreateConsumer(std::string_view key, std::string_view group,
                                    std::string_view consumer, const CallOptions& options = {}) {
    return this->template Write<bool>({"XGROUP", "CREATECONSUMER", key, group, consumer}, options);
  }
  // How many records were pending with it.
  Answer<int64_t> XGroupDelConsumer(std::string_view key, std::string_view group,
                                    std::string_view consumer, const CallOptions& options = {}) {
    return this->template Write<int64_t>({"XGROUP", "DELCONSUMER", key, group, consumer}, options);
  }
  // `streams`: keys, and what is read of each: ">" are records that are new to the group, an id is
  // what is pending with this consumer after it.
  Answer<StreamRecords> XReadGroup(std::string_view group, std::string_view consumer,
                                   const StringPairs& streams, const XReadGroupOptions& read = {},
                                   const CallOptions& options = {}) {
    Words words{"XREADGROUP", "GROUP", group, consumer};
    detail::AddXRead(words, {read.count, read.block});
    words.AddIf(read.no_ack, "NOACK");
    const CallKind kind = read.block ? CallKind::kTypedBlocking : CallKind::kTypedWrite;
    return this->template Send<StreamRecords>(kind, detail::AddStreams(words, streams), options);
  }
  // How many of them were pending.
  Answer<int64_t> XAck(std::string_view key, std::string_view group, const Strings& ids,
                       const CallOptions& options = {}) {
    return this->template Write<int64_t>(Words{"XACK", key, group}.Add(ids), options);
  }
  Answer<PendingSummary> XPending(std::string_view key, std::string_view group,
                                  const CallOptions& options = {}) {
    return this->template Read<PendingSummary>({"XPENDING", key, group}, options);
  }
  // XPENDING with its options: one by one.
  Answer<std::vector<PendingRecord>> XPendingList(std::string_view key, std::string_view group,
                                                  const XPendingOptions& which = {},
                                                  const CallOptions& options = {}) {
    Words words{"XPENDING", key, group};
    words.AddIf(which.min_idle.count() > 0, "IDLE", which.min_idle.count());
    words.Add(which.start, which.end, which.count);
    return this->template Read<std::vector<PendingRecord>>(
        words.AddIf(!which.consumer.empty(), which.consumer), options);
  }
  // Those of the records that were idle for so long are the consumer's now.
  Answer<std::vector<StreamRecord>> XClaim(std::string_view key, std::string_view group,
                                           std::string_view consumer,
                                           std::chrono::milliseconds min_idle, const Strings& ids,
                                           const XClaimOptions& claim = {},
                                           const CallOptions& options = {}) {
    Words words{"XCLAIM", key, group, consumer};
    return this->template Write<std::vector<StreamRecord>>(
        detail::AddXClaim(words.Add(min_idle.count()), ids, claim), options);
  }
  // XCLAIM with JUSTID.
  Answer<std::vector<std::string>> XClaimIds(std::string_view key, std::string_view group,
                                             std::string_view consumer,
                                             std::chrono::milliseconds min_idle, const Strings& ids,
                                             const XClaimOptions& claim = {},
                                             const CallOptions& options = {}) {
    Words words{"XCLAIM", key, group, consumer};
    return this->template Write<std::vector<std::string>>(
        detail::AddXClaim(words.Add(min_idle.count()), ids, claim).Add("JUSTID"), options);
  }
  // As XClaim, of whatever was idle for so long.
  Answer<ClaimedRecords> XAutoClaim(std::string_view key, std::string_view group,
                                    std::string_view consumer, std::chrono::milliseconds min_idle,
                                    const XAutoClaimOptions& claim = {},
                                    const CallOptions& options = {}) {
    Words words{"XAUTOCLAIM", key, group, consumer};
    return this->template Write<ClaimedRecords>(
        words.Add(min_idle.count(), claim.start, "COUNT", claim.count), options);
  }
  Answer<ClaimedIds> XAutoClaimIds(std::string_view key, std::string_view group,
                                   std::string_view consumer, std::chrono::milliseconds min_idle,
                                   const XAutoClaimOptions& claim = {},
                                   const CallOptions& options = {}) {
    Words words{"XAUTOCLAIM", key, group, consumer};
    return this->template Write<ClaimedIds>(
        words.Add(min_idle.count(), claim.start, "COUNT", claim.count, "JUSTID"), options);
  }
  Answer<std::vector<GroupInfo>> XInfoGroups(std::string_view key,
                                             const CallOptions& options = {}) {
    return this->template Read<std::vector<GroupInfo>>({"XINFO", "GROUPS", key}, options);
  }
  Answer<std::vector<ConsumerInfo>> XInfoConsumers(std::string_view key, std::string_view group,
                                                   const CallOptions& options = {}) {
    return this->template Read<std::vector<ConsumerInfo>>({"XINFO", "CONSUMERS", key, group},
                                                          options);
  }
};

}  // namespace mydis
