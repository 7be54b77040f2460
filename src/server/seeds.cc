#include "server/seeds.h"

#include <netdb.h>

#include "net/resolver.h"

namespace mydis {

std::vector<std::pair<std::string, uint16_t>> ResolveSeed(const HostPort& seed) {
  std::vector<std::pair<std::string, uint16_t>> out;
  auto addresses = ResolveNow(seed.host, seed.port, false);
  if (addresses && addresses->size() > 1) {
    for (const SocketAddress& address : *addresses) {
      char host[NI_MAXHOST];
      if (getnameinfo(address.get(), address.size, host, sizeof host, nullptr, 0, NI_NUMERICHOST) ==
          0)
        out.emplace_back(host, seed.port);
    }
  }
  if (out.empty()) out.emplace_back(seed.host, seed.port);
  return out;
}

}  // namespace mydis
