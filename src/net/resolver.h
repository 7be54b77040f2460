// Host names to addresses, off the loop's thread, since getaddrinfo blocks.
#pragma once

#include <sys/socket.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "mydis/status.h"
#include "net/event_loop.h"

namespace mydis {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  std::string ToString() const;  // "127.0.0.1:2381", "[::1]:2381"
};

// Resolves here and now. `passive`: for binding. Blocks unless `host` is numeric. Any thread.
Result<std::vector<SocketAddress>> ResolveNow(const std::string& host, uint16_t port, bool passive);

// A thread that resolves names for any number of loops. Any thread.
class Resolver {
 public:
  using OnResolved = std::move_only_function<void(Result<std::vector<SocketAddress>>)>;

  Resolver();
  ~Resolver();  // Waits for the lookup under way. REQUIRES: loops named in Resolve still live.

  // `done` is called on `loop`'s thread, never from within Resolve.
  void Resolve(EventLoop& loop, std::string host, uint16_t port, OnResolved done);

 private:
  struct Request {
    EventLoop* loop;
    std::string host;
    uint16_t port;
    OnResolved done;
  };
  void Run();

  Mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<Request> requests_ MYDIS_GUARDED_BY(mutex_);
  bool stop_ MYDIS_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace mydis
