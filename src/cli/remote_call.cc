#include "cli/remote_call.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/duration.h"
#include "cli/addresses.h"
#include "client/remote_connection.h"

namespace mydis {

Result<int64_t> ReadTimeout(std::string_view text) {
  const Result<int64_t> timeout = ParseDuration(text);
  if (timeout && *timeout > 0) return timeout;
  return Fail(ErrorCode::kInvalid, timeout
                                       ? "--timeout: give more than 0"
                                       : fmt::format("--timeout: {}", timeout.error().message()));
}

void LimitWaiting(int64_t timeout_ms, RemoteConnection::Options* options) {
  const auto share_ms = timeout_ms / static_cast<int64_t>(options->addresses.size());
  options->connect_timeout_ms =
      std::clamp<int64_t>(share_ms, 1, RemoteConnection::Options().connect_timeout_ms);
  options->reply_timeout_ms = timeout_ms;
}

Result<RemoteConnection::Options> ReadConnection(const CommandLine& line,
                                                 std::string_view fallback) {
  Result<std::vector<HostPort>> addresses = ReadAddresses(line);
  if (!addresses) return Fail(addresses.error());
  const Result<int64_t> timeout = ReadTimeout(line.Get("timeout", fallback));
  if (!timeout) return Fail(timeout.error());
  RemoteConnection::Options options{.addresses = *std::move(addresses)};
  LimitWaiting(*timeout, &options);
  if (Status s = ReadTls(line, &options); !s.ok()) return Fail(ErrorCode::kInvalid, s.message());
  return options;
}

std::string ErrorText(const RespValue& reply) {
  // HELLO has words of its own for it, about HELLO.
  if (reply.text.starts_with("NOAUTH"))
    return "NOAUTH Authentication required: give --token, or --user and --pass";
  const bool plain = reply.text.starts_with("ERR ");
  return reply.text.substr(plain ? 4 : 0);
}

Status ConnectAndLogIn(RemoteConnection& connection, const std::vector<std::string>& login) {
  if (Status s = connection.Connect(); !s.ok()) return {ErrorCode::kUnavailable, ConnectAdvice(s)};
  if (login.empty()) return Status::Ok();
  const Result<RespValue> reply = connection.Command(login);
  if (!reply) return reply.error();
  if (reply->is_error()) return {ErrorCode::kNoAuth, ErrorText(*reply)};
  return Status::Ok();
}

Result<RespValue> CallInstance(const CommandLine& line, const std::vector<std::string>& command,
                               bool reads_only) {
  Result<RemoteConnection::Options> options = ReadConnection(line);
  if (!options) return Fail(options.error());
  options->reads_only = reads_only;
  RemoteConnection connection(*std::move(options));
  if (Status s = ConnectAndLogIn(connection, ReadLogin(line)); !s.ok())
    return Fail(ErrorCode::kUnavailable, s.message());
  const std::vector<std::vector<std::string>> commands = {{"HELLO", "3"}, command};
  Result<std::vector<RespValue>> replies = connection.Pipeline(commands);
  if (!replies) return Fail(ErrorCode::kIo, replies.error().message());
  for (const RespValue& reply : *replies) {
    if (reply.is_error()) return Fail(ErrorCode::kUnavailable, ErrorText(reply));
  }
  return std::move(replies->back());
}

}  // namespace mydis
