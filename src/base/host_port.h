// "HOST:PORT" as people write it. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mydis/status.h"

namespace mydis {

struct HostPort {
  std::string host;  // A name or an address, IPv6 without brackets.
  uint16_t port = 0;

  std::string ToString() const;  // "db1:2382", "[::1]:2382"
  bool operator==(const HostPort&) const = default;
};

// "db1:2382", "[::1]:2382"; a text without a port gets `default_port` (0: then it is an error).
Result<HostPort> ParseHostPort(std::string_view text, uint16_t default_port = 0);

// Several, separated by commas. Empty pieces are errors.
Result<std::vector<HostPort>> ParseHostPorts(std::string_view text, uint16_t default_port = 0);

}  // namespace mydis
