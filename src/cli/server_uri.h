// "redis://USER:PASSWORD@HOST:PORT/DB", as Redis clients take it. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/host_port.h"
#include "mydis/status.h"

namespace mydis {

struct ServerUri {
  HostPort address;
  bool tls = false;  // "rediss://"
  std::string user;
  std::string password;  // A single name before the "@" is a password, as in redis-cli.
  int database = -1;     // -1: it names none.
};

// Parts other than the host may be left out. "%40" in user and password stands for "@", and so on.
Result<ServerUri> ParseServerUri(std::string_view text);

}  // namespace mydis
