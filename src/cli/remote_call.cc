#include "cli/remote_call.h"

#include <fmt/core.h>

#include "base/duration.h"
#include "cli/addresses.h"
#include "client/remote_connection.h"

namespace mydis {

Result<RespValue> CallInstance(const CommandLine& line, const std::vector<std::string>& command) {
  Result<std::vector<HostPort>> addresses = ReadAddresses(line);
  if (!addresses) return Fail(addresses.error());
  const Result<int64_t> timeout = ParseDuration(line.Get("timeout", "30s"));
  if (!timeout || *timeout == 0)
    return Fail(ErrorCode::kInvalid, timeout
                                         ? "--timeout: give more than 0"
                                         : fmt::format("--timeout: {}", timeout.error().message()));
  RemoteConnection::Options options{.addresses = *std::move(addresses),
                                    .reply_timeout_ms = *timeout};
  if (Status s = ReadTls(line, &options); !s.ok()) return Fail(ErrorCode::kInvalid, s.message());
  RemoteConnection connection(std::move(options));
  if (Status s = connection.Connect(); !s.ok())
    return Fail(
        ErrorCode::kUnavailable,
        fmt::format("{}; is Mydis running there? --address HOST:PORT names another", s.message()));
  std::vector<std::vector<std::string>> commands = {{"HELLO", "3"}, command};
  if (const auto login = ReadLogin(line); !login.empty()) commands.insert(commands.begin(), login);
  Result<std::vector<RespValue>> replies = connection.Pipeline(commands);
  if (!replies) return Fail(ErrorCode::kIo, replies.error().message());
  for (const RespValue& reply : *replies) {
    if (!reply.is_error()) continue;
    const bool plain = reply.text.starts_with("ERR ");
    return Fail(ErrorCode::kUnavailable, reply.text.substr(plain ? 4 : 0));
  }
  return std::move(replies->back());
}

}  // namespace mydis
