// What handlers of every family need around a key's value: type checks, a string's bytes, limits
// and the reading of expiry options.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "commands/arg_parser.h"
#include "commands/errors.h"
#include "state/context.h"

namespace mydis {

// "ERR wrong number of arguments for 'lpop' command".
void SendWrongArity(Reply& reply, std::string_view command);

// True if there is no entry or it has the type; otherwise WRONGTYPE has been sent.
inline bool CheckType(const Entry* entry, ValueType type, Reply& reply) {
  if (entry == nullptr || entry->type() == type) [[likely]]
    return true;
  reply.Error(kErrWrongType);
  return false;
}
inline bool CheckString(const Entry* entry, Reply& reply) {
  return CheckType(entry, ValueType::kString, reply);
}

// For commands that write but read this key: Redis tells that it was not found. (What commands that
// only read do not find, the server tells.)
inline void NotifyMiss(WriteContext& context, const Entry* entry, std::string_view key) {
  if (entry == nullptr) context.keyspace.Notify(EventClass::kKeyMiss, "keymiss", context.db, key);
}

// The bytes of a string, empty for a missing key. `scratch` must outlive the result.
// REQUIRES: entry is nullptr or a string.
inline std::string_view StringOf(const Entry* entry, Entry::Scratch& scratch) {
  return entry == nullptr ? std::string_view{} : entry->string(scratch);
}

// Sends a string's bytes. REQUIRES: entry.is_string().
inline void SendString(Reply& reply, const Entry& entry) {
  Entry::Scratch scratch;
  reply.Bulk(entry.string(scratch));
}

// True if a string may have `size` + `more` bytes; otherwise the error has been sent.
bool CheckStringLength(const State& state, uint64_t size, uint64_t more, Reply& reply);

// The kinds of expiry that options of SET and GETEX (and others) name.
enum class Expiry : uint8_t { kNone, kKeep, kPersist, kEx, kPx, kExAt, kPxAt };

// The deadline in Unix ms that `amount` stands for; relative ones count from `now_ms`. nullopt if
// it is no positive integer or leaves the range; then the error, which names `command`, has been
// sent. REQUIRES: expiry is one of kEx, kPx, kExAt, kPxAt.
std::optional<int64_t> ReadDeadline(std::string_view amount, Expiry expiry, uint64_t now_ms,
                                    std::string_view command, Reply& reply);

// "ERR invalid expire time in 'set' command".
void SendInvalidExpire(Reply& reply, std::string_view command);

// The decimal form that INCRBYFLOAT and HINCRBYFLOAT store: 17 digits after the point without
// trailing zeros, never an exponent. REQUIRES: value is finite.
std::string FormatLongDouble(long double value);

}  // namespace mydis
