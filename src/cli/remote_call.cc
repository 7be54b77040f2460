#include "cli/remote_call.h"

#include <fmt/core.h>

#include "base/duration.h"
#include "cli/addresses.h"
#include "client/remote_connection.h"

namespace mydis {

Result<RemoteConnection::Options> ReadConnection(const CommandLine& line,
                                                 std::string_view fallback) {
  Result<std::vector<HostPort>> addresses = ReadAddresses(line);
  if (!addresses) return Fail(addresses.error());
  const Result<int64_t> timeout = ParseDuration(line.Get("timeout", fallback));
  if (!timeout || *timeout == 0)
    return Fail(ErrorCode::kInvalid, timeout
                                         ? "--timeout: give more than 0"
                                         : fmt::format("--timeout: {}", timeout.error().message()));
  RemoteConnection::Options options{.addresses = *std::move(addresses),
                                    .reply_timeout_ms = *timeout};
  if (Status s = ReadTls(line, &options); !s.ok()) return Fail(ErrorCode::kInvalid, s.message());
  return options;
}

std::string ErrorText(const RespValue& reply) {
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

Result<RespValue> CallInstance(const CommandLine& line, const std::vector<std::string>& command) {
  Result<RemoteConnection::Options> options = ReadConnection(line);
  if (!options) return Fail(options.error());
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
