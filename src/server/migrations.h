// The connections of one I/O thread to other servers, to which MIGRATE sends keys.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "mydis/status.h"
#include "net/event_loop.h"
#include "net/resolver.h"
#include "protocol/resp_reader.h"

namespace mydis {

// The loop's thread.
class Migrations {
 public:
  struct Order {
    std::string host;
    uint16_t port = 0;
    uint32_t timeout_ms = 1000;  // For connecting, and for the other side to go on.
    std::string requests;        // As they are sent.
    size_t replies = 0;          // How many requests these are.
  };
  // All the replies; or kUnavailable, nothing was sent; or kUnknown, some may have arrived.
  using OnDone = std::move_only_function<void(Result<std::vector<RespValue>>)>;

  explicit Migrations(EventLoop& loop);
  ~Migrations();
  void Send(Order order, OnDone done);

 private:
  class One;
  EventLoop& loop_;
  Resolver resolver_;
  std::map<uint64_t, std::unique_ptr<One>> under_way_;
  uint64_t next_ = 1;
};

}  // namespace mydis
