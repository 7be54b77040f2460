// A client of running instances.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "mydis/export.h"
#include "mydis/options.h"
#include "mydis/session.h"
#include "mydis/status.h"

namespace mydis {

// Any of the others turns it on, too.
struct TlsOptions {
  bool on = false;
  std::string ca_file = {};  // Whose certificates the servers have; empty: the system's.
  // What this client shows, in PEM; empty: nothing.
  std::string cert_file = {};
  std::string key_file = {};
  std::string server_name = {};  // In the servers' certificates; empty: the host of the address.
};

// Where callbacks are called and coroutines resumed: it runs the function, soon, once.
using Executor = std::function<void(std::move_only_function<void()>)>;

// A plain value.
struct ClientOptions {
  // Redis ports of instances, or of a load balancer; a name stands for all its addresses. Sessions
  // are spread over them, and move on when one does not answer.
  std::vector<std::string> addresses = {"127.0.0.1:2381"};
  // Who this client is: a token, or a user with a password; empty: nobody in particular.
  std::string token = {};
  std::string user = {};
  std::string password = {};
  TlsOptions tls = {};
  std::chrono::milliseconds connect_timeout{5'000};  // For each address.
  size_t idle_connections = 8;                       // That are kept open for sessions to come.
  // Empty: the client's own thread, which must not be kept waiting.
  Executor executor = {};
};

// Any thread. Sessions may outlive it: their calls fail then.
class MYDIS_API Client {
 public:
  // Connects to one of the addresses, to find out that everything is right.
  static Result<std::unique_ptr<Client>> Connect(ClientOptions options);
  // Ends what is under way: those calls give kUnavailable, or kUnknown if they may have happened,
  // and have called back when it is gone. Within a callback it only begins to end.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  Session NewSession(SessionOptions options = {});

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mydis
