// A full instance inside this program: alone, or a member of a cluster.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mydis/client.h"
#include "mydis/consistency.h"
#include "mydis/export.h"
#include "mydis/session.h"
#include "mydis/status.h"

namespace mydis {

// A plain value. The names, and what they mean, are those of `mydis server`.
struct InstanceOptions {
  static constexpr int kPortOff = -1;

  // Everything the instance keeps; made if it is not there. One instance at a time uses it.
  std::string data_dir = {};
  std::string bind_address = "127.0.0.1";
  std::string advertise_address = {};  // Empty: the bind address.
  int http_port = kPortOff;
  int redis_port = kPortOff;
  // For the other instances, which use the next port too. kPortOff: the instance is alone for good.
  int raft_port = kPortOff;
  std::vector<std::string> join = {};  // "HOST:RAFTPORT"
  int expect = 0;
  bool bootstrap = false;
  int max_voters = 5;
  std::string name = "mydis";
  std::string instance_id = {};  // Empty: advertise address and Raft port.
  std::string password = {};
  std::string admin_token_file = {};
  std::string audit_log = {};  // Empty: audit.log in data_dir; "off": none.
  bool protected_mode = true;
  std::string http_cors_origin = {};
  std::string cluster_key_file = {};
  std::string tls_cert = {};
  std::string tls_key = {};
  std::string tls_ca = {};
  std::string tls_auth_clients = "yes";  // Or "optional".
  bool tls_user_from_certificate = false;
  // How long a write or a strong read may wait; for each 4 MB of a write a second more.
  std::chrono::milliseconds raft_timeout{10'000};
  Consistency write_consistency = Consistency::kEventual;
  Consistency read_consistency = Consistency::kEventual;
  // False: the disk is flushed once a second, for caches.
  bool durable = true;
  int io_threads = 1;
  // So many threads of the program may read at once without leaving their work to a thread of the
  // instance.
  int reading_threads = 16;
  // Empty: the instance's own thread, which must not be kept waiting.
  Executor executor = {};
};

// Where an instance stands in its cluster.
struct InstanceStatus {
  std::string instance_id;
  // It answers, and a cluster that it forms with others (`expect`) has all its voters.
  bool ready = false;
  std::string why;  // Not ready.
  bool leads = false;
  std::string leader;  // Its instance id; empty if none is known.
  uint64_t revision = 0;
  std::vector<std::string> members;
  std::vector<std::string> voters;  // Those of the members whose majority decides.
};

// Any thread. Several of them may be in one process. Takes no signal, prints nothing
// (SetLogHandler), and leaves neither thread nor descriptor behind.
class MYDIS_API Instance {
 public:
  // Opens everything and begins to serve; an error says which option to change. With an empty data
  // directory, no `join` and no `expect` it is a cluster of its own.
  static Result<std::unique_ptr<Instance>> Start(InstanceOptions options);
  // Stops it.
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  // Waits until it is ready (InstanceStatus): kTimeout says what it waits for; kUnavailable: it
  // has been stopped.
  Status WaitUntilReady(std::chrono::milliseconds limit = std::chrono::seconds(30));
  // Sessions may outlive it: their calls fail then.
  Session NewSession(SessionOptions options = {});
  InstanceStatus status() const;
  // Ports in use, also those that were chosen by the system (option 0).
  int http_port() const;
  int redis_port() const;
  int raft_port() const;

  // Graceful: leadership is handed over, what is under way is answered, the log is closed.
  void Stop();
  // Called once, on a thread of the instance's, if it has to stop (a full or broken disk) or is
  // told to (SHUTDOWN): the program calls Stop, or ends. Ok: it was told to.
  void OnStopped(std::function<void(const Status& why)> handler);

 private:
  class Impl;
  explicit Instance(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Takes the lines that the library would log, of all instances of this process; without one nothing
// is logged. Called by any thread, one at a time; it must not call the library.
MYDIS_API void SetLogHandler(
    std::function<void(std::string_view level, std::string_view line)> handler);

}  // namespace mydis
