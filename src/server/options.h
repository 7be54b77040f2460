// How one instance is to run: what `mydis server` takes from its command line, environment and
// configuration file, and what an embedded instance is given.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/host_port.h"
#include "base/log.h"
#include "mydis/consistency.h"
#include "mydis/status.h"

namespace mydis {

enum class DurabilityMode : uint8_t {
  kCommit,   // A write is on disk before it is acknowledged.
  kRelaxed,  // The disk is flushed once a second: for caches.
};

// Whether clients have to show a certificate of --tls-ca.
enum class ClientCertificates : uint8_t {
  kYes,
  kOptional,  // One that is shown must be of the CA; without one a client logs in with a password.
};

// A plain value: copy it, change it, hand it over. Field names are the options' names.
struct ServerOptions {
  static constexpr int kPortOff = -1;

  // Everything the instance keeps; made if it is not there. One process at a time uses it.
  std::string data_dir = "data";

  // Where to listen: an address or a host name.
  std::string bind_address = "127.0.0.1";
  // Where other instances reach this one; empty: the bind address. See advertised().
  std::string advertise_address;

  // Of each port: kPortOff, there is none; 0, the system chooses one.
  int http_port = 2380;
  // Whose pages may call the HTTP port from a browser: an origin, "*" for all, empty for none.
  std::string http_cors_origin;
  int redis_port = 2381;
  // RPC listens on the next one. Without them the instance is alone for good.
  int raft_port = 2382;

  // Raft addresses of instances of the cluster to enter (or, with `expect`, to form). A host name
  // stands for all its addresses. May name this instance itself.
  std::vector<HostPort> join;
  // Start a new cluster of this one instance. The same happens with an empty directory and an empty
  // `join`.
  bool bootstrap = false;
  // Form a new cluster once this many of the instances in `join`, this one included, have met; 0:
  // not asked for. No effect once the data directory belongs to a cluster.
  int expect = 0;
  // Voting members; further instances are learners. Odd.
  int max_voters = 5;

  // The cluster's name: instances of another name are refused.
  std::string name = "mydis";
  // What this instance is called in its cluster; empty: see InstanceName().
  std::string instance_id;

  // The password of the user "default" of a cluster that this instance founds, and of this instance
  // until it knows its cluster's users; empty: none is needed.
  std::string password;

  // A file with the token of the first administrator of a cluster that this instance founds; made,
  // with a new token, if it is not there. The user "default" is off then, unless it has a password.
  std::string admin_token_file;
  // Where refusals and administration are noted, a line of JSON each; empty: DATA-DIR/audit.log,
  // "off": nowhere.
  std::string audit_log;
  // The keys that connections between instances are encrypted with (net/cluster_keys.h); empty:
  // they are plain.
  std::string cluster_key_file;

  // Certificate (with its chain) and private key for clients' connections, in PEM; empty: those are
  // plain.
  std::string tls_cert;
  std::string tls_key;
  // The CA of the certificates that clients show; empty: they show none.
  std::string tls_ca;
  ClientCertificates tls_auth_clients = ClientCertificates::kYes;
  // A client whose certificate's common name is that of a user is that user, without a password.
  bool tls_user_from_certificate = false;

  // While the user "default" needs no password, clients of other machines are refused. What CONFIG
  // SET protected-mode changes.
  bool protected_mode = true;

  // How long a write or a strong read may wait before it is answered with an error; a write a
  // second longer for each 4 MB of it and of those before it.
  int64_t raft_timeout_ms = 10'000;
  Consistency write_consistency = Consistency::kEventual;
  Consistency read_consistency = Consistency::kEventual;
  DurabilityMode durability = DurabilityMode::kCommit;

  int io_threads = 0;  // 0: by the number of cores.
  // How many threads of the program around this instance may read the state at once by themselves.
  int visitors = 0;

  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kText;

  const std::string& advertised() const {
    return advertise_address.empty() ? bind_address : advertise_address;
  }
  // `instance_id`, or "ADVERTISED:RAFTPORT" with the port in use, 0 for none.
  std::string InstanceName(uint16_t raft_port_in_use) const;

  // Whether the fields go together. The message names the option and says what to do:
  // "--redis-port: 70000 is not a port (1 to 65535, 0 for any,
  // or -1 to turn it off)". Looks at nothing but
  // the fields: neither files nor the network.
  Status Validate() const;
};

}  // namespace mydis
