#include "net/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace mydis {
namespace {

// At most this many connections are accepted in one turn, so that those that exist get theirs.
constexpr int kAcceptsPerTurn = 256;

std::string ShowAddress(const std::string& host, uint16_t port) {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

using NameCall = int (*)(int, sockaddr*, socklen_t*);

SocketAddress NameOf(int fd, NameCall call) {
  SocketAddress address;
  address.size = sizeof address.storage;
  if (call(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.size) != 0)
    address.storage.ss_family = AF_UNSPEC;
  return address;
}

void SetOption(int fd, int level, int option, int value) {
  // Tuning only: a socket that does not know the option works without it.
  (void)setsockopt(fd, level, option, &value, sizeof value);
}

Status BindError(int error, const std::string& host, uint16_t port) {
  const std::string where = ShowAddress(host, port);
  if (error == EADDRINUSE) {
    return Status(ErrorCode::kIo,
                  fmt::format("port {} is taken: another process listens on {}", port, where));
  }
  if (error == EADDRNOTAVAIL) {
    return Status(
        ErrorCode::kNotFound,
        fmt::format("cannot listen on {}: {} is no address of this machine", where, host));
  }
  if (error == EACCES) {
    return Status(ErrorCode::kIo,
                  fmt::format("cannot listen on {}: ports below 1024 need privileges", where));
  }
  return Status(ErrorCode::kIo, fmt::format("cannot listen on {}: {}", where, strerror(error)));
}

}  // namespace

std::string PeerName(int fd) { return NameOf(fd, getpeername).ToString(); }
std::string LocalName(int fd) { return NameOf(fd, getsockname).ToString(); }

bool IsLocalPeer(int fd) {
  const SocketAddress peer = NameOf(fd, getpeername);
  if (peer.storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&peer.storage);
    return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
  }
  if (peer.storage.ss_family == AF_INET6) {
    const in6_addr& v6 = reinterpret_cast<const sockaddr_in6*>(&peer.storage)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(&v6) ||
           (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == IN_LOOPBACKNET);
  }
  return peer.storage.ss_family == AF_UNIX;
}

uint16_t LocalPort(int fd) {
  const SocketAddress address = NameOf(fd, getsockname);
  if (address.storage.ss_family == AF_INET)
    return ntohs(reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port);
  if (address.storage.ss_family == AF_INET6)
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_port);
  return 0;
}

void TuneSocket(int fd, int keepalive_s) {
  SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (keepalive_s <= 0) return;
  // Two thirds of the time silent, then three probes in the last third.
  SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, std::max(1, keepalive_s * 2 / 3));
  SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, std::max(1, keepalive_s / 9));
  SetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

TcpListener::TcpListener(EventLoop& loop, int fd, OnAccept on_accept)
    : loop_(loop),
      fd_(fd),
      reserve_fd_(open("/dev/null", O_RDONLY | O_CLOEXEC)),
      on_accept_(std::move(on_accept)) {}

Result<std::unique_ptr<TcpListener>> TcpListener::Listen(EventLoop& loop,
                                                         const std::string& address, uint16_t port,
                                                         OnAccept on_accept, int backlog) {
  auto resolved = ResolveNow(address, port, true);
  if (!resolved) return Fail(ErrorCode::kNotFound, resolved.error().message());
  const SocketAddress& bound = resolved->front();
  const int fd = socket(bound.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return Fail(BindError(errno, address, port));
  SetOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  Status status;
  if (bind(fd, bound.get(), bound.size) != 0 || listen(fd, backlog) != 0)
    status = BindError(errno, address, port);
  std::unique_ptr<TcpListener> listener;
  if (status.ok()) {
    listener.reset(new TcpListener(loop, fd, std::move(on_accept)));
    status = loop.Add(fd, EPOLLIN, listener.get());
    if (!status.ok()) {
      close(listener->reserve_fd_);
      listener->fd_ = listener->reserve_fd_ = -1;
    }
  }
  if (!status.ok()) {
    close(fd);
    return Fail(std::move(status));
  }
  return listener;
}

TcpListener::~TcpListener() {
  if (fd_ >= 0) {
    loop_.Remove(fd_, this);
    close(fd_);
  }
  if (reserve_fd_ >= 0) close(reserve_fd_);
}

void TcpListener::OnEvents(uint32_t) {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    const int fd = accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      TuneSocket(fd);
      on_accept_(fd);
    } else if (errno == EMFILE || errno == ENFILE) {
      if (!RefuseOne()) return;
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;
    }
  }
}

// False if nobody is waiting: the kernel looks for a free descriptor first, for a client second.
bool TcpListener::RefuseOne() {
  if (reserve_fd_ >= 0) close(reserve_fd_);
  const int fd = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd >= 0) close(fd);
  reserve_fd_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (fd >= 0 && refused_++ == 0) {
    LogWarning("connections are refused: no file descriptor is left; raise the limit (ulimit -n)");
  }
  return fd >= 0;
}

TcpConnector::TcpConnector(EventLoop& loop, Resolver& resolver, std::string host, uint16_t port,
                           uint32_t timeout_ms, OnDone done)
    : loop_(loop), host_(std::move(host)), port_(port), done_(std::move(done)) {
  timer_ = loop_.AddTimer(timeout_ms, [this] {
    timer_ = 0;
    Finish(Fail(ErrorCode::kTimeout,
                fmt::format("cannot connect to {}: no answer in time", ShowAddress(host_, port_))));
  });
  resolver.Resolve(loop_, host_, port_,
                   [this, alive = std::weak_ptr<bool>(alive_)](auto addresses) {
                     if (!alive.expired()) OnResolved(std::move(addresses));
                   });
}

TcpConnector::~TcpConnector() {
  if (timer_ != 0) loop_.CancelTimer(timer_);
  CloseSocket();
}

void TcpConnector::CloseSocket() {
  if (fd_ < 0) return;
  loop_.Remove(fd_, this);
  close(std::exchange(fd_, -1));
}

void TcpConnector::OnResolved(Result<std::vector<SocketAddress>> addresses) {
  if (!done_) return;  // The time limit came first.
  if (!addresses) return Finish(Fail(addresses.error()));
  addresses_ = std::move(*addresses);
  TryNext();
}

void TcpConnector::TryNext() {
  for (; next_ < addresses_.size(); ++next_) {
    const SocketAddress& address = addresses_[next_];
    const int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      last_error_ = strerror(errno);
      continue;
    }
    if (connect(fd, address.get(), address.size) != 0 && errno != EINPROGRESS) {
      last_error_ = strerror(errno);
      close(fd);
      continue;
    }
    const Status added = loop_.Add(fd, EPOLLOUT, this);
    if (!added.ok()) {
      close(fd);
      return Finish(Fail(added));
    }
    fd_ = fd;
    ++next_;
    return;
  }
  Finish(Fail(ErrorCode::kIo,
              fmt::format("cannot connect to {}: {}", ShowAddress(host_, port_), last_error_)));
}

void TcpConnector::OnEvents(uint32_t) {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) {
    last_error_ = strerror(error);
    CloseSocket();
    TryNext();
    return;
  }
  loop_.Remove(fd_, this);
  TuneSocket(fd_);
  Finish(std::exchange(fd_, -1));
}

void TcpConnector::Finish(Result<int> result) {
  CloseSocket();
  // The callee may destroy this.
  OnDone done = std::exchange(done_, nullptr);
  if (done) done(std::move(result));
}

}  // namespace mydis
