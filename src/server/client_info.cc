#include "server/client_info.h"

#include <fmt/format.h>

#include "server/node.h"

namespace mydis {
namespace {

std::string FlagsOf(const ClientRecord& client) {
  std::string flags;
  if (client.queued >= 0) flags += 'x';
  if (client.paused || client.blocked) flags += 'b';
  if (client.no_evict) flags += 'e';
  if (client.no_touch) flags += 'T';
  if (client.monitor) flags += 'O';
  if (client.Subscriptions() > 0) flags += 'P';
  if (client.tracking) flags += 't';
  if (client.tracking_broken) flags += 'R';
  if (client.tracking_broadcast) flags += 'B';
  return flags.empty() ? "N" : flags;
}

}  // namespace

std::string ClientInfo(Node& node, ClientRecord& client) {
  const uint64_t now_ms = node.clock().MonotonicUs() / 1000;
  const CommandSpec* last = client.last_command;
  std::string name, user, lib_name, lib_version;
  {
    MutexLock guard(client.mutex);
    name = client.name;
    user = client.user;
    lib_name = client.lib_name;
    lib_version = client.lib_version;
  }
  const auto seconds_since = [now_ms](uint64_t then_ms) {
    return now_ms > then_ms ? (now_ms - then_ms) / 1000 : 0;
  };
  return fmt::format(
      "id={} addr={} laddr={} fd={} name={} age={} idle={} flags={} db={} sub={} psub={} ssub={} "
      "multi={} qbuf={} qbuf-free=0 argv-mem=0 multi-mem=0 rbs=16384 rbp=0 obl=0 oll=0 omem={} "
      "tot-mem={} events=r cmd={} user={} redir={} resp={} lib-name={} lib-ver={} watches={}",
      client.id, client.address, client.local_address, client.fd, name,
      seconds_since(client.connected_ms), seconds_since(client.active_ms), FlagsOf(client),
      client.db.load(), client.subscribed[0].load(), client.subscribed[1].load(),
      client.subscribed[2].load(), client.queued.load(), client.input_bytes.load(),
      client.output_bytes.load(), 1024 + client.input_bytes + client.output_bytes,
      last == nullptr ? "NULL" : node.table().FullName(*last), user,
      client.tracking_redirect.load(), client.resp_version.load(), lib_name, lib_version,
      client.watches.load());
}

}  // namespace mydis
