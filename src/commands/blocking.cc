#include "commands/blocking.h"

#include <cmath>

#include "commands/arg_parser.h"

namespace mydis {
namespace {

// A time-out is kept as a point in time, as in Redis, which must be one.
std::optional<int64_t> Checked(int64_t timeout_ms, uint64_t now_ms, std::string_view* error) {
  if (timeout_ms < 0) {
    *error = "ERR timeout is negative";
  } else if (timeout_ms > INT64_MAX - static_cast<int64_t>(now_ms)) {
    *error = "ERR timeout is out of range";
  } else {
    return timeout_ms;
  }
  return std::nullopt;
}

}  // namespace

std::optional<int64_t> ParseTimeoutSeconds(std::string_view word, uint64_t now_ms,
                                           std::string_view* error) {
  const auto seconds = ParseLongDouble(word);
  if (!seconds) {
    *error = "ERR timeout is not a float or out of range";
    return std::nullopt;
  }
  const long double ms = *seconds * 1000;
  if (ms > static_cast<long double>(INT64_MAX)) {
    *error = "ERR timeout is out of range";
    return std::nullopt;
  }
  // What is below every integer is negative all the more.
  if (ms < static_cast<long double>(INT64_MIN)) return Checked(-1, now_ms, error);
  return Checked(static_cast<int64_t>(std::ceil(ms)), now_ms, error);
}

std::optional<int64_t> ParseTimeoutMs(std::string_view word, uint64_t now_ms,
                                      std::string_view* error) {
  const auto ms = ParseInteger(word);
  if (ms) return Checked(*ms, now_ms, error);
  *error = "ERR timeout is not an integer or out of range";
  return std::nullopt;
}

bool PlanToPop(const ReadContext& context, std::span<const std::string_view> keys,
               std::string_view timeout_seconds, ValueType type, const WaitRule& rule,
               WaitPlan* plan) {
  std::string_view error;
  const auto timeout = ParseTimeoutSeconds(timeout_seconds, context.now_ms, &error);
  if (!timeout) return false;
  plan->asks = true;
  plan->timeout_ms = *timeout;
  for (size_t i = 1; i < context.args.size(); ++i) {
    if (context.args[i].data() == timeout_seconds.data()) plan->timeout_word = i;
  }
  plan->rule = &rule;
  plan->keys.assign(keys.begin(), keys.end());
  for (const std::string_view key : keys) {
    const Entry* entry = context.keyspace.Find(context.db, key);
    if (entry == nullptr) continue;
    if (entry->type() != type) return false;
    plan->ready = true;
    break;
  }
  return true;
}

}  // namespace mydis
