#include "state/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/assert.h"
#include "state/event_flags.h"

namespace mydis {
namespace {

using Kind = SettingSpec::Kind;

constexpr SettingSpec Limit(std::string_view name, std::string_view initial,
                            std::string_view summary, std::string_view alias = {},
                            int64_t min = 0) {
  return {.name = name,
          .kind = Kind::kBytes,
          .initial = initial,
          .min = min,
          .max = INT64_MAX,
          .summary = summary,
          .alias = alias};
}

constexpr SettingSpec kSpecs[] = {
    {.name = "acl-pubsub-default",
     .kind = Kind::kEnum,
     .initial = "resetchannels",
     .choices = "allchannels|resetchannels",
     .summary = "Whether a new user may use all channels (allchannels) or none (resetchannels)."},
    Limit("hash-max-listpack-entries", "512", "The most fields of a hash in its compact form.",
          "hash-max-ziplist-entries"),
    Limit("hash-max-listpack-value", "64",
          "The longest field or value, in bytes, of a hash in its compact form.",
          "hash-max-ziplist-value"),
    Limit("hll-sparse-max-bytes", "3000", "The longest HyperLogLog in its sparse form."),
    {.name = "lfu-decay-time",
     .kind = Kind::kInteger,
     .initial = "1",
     .max = INT32_MAX,
     .summary = "Minutes after which the counter of a key's uses loses one, under an LFU policy."},
    {.name = "lfu-log-factor",
     .kind = Kind::kInteger,
     .initial = "10",
     .max = INT32_MAX,
     .summary = "How slowly that counter grows: the higher, the more uses it takes."},
    Limit("list-max-listpack-size", "-2",
          "How large a node of a list gets: a number of elements, or -1 to -5 for 4 to 64 KiB.",
          "list-max-ziplist-size", INT32_MIN),
    Limit("maxmemory", "0",
          "How many bytes the data may take (INFO's used_memory); beyond that keys go by "
          "maxmemory-policy, or commands that add data are refused with -OOM. 0: no limit."),
    {.name = "maxmemory-policy",
     .kind = Kind::kEnum,
     .initial = "noeviction",
     .choices = "volatile-lru|volatile-lfu|volatile-random|volatile-ttl|allkeys-lru|allkeys-lfu|"
                "allkeys-random|noeviction",
     .summary = "Which keys go when the data reaches maxmemory: all, or those that expire; first "
                "the least recently used (lru), the least often used (lfu), any (random), or what "
                "expires the soonest (ttl)."},
    {.name = "maxmemory-samples",
     .kind = Kind::kInteger,
     .initial = "5",
     .min = 1,
     .max = 64,
     .summary = "How many keys are looked at for one that goes."},
    {.name = "notify-keyspace-events",
     .kind = Kind::kEvents,
     .initial = "",
     .summary = "Which keyspace events are told to subscribers, as Redis's letters."},
    {.name = "proto-max-bulk-len",
     .kind = Kind::kBytes,
     .initial = "536870912",
     .min = 1048576,
     .max = 536870912,
     .summary = "The longest string or argument, in bytes."},
    {.name = "request-retention",
     .kind = Kind::kInteger,
     .initial = "300",
     .min = 1,
     .max = 604800,
     .summary = "Seconds for which the reply to a write with an id (ONCE, Idempotency-Key) is "
                "remembered; so long it may be sent again."},
    {.name = "script-budget",
     .kind = Kind::kInteger,
     .initial = "500000000",
     .min = 1000000,
     .max = 1000000000000,
     .summary = "How many instructions (or what counts like them) a script or function may take "
                "before it is ended with an error."},
    {.name = "script-memory",
     .kind = Kind::kBytes,
     .initial = "268435456",
     .min = 1048576,
     .max = 2147483648,
     .summary = "How much memory a script or function may use while it runs, in bytes."},
    Limit("set-max-intset-entries", "512", "The most members of a set kept as sorted integers."),
    Limit("set-max-listpack-entries", "128", "The most members of a set in its compact form."),
    Limit("set-max-listpack-value", "64",
          "The longest member, in bytes, of a set in its compact form."),
    Limit("stream-node-max-bytes", "4096", "How large a node of a stream gets. 0: no limit."),
    Limit("stream-node-max-entries", "100", "The most entries of a stream's node. 0: no limit."),
    {.name = "watch-history-bytes",
     .kind = Kind::kBytes,
     .initial = "16777216",
     .min = 65536,
     .max = int64_t{64} << 30,
     .summary =
         "How much each instance keeps of what has happened to keys, and as much of what was "
         "published, for watches that go on after a pause (while somebody watches)."},
    {.name = "write-consistency",
     .kind = Kind::kEnum,
     .initial = "eventual",
     .choices = "eventual|strong",
     .summary = "The least that a write of any client waits for: eventual (a majority has it) or "
                "strong (all instances have applied it)."},
    Limit("zset-max-listpack-entries", "128",
          "The most members of a sorted set in its compact form.", "zset-max-ziplist-entries"),
    Limit("zset-max-listpack-value", "64",
          "The longest member, in bytes, of a sorted set in its compact form.",
          "zset-max-ziplist-value"),
};

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

// Redis's memory units: 1k is 1000 bytes, 1kb is 1024.
int64_t UnitOf(std::string_view unit) {
  if (unit.empty() || unit == "b") return 1;
  if (unit == "k") return 1000;
  if (unit == "kb") return 1024;
  if (unit == "m") return 1000 * 1000;
  if (unit == "mb") return 1024 * 1024;
  if (unit == "g") return 1000LL * 1000 * 1000;
  if (unit == "gb") return 1024LL * 1024 * 1024;
  return 0;
}

bool IsChoice(std::string_view choices, std::string_view word) {
  while (!choices.empty()) {
    const size_t bar = choices.find('|');
    if (choices.substr(0, bar) == word) return true;
    if (bar == std::string_view::npos) break;
    choices.remove_prefix(bar + 1);
  }
  return false;
}

Result<std::string> CanonicalNumber(const SettingSpec& spec, const std::string& word) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  const std::string_view unit(end, static_cast<size_t>(word.data() + word.size() - end));
  const int64_t scale = spec.kind == Kind::kBytes ? UnitOf(unit) : (unit.empty() ? 1 : 0);
  int64_t value = 0;
  if (error != std::errc() || scale == 0 || __builtin_mul_overflow(number, scale, &value) ||
      value < spec.min || value > spec.max) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("{} must be a number between {} and {}{}", spec.name, spec.min,
                            spec.max, spec.kind == Kind::kBytes ? " (bytes)" : ""));
  }
  return fmt::format("{}", value);
}

Result<std::string> Canonical(std::string_view name, std::string_view value) {
  const SettingSpec* spec = FindSetting(name);
  if (spec == nullptr) {
    std::string known;
    for (const SettingSpec& s : kSpecs) known += (known.empty() ? "" : ", ") + std::string(s.name);
    return Fail(ErrorCode::kNotFound,
                fmt::format("there is no setting '{}' (there are: {})", name, known));
  }
  if (spec->kind == Kind::kEvents) {
    const auto flags = ParseEventFlags(value);
    if (flags) return EventFlagsText(*flags);
    return Fail(ErrorCode::kInvalid, "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
  }
  std::string word = Lower(value);
  switch (spec->kind) {
    case Kind::kEnum:
      if (IsChoice(spec->choices, word)) return word;
      return Fail(ErrorCode::kInvalid, fmt::format("{} must be one of {}", name, spec->choices));
    case Kind::kBool:
      if (word == "yes" || word == "no") return word;
      return Fail(ErrorCode::kInvalid, fmt::format("{} must be yes or no", name));
    case Kind::kInteger:
    case Kind::kBytes:
      return CanonicalNumber(*spec, word);
    case Kind::kEvents:
      break;
  }
  return Fail(ErrorCode::kInternal, "unknown kind of setting");
}

}  // namespace

std::span<const SettingSpec> SettingSpecs() { return kSpecs; }

const SettingSpec* FindSetting(std::string_view name) {
  if (name.empty()) return nullptr;
  for (const SettingSpec& spec : kSpecs) {
    if (spec.name == name || spec.alias == name) return &spec;
  }
  return nullptr;
}

Settings::Settings() {
  for (const SettingSpec& spec : kSpecs) values_[std::string(spec.name)] = spec.initial;
  Cache();
}

const std::string* Settings::Find(std::string_view name) const {
  const SettingSpec* spec = FindSetting(name);
  return spec == nullptr ? nullptr : &values_.find(spec->name)->second;
}

Status Settings::Check(std::string_view name, std::string_view value) {
  auto canonical = Canonical(name, value);
  return canonical ? Status::Ok() : canonical.error();
}

Status Settings::Set(std::string_view name, std::string_view value) {
  auto canonical = Canonical(name, value);
  if (!canonical) return canonical.error();
  values_[std::string(FindSetting(name)->name)] = *std::move(canonical);
  Cache();
  return Status::Ok();
}

namespace {

Settings::EvictionPolicy PolicyOf(std::string_view word) {
  using Order = Settings::EvictionPolicy::Order;
  if (word == "noeviction") return {};
  const std::string_view order = word.substr(word.find('-') + 1);
  return {.evicts = true,
          .all_keys = word.starts_with("allkeys"),
          .order = order == "lru"      ? Order::kRecency
                   : order == "lfu"    ? Order::kFrequency
                   : order == "random" ? Order::kRandom
                                       : Order::kDeadline};
}

}  // namespace

void Settings::Cache() {
  strong_writes_ = values_["write-consistency"] == "strong";
  new_users_all_channels_ = values_["acl-pubsub-default"] == "allchannels";
  const auto number = [this](const char* name) {
    const std::string& text = values_[name];
    int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  };
  const auto size = [&number](const char* name) { return static_cast<uint64_t>(number(name)); };
  max_memory_ = size("maxmemory");
  eviction_policy_ = PolicyOf(values_["maxmemory-policy"]);
  eviction_samples_ = size("maxmemory-samples");
  use_rule_ = {.frequency = eviction_policy_.order == EvictionPolicy::Order::kFrequency,
               .log_factor = static_cast<uint32_t>(number("lfu-log-factor")),
               .decay_minutes = static_cast<uint32_t>(number("lfu-decay-time"))};
  notify_events_ = ParseEventFlags(values_["notify-keyspace-events"]).value_or(0);
  proto_max_bulk_len_ = size("proto-max-bulk-len");
  script_budget_ = size("script-budget");
  script_memory_ = size("script-memory");
  watch_history_bytes_ = size("watch-history-bytes");
  request_retention_ms_ = size("request-retention") * 1000;
  encoding_limits_ = {
      .hash_max_listpack_entries = size("hash-max-listpack-entries"),
      .hash_max_listpack_value = size("hash-max-listpack-value"),
      .set_max_intset_entries = size("set-max-intset-entries"),
      .set_max_listpack_entries = size("set-max-listpack-entries"),
      .set_max_listpack_value = size("set-max-listpack-value"),
      .zset_max_listpack_entries = size("zset-max-listpack-entries"),
      .zset_max_listpack_value = size("zset-max-listpack-value"),
      .list_max_listpack_size = number("list-max-listpack-size"),
      .hll_sparse_max_bytes = size("hll-sparse-max-bytes"),
      .stream_node_max_bytes = size("stream-node-max-bytes"),
      .stream_node_max_entries = size("stream-node-max-entries"),
  };
}

void Settings::Save(Encoder& out) const {
  out.Varint(values_.size());
  for (const auto& [name, value] : values_) {
    out.Bytes(name);
    out.Bytes(value);
  }
}

// A setting that this program does not know (a newer one wrote it) is kept as it is.
bool Settings::Load(Decoder& in) {
  for (uint64_t n = in.Varint(); n > 0 && in.ok(); --n) {
    std::string name(in.Bytes());
    values_[std::move(name)] = std::string(in.Bytes());
  }
  Cache();
  return in.ok();
}

}  // namespace mydis
