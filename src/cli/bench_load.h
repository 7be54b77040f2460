// Puts load on instances: many connections that send one command over and over, on threads of their
// own, and a histogram of how long each answer took.
//
// Without a rate every connection sends its next batch when the last one is answered, so a slow
// server is asked less. With a rate, requests are due at fixed times, whatever the server does; a
// request that is due while all connections wait is sent late, and its latency counts from the time
// it was due. So a pause of the server shows in every request that fell into it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/host_port.h"
#include "cli/bench_workload.h"
#include "cli/latency_histogram.h"
#include "mydis/status.h"
#include "net/tls.h"

namespace mydis {

struct LoadOptions {
  std::vector<HostPort> addresses;        // Connections are spread over them. REQUIRES: not empty.
  std::shared_ptr<const TlsContext> tls;  // Null: connections are plain.
  std::string tls_server_name;            // As RemoteConnection has it.
  // What a connection sends first; any of it answered by an error ends the run.
  std::vector<std::vector<std::string>> greeting;
  uint64_t clients = 50;     // Connections. REQUIRES: > 0, and for those below too.
  uint64_t threads = 1;      // No more than clients.
  uint64_t pipeline = 1;     // Requests on the way at once, a connection.
  uint64_t requests = 0;     // End after as many; 0: no such end.
  uint64_t duration_ms = 0;  // End after this time; 0: no such end. REQUIRES: one of both.
  double rate = 0;           // Requests a second, all connections together; 0: as many as go.
  uint64_t keyspace = 100'000;
};

struct LoadResult {
  LatencyHistogram latency;  // Of every request that was answered, with errors too.
  uint64_t errors = 0;       // Answered by an error.
  uint64_t nulls = 0;        // Answered by null.
  uint64_t lost = 0;         // Not answered: their connection ended, or the time after the end.
  uint64_t late = 0;         // Due before the end and not even sent, for want of a connection.
  uint64_t reconnects = 0;
  double seconds = 0;
  std::string first_error;
  bool interrupted = false;
};

// Called from time to time while the load runs, with the answers so far. The caller's thread.
using LoadProgress = std::function<void(uint64_t answered, uint64_t elapsed_us)>;

// Connects, runs the load and gives what was measured. `interrupt_fd` becomes readable when it
// shall end early; -1: never. An error: some connection could not be made or was refused before
// the load began, or all were lost and could not be made again. Blocks.
Result<LoadResult> RunLoad(const LoadOptions& options, const CommandTemplate& command,
                           int interrupt_fd, const LoadProgress& progress);

}  // namespace mydis
