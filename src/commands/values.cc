#include "commands/values.h"

#include <charconv>

namespace mydis {

bool CheckStringLength(const State& state, uint64_t size, uint64_t more, Reply& reply) {
  const uint64_t limit = state.settings.proto_max_bulk_len();
  if (size <= limit && more <= limit - size) return true;
  reply.Error(kErrStringTooLong);
  return false;
}

void SendWrongArity(Reply& reply, std::string_view command) {
  std::string text = "ERR wrong number of arguments for '";
  text.append(command).append("' command");
  reply.Error(text);
}

void SendInvalidExpire(Reply& reply, std::string_view command) {
  std::string text = "ERR invalid expire time in '";
  text.append(command).append("' command");
  reply.Error(text);
}

std::optional<int64_t> ReadDeadline(std::string_view amount, Expiry expiry, uint64_t now_ms,
                                    std::string_view command, Reply& reply) {
  const std::optional<int64_t> number = ParseInteger(amount);
  if (!number) {
    reply.Error(kErrNotInteger);
    return std::nullopt;
  }
  const bool seconds = expiry == Expiry::kEx || expiry == Expiry::kExAt;
  const bool relative = expiry == Expiry::kEx || expiry == Expiry::kPx;
  int64_t deadline_ms = 0;
  if (*number <= 0 || __builtin_mul_overflow(*number, seconds ? 1000 : 1, &deadline_ms) ||
      (relative &&
       __builtin_add_overflow(deadline_ms, static_cast<int64_t>(now_ms), &deadline_ms))) {
    SendInvalidExpire(reply, command);
    return std::nullopt;
  }
  return deadline_ms;
}

std::string FormatLongDouble(long double value) {
  // The largest long double has 4933 digits before the point.
  char buffer[5120];
  const auto [end, error] =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, 17);
  std::string_view text(buffer, static_cast<size_t>(end - buffer));
  text.remove_suffix(text.size() - 1 - text.find_last_not_of('0'));
  if (text.ends_with('.')) text.remove_suffix(1);
  return std::string(text == "-0" ? "0" : text);
}

}  // namespace mydis
