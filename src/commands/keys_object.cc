// OBJECT: how a value is kept. The names are Redis's, which clients and its test suite know.
#include <algorithm>

#include "base/read_trace.h"
#include "commands/keys.h"
#include "commands/subcommands.h"
#include "state/container_ops.h"

namespace mydis {
namespace {

// Redis keeps strings up to this length together with their header.
constexpr size_t kEmbeddedMax = 44;
// Redis shares the objects of the integers below this one, and says so with the largest count.
constexpr int64_t kSharedIntegers = 10000;
constexpr int64_t kSharedRefcount = 2147483647;

constexpr std::string_view kErrNoFrequency =
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that "
    "when switching between policies at runtime LRU and LFU data will take some time to adjust.";

constexpr std::string_view kErrNoIdleTime =
    "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when "
    "switching between policies at runtime LRU and LFU data will take some time to adjust.";

// nullptr if there is no such key: then the reply has been sent.
const Entry* FindOrNull(ReadContext& context) {
  const QuietLookups quiet;
  const UntouchedLookups untouched;
  const Entry* entry = context.keyspace.Find(context.db, context.args[2]);
  if (entry == nullptr) context.reply.Null();
  return entry;
}

}  // namespace

std::string_view EncodingNameOf(const Entry& entry) {
  if (!entry.is_string()) return OpsOf(entry.type()).encoding_name(entry.container_word());
  if (entry.is_integer()) return "int";
  if (entry.raw() || entry.string_size() > kEmbeddedMax) return "raw";
  return "embstr";
}

void ObjectEncodingCommand(ReadContext& context) {
  const Entry* entry = FindOrNull(context);
  if (entry != nullptr) context.reply.Bulk(EncodingNameOf(*entry));
}

void ObjectRefcountCommand(ReadContext& context) {
  const Entry* entry = FindOrNull(context);
  if (entry == nullptr) return;
  const bool shared =
      entry->is_integer() && entry->integer() >= 0 && entry->integer() < kSharedIntegers;
  context.reply.Integer(shared ? kSharedRefcount : 1);
}

void ObjectIdletimeCommand(ReadContext& context) {
  const Entry* entry = FindOrNull(context);
  if (entry == nullptr) return;
  if (context.state.settings.use_rule().frequency) return context.reply.Error(kErrNoIdleTime);
  // Zero for a key that nobody has used since it came here; uses are each instance's own.
  const uint32_t word = context.reply_is_kept ? 0 : entry->use_word();
  const uint64_t idle_ms = word == 0 ? 0 : IdleMs(word, context.now_ms);
  context.reply.Integer(static_cast<int64_t>(idle_ms / 1000));
}

void ObjectFreqCommand(ReadContext& context) {
  const Entry* entry = FindOrNull(context);
  if (entry == nullptr) return;
  const UseRule& rule = context.state.settings.use_rule();
  if (!rule.frequency) return context.reply.Error(kErrNoFrequency);
  const uint32_t word = context.reply_is_kept ? 0 : entry->use_word();
  context.reply.Integer(FrequencyOf(word, rule, context.now_ms));
}

void ObjectHelpCommand(ReadContext& context) {
  static constexpr std::string_view kLines[] = {
      "ENCODING <key>",
      "    How the value of <key> is kept.",
      "FREQ <key>",
      "    How often <key> is used, on a logarithmic scale, under an LFU maxmemory policy.",
      "IDLETIME <key>",
      "    Seconds since the last use of <key> on this instance.",
      "REFCOUNT <key>",
      "    How many references to the value of <key> there are.",
  };
  ReplyHelp("OBJECT", kLines, context.reply);
}

}  // namespace mydis
