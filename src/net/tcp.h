// TCP sockets: listening, accepting, name resolution, connecting.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "mydis/status.h"
#include "net/event_loop.h"
#include "net/resolver.h"

namespace mydis {

// "127.0.0.1:2381", "[::1]:2381"; empty if `fd` is no connected (or bound) socket. Any thread.
std::string PeerName(int fd);
std::string LocalName(int fd);
// Whether the other side is on this machine: a loopback address, or no network at all.
bool IsLocalPeer(int fd);
// The port that `fd` is bound to, or 0.
uint16_t LocalPort(int fd);

// TCP_NODELAY, and keepalive probes that find a dead peer within about `keepalive_s` seconds (0:
// off).
void TuneSocket(int fd, int keepalive_s = 300);

// Accepts connections on one address. The loop's thread.
class TcpListener final : private FdHandler {
 public:
  // Owns `fd` from then on: non-blocking, close-on-exec, TuneSocket done.
  using OnAccept = std::function<void(int fd)>;

  // Binds and listens at once; port 0 takes a free one. `address` is numeric or a name of this
  // machine. Errors name address and port: "port 2381 is taken: another process listens on
  // 127.0.0.1:2381". kNotFound: `address` is none of this machine.
  static Result<std::unique_ptr<TcpListener>> Listen(EventLoop& loop, const std::string& address,
                                                     uint16_t port, OnAccept on_accept,
                                                     int backlog = 1024);
  ~TcpListener();

  uint16_t port() const { return LocalPort(fd_); }
  // Connections refused because the process had no file descriptor left. They are accepted and
  // closed at once, so that the client sees an end and the loop does not spin.
  uint64_t refused() const { return refused_; }

 private:
  TcpListener(EventLoop& loop, int fd, OnAccept on_accept);
  void OnEvents(uint32_t events) override;
  bool RefuseOne();

  EventLoop& loop_;
  int fd_;
  int reserve_fd_;
  OnAccept on_accept_;
  uint64_t refused_ = 0;
};

// One attempt to connect to host:port: resolves the name anew, then tries its addresses in turn.
// Destroying it cancels the attempt. The loop's thread.
class TcpConnector final : private FdHandler {
 public:
  // A connected socket (non-blocking, TuneSocket done) that the callee owns, or why not, naming
  // host and port. Called once, never from the constructor; may destroy the connector.
  using OnDone = std::move_only_function<void(Result<int> fd)>;

  TcpConnector(EventLoop& loop, Resolver& resolver, std::string host, uint16_t port,
               uint32_t timeout_ms, OnDone done);
  ~TcpConnector();

 private:
  void OnEvents(uint32_t events) override;
  void OnResolved(Result<std::vector<SocketAddress>> addresses);
  void TryNext();
  void CloseSocket();
  void Finish(Result<int> result);

  EventLoop& loop_;
  const std::string host_;
  const uint16_t port_;
  OnDone done_;
  std::vector<SocketAddress> addresses_;
  size_t next_ = 0;
  int fd_ = -1;
  TimerId timer_ = 0;
  std::string last_error_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // For the resolver's late answers.
};

}  // namespace mydis
