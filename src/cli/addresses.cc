#include "cli/addresses.h"

#include <fmt/core.h>

#include <cstdlib>

namespace mydis {

std::vector<std::string> ReadLogin(const CommandLine& line) {
  if (line.Has("token")) return {"AUTH", line.Get("token")};
  const char* token = std::getenv("MYDIS_TOKEN");
  if (token != nullptr && *token != '\0' && !line.Has("pass")) return {"AUTH", token};
  const char* variable = std::getenv("REDISCLI_AUTH");
  if (!line.Has("pass") && variable == nullptr) return {};
  std::vector<std::string> command = {"AUTH"};
  if (line.Has("user")) command.push_back(line.Get("user"));
  command.push_back(line.Has("pass") ? line.Get("pass") : std::string(variable));
  return command;
}

Result<std::vector<HostPort>> ReadAddresses(const CommandLine& line) {
  constexpr uint16_t kDefaultPort = 2381;
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
