// Where the connections of sessions come from: instances over the network, or the one of this
// process.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mydis/calls/call_base.h"
#include "mydis/options.h"
#include "mydis/status.h"
#include "mydis/value.h"
#include "net/event_loop.h"
#include "net/stream_filter.h"
#include "net/unique_fd.h"

namespace mydis {

// A connection to an instance to which nothing has been said yet.
struct DialedConnection {
  UniqueFd fd;                           // A stream socket, non-blocking.
  std::unique_ptr<StreamFilter> filter;  // TLS; null: none. Start has not been called.
  std::string peer;                      // For people: "127.0.0.1:2381".
};

// Answers reads of one session without a connection. Any thread.
class DirectReader {
 public:
  virtual ~DirectReader() = default;
  // Called only while the session has nothing unanswered under way, for reads and commands of
  // unknown kind. Nothing: the call has to go over the connection, because it is no read, must wait
  // (`min_revision`, which includes that of `options`, is not there yet), or asks for more than
  // eventual consistency. An answer comes with the revision of the state that it was read from.
  virtual std::optional<Result<Value>> TryRead(CallKind kind, const Words& words,
                                               const CallOptions& options, uint64_t min_revision,
                                               uint64_t* revision) = 0;
};

class Dialer {
 public:
  // Called once, on the loop's thread, maybe from within Dial; or destroyed uncalled when the loop
  // has ended.
  using OnDialed = std::move_only_function<void(Result<DialedConnection>)>;

  virtual ~Dialer() = default;
  // One attempt, with a time limit, to connect for a session. `choice` says which of the instances
  // to try, counted round: the next attempt's is one higher, and sessions begin anywhere. The
  // loop's thread.
  virtual void Dial(EventLoop& loop, const SessionOptions& session, uint64_t choice,
                    OnDialed done) = 0;
  // So many attempts fail before there is a pause: the number of instances that are known. Any
  // thread.
  virtual size_t choices() const = 0;
  // The first command on each connection; empty: none. Any thread.
  virtual std::vector<std::string> Login() const { return {}; }
  // The command behind that: HELLO 3, with who the client is if that is not said yet. Any thread.
  virtual std::vector<std::string> Hello() const { return {"HELLO", "3"}; }
  // Null: all reads go over connections. Any thread.
  virtual std::unique_ptr<DirectReader> NewReader(const SessionOptions&) { return nullptr; }
};

}  // namespace mydis
