#include "cli/addresses.h"

#include <fmt/core.h>

#include <charconv>
#include <cstdlib>

#include "commands/tokens.h"

namespace mydis {
namespace {

Result<HostPort> ReadHostAndPort(const CommandLine& line) {
  const std::string text = line.Get("port", kPortOption.fallback);
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0)
    return Fail(ErrorCode::kInvalid,
                fmt::format("--port: {} is not a port: give 1 to {}", text, UINT16_MAX));
  return HostPort{line.Get("host", kHostOption.fallback), port};
}

}  // namespace

Status CheckLogin(const CommandLine& line) {
  const bool password = line.Has("pass") || line.Has("askpass");
  if (line.Has("pass") && line.Has("askpass"))
    return {ErrorCode::kInvalid, "--pass and --askpass exclude each other: give one of the two"};
  if (line.Has("token") && (password || line.Has("user")))
    return {ErrorCode::kInvalid,
            fmt::format("--token and --{} exclude each other: a token says who it is",
                        line.Has("pass")      ? "pass"
                        : line.Has("askpass") ? "askpass"
                                              : "user")};
  if (line.Has("user") && !password && std::getenv("REDISCLI_AUTH") == nullptr)
    return {ErrorCode::kInvalid, "--user needs a password: give --pass, or set REDISCLI_AUTH"};
  // An instance would take it for the password of the user default. It may be one: it is not shown.
  if (line.Has("token") && !NameInToken(line.Get("token")))
    return {
        ErrorCode::kInvalid,
        "--token: this is no token: those begin with mydis_, as mydis token create prints them; "
        "a password goes into --pass"};
  return Status::Ok();
}

std::vector<std::string> ReadLogin(const CommandLine& line) {
  if (line.Has("token")) return {"AUTH", line.Get("token")};
  const char* token = std::getenv("MYDIS_TOKEN");
  if (token != nullptr && *token != '\0' && !line.Has("pass") && !line.Has("user"))
    return {"AUTH", token};
  const char* variable = std::getenv("REDISCLI_AUTH");
  if (!line.Has("pass") && variable == nullptr) return {};
  std::vector<std::string> command = {"AUTH"};
  if (line.Has("user")) command.push_back(line.Get("user"));
  command.push_back(line.Has("pass") ? line.Get("pass") : std::string(variable));
  return command;
}

Status ReadTls(const CommandLine& line, RemoteConnection::Options* options) {
  const bool wanted = line.Has("tls") || line.Has("tls-ca") || line.Has("tls-cert") ||
                      line.Has("tls-key") || line.Has("tls-server-name");
  return wanted ? MakeTls(line, options) : Status::Ok();
}

Status MakeTls(const CommandLine& line, RemoteConnection::Options* options) {
  if (line.Has("tls-cert") != line.Has("tls-key"))
    return {ErrorCode::kInvalid, "--tls-cert and --tls-key belong together: give both"};
  auto context =
      TlsContext::ForClient({line.Get("tls-ca"), "--tls-ca"}, {line.Get("tls-cert"), "--tls-cert"},
                            {line.Get("tls-key"), "--tls-key"});
  if (!context) return context.error();
  options->tls = *std::move(context);
  options->tls_server_name = line.Get("tls-server-name");
  return Status::Ok();
}

std::string ConnectAdvice(const Status& why) {
  if (why.code() == ErrorCode::kNoAuth)
    return fmt::format("{}; what --tls, --tls-ca and --tls-server-name say must fit what is there",
                       why.message());
  return fmt::format(
      "{}; is Mydis running there? mydis server starts it, --address HOST:PORT names another",
      why.message());
}

Result<std::vector<HostPort>> ReadAddresses(const CommandLine& line) {
  constexpr uint16_t kDefaultPort = 2381;
  if (line.Has("host") || line.Has("port")) {
    if (line.Has("address"))
      return Fail(ErrorCode::kInvalid, "give --address, or --host and --port: one of them");
    Result<HostPort> one = ReadHostAndPort(line);
    if (!one) return Fail(one.error());
    return std::vector<HostPort>{*std::move(one)};
  }
  std::string place = "--address";
  std::string text = line.Joined("address");
  if (text.empty()) {
    place = "MYDIS_ADDRESS";
    const char* variable = std::getenv("MYDIS_ADDRESS");
    text = variable == nullptr || *variable == '\0' ? std::string(kAddressOption.fallback)
                                                    : std::string(variable);
  }
  Result<std::vector<HostPort>> addresses = ParseHostPorts(text, kDefaultPort);
  if (!addresses)
    return Fail(ErrorCode::kInvalid, fmt::format("{}: {}", place, addresses.error().message()));
  return addresses;
}

}  // namespace mydis
