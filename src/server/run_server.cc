#include "server/run_server.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <thread>

#include "base/log.h"
#include "base/version.h"
#include "script/written_pages.h"
#include "server/node.h"
#include "server/service_manager.h"

namespace mydis {
namespace {

int g_signal_pipe[2] = {-1, -1};

// What a byte in the pipe asks for.
constexpr char kStop = 's';
constexpr char kReload = 'r';
constexpr char kQuit = 'q';  // The waiter ends.

extern "C" void OnSignal(int number) {
  const char byte = number == SIGHUP ? kReload : kStop;
  [[maybe_unused]] const ssize_t written = write(g_signal_pipe[1], &byte, 1);
}

// Handlers rather than a mask: the Go runtime's threads exist already and would take the signals.
bool InstallSignals() {
  if (pipe(g_signal_pipe) != 0) return false;
  struct sigaction action {};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  return sigaction(SIGTERM, &action, nullptr) == 0 && sigaction(SIGINT, &action, nullptr) == 0 &&
         sigaction(SIGHUP, &action, nullptr) == 0 && sigaction(SIGPIPE, &ignore, nullptr) == 0;
}

void RaiseFileLimit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::string PortName(int port) {
  return port == ServerOptions::kPortOff ? "off" : std::to_string(port);
}

// What a service manager is told, as `systemctl status` shows it.
std::string_view ServiceState(Readiness readiness) {
  switch (readiness) {
    case Readiness::kStarting:
      return "STATUS=waiting for its cluster";
    case Readiness::kReady:
      return "READY=1\nSTATUS=serving";
    case Readiness::kRestoring:
      return "STATUS=fetching the state of its cluster";
    case Readiness::kRemoved:
      break;
  }
  return "STATUS=no member of its cluster any more";
}

std::string RpcPortName(int raft_port) {
  return PortName(raft_port == ServerOptions::kPortOff ? raft_port : raft_port + 1);
}

int Failed(const Status& status) {
  fmt::print(stderr, "mydis server: {}\n", status.message());
  return 1;
}

}  // namespace

int RunServer(const ServerOptions& options) {
  LogConfigure(options.log_level, options.log_format);
  RaiseFileLimit();
  AnswerWriteFaults();
  if (!InstallSignals()) return Failed(Status(ErrorCode::kIo, "cannot install signal handlers"));
  const ServiceManager manager = ServiceManager::OfEnvironment();
  manager.Tell(ServiceState(Readiness::kStarting));
  Node node(options);
  node.WatchReadiness([&manager](Readiness now) { manager.Tell(ServiceState(now)); });
  if (Status status = node.Start(); !status.ok()) return Failed(status);
  LogInfo("mydis {} is listening on {}: http {}, redis {}, raft {}, rpc {}; data in {}", Version(),
          options.bind_address, PortName(node.port(Door::kHttp)), PortName(node.port(Door::kRedis)),
          PortName(node.raft_port()), RpcPortName(node.raft_port()), options.data_dir);
  std::thread waiter([&node] {
    char byte = 0;
    while (read(g_signal_pipe[0], &byte, 1) == 1 && byte != kQuit)
      byte == kReload ? node.ReloadFiles() : node.RequestStop();
  });
  const Status fatal = node.WaitForStop();
  LogInfo("stopping");
  manager.Tell("STOPPING=1\nSTATUS=stopping");
  node.Stop();
  const char quit = kQuit;
  [[maybe_unused]] const ssize_t written = write(g_signal_pipe[1], &quit, 1);
  waiter.join();
  return fatal.ok() ? 0 : Failed(fatal);
}

}  // namespace mydis
