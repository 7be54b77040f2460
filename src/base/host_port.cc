#include "base/host_port.h"

#include <fmt/core.h>

#include <charconv>

namespace mydis {

std::string HostPort::ToString() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

Result<HostPort> ParseHostPort(std::string_view text, uint16_t default_port) {
  std::string_view host = text;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    const std::string_view rest = close == std::string_view::npos ? "?" : text.substr(close + 1);
    if (!rest.empty() && rest[0] != ':')
      return Fail(ErrorCode::kInvalid, fmt::format("{} is not [ADDRESS]:PORT", text));
    host = text.substr(1, close - 1);
    has_port = !rest.empty();
    if (has_port) port = rest.substr(1);
  } else if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
    if (text.find(':', colon + 1) != std::string_view::npos)
      return Fail(
          ErrorCode::kInvalid,
          fmt::format("{} has several colons: write an IPv6 address as [ADDRESS]:PORT", text));
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    has_port = true;
  }
  if (host.empty())
    return Fail(ErrorCode::kInvalid, fmt::format("\"{}\" has no host; write HOST:PORT", text));
  if (!has_port) {
    if (default_port == 0)
      return Fail(ErrorCode::kInvalid, fmt::format("{} has no port; write HOST:PORT", text));
    return HostPort{std::string(host), default_port};
  }
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size() || number < 1 || number > 65535)
    return Fail(ErrorCode::kInvalid,
                fmt::format("{} has no port from 1 to 65535 behind its colon", text));
  return HostPort{std::string(host), static_cast<uint16_t>(number)};
}

Result<std::vector<HostPort>> ParseHostPorts(std::string_view text, uint16_t default_port) {
  std::vector<HostPort> list;
  for (size_t start = 0; start <= text.size();) {
    const size_t comma = std::min(text.find(',', start), text.size());
    Result<HostPort> one = ParseHostPort(text.substr(start, comma - start), default_port);
    if (!one) return Fail(one.error());
    list.push_back(std::move(*one));
    start = comma + 1;
  }
  return list;
}

}  // namespace mydis
