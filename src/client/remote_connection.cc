#include "client/remote_connection.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "base/clock.h"
#include "client/strange_reply.h"
#include "protocol/resp_writer.h"

namespace mydis {
namespace {

constexpr size_t kReadSize = 64 * 1024;
constexpr size_t kFirstBytes = 16;  // Enough to tell what the other side speaks.

constexpr uint64_t kAtOnce = 1;  // A deadline that has passed.

uint64_t NowUs() { return SystemClock().MonotonicUs(); }

std::string EncodeCommand(std::span<const std::string> arguments) {
  std::string out;
  RespWriter writer(out, 2);
  writer.ArrayHeader(arguments.size());
  for (const std::string& argument : arguments) writer.Bulk(argument);
  return out;
}

// Milliseconds for poll(): rounded up, so that it does not spin before the deadline.
int PollTimeout(uint64_t deadline_us) {
  if (deadline_us == 0) return -1;
  const uint64_t now = NowUs();
  if (deadline_us <= now) return 0;
  return static_cast<int>(std::min<uint64_t>((deadline_us - now + 999) / 1000, INT32_MAX));
}

Status Interrupted() { return {ErrorCode::kBusy, "interrupted"}; }

}  // namespace

RemoteConnection::RemoteConnection(Options options) : options_(std::move(options)) {
  MYDIS_ASSERT(!options_.addresses.empty(), "a connection needs an address");
}

RemoteConnection::~RemoteConnection() { Close(); }

void RemoteConnection::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
  filter_.reset();
  reader_ = RespReader();
  output_.clear();
  written_ = 0;
  sent_any_ = false;
  answered_ = false;
  first_bytes_.clear();
}

Status RemoteConnection::Connect() {
  Close();
  stood_still_ = false;
  std::string reasons;
  ErrorCode code = ErrorCode::kNoAuth;
  for (size_t i = 0; i < options_.addresses.size(); ++i) {
    const Status status = ConnectTo(address());
    if (status.ok() || status.code() == ErrorCode::kBusy) return status;
    reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : "; ", address().ToString(),
                           status.message());
    if (status.code() != ErrorCode::kNoAuth) code = ErrorCode::kUnavailable;
    current_ = (current_ + 1) % options_.addresses.size();
  }
  return {code, fmt::format("cannot connect to {}", reasons)};
}

Status RemoteConnection::ConnectTo(const HostPort& address) {
  const Result<std::vector<SocketAddress>> found =
      ResolveNow(address.host, address.port, /*passive=*/false);
  if (!found) return found.error();
  Status status(ErrorCode::kUnavailable, "the name has no address");
  for (const SocketAddress& one : *found) {
    status = ConnectTo(one, address.host);
    if (status.ok() && options_.addresses.size() + found->size() > 2) status = Probe();
    if (status.ok() || status.code() == ErrorCode::kBusy) return status;
    Close();
  }
  return status;
}

Status RemoteConnection::ConnectTo(const SocketAddress& address, const std::string& host) {
  if (Status s = OpenSocket(address); !s.ok() || !options_.tls) return s;
  const bool named = !options_.tls_server_name.empty();
  return ShakeHands(named ? options_.tls_server_name : host, ConnectDeadline());
}

Status RemoteConnection::OpenSocket(const SocketAddress& address) {
  const auto failed = [](int error) {
    return Status(ErrorCode::kUnavailable, std::strerror(error));
  };
  fd_ = socket(address.get()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return failed(errno);
  if (connect(fd_, address.get(), address.size) != 0 && errno != EINPROGRESS) return failed(errno);
  const uint64_t deadline = ConnectDeadline();
  short ready = 0;
  if (Status s = Wait(POLLOUT, deadline, &ready); !s.ok())
    return s.code() == ErrorCode::kTimeout ? failed(ETIMEDOUT) : s;
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return failed(error);
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return Status::Ok();
}

Status RemoteConnection::Probe() {
  const uint64_t deadline = ConnectDeadline();
  Status status = Queue(EncodeCommand(std::vector<std::string>{"PING"}));
  if (status.ok()) status = Flush(deadline);
  if (!status.ok()) return status;
  const Result<RespValue> reply = NextReply(deadline);
  if (!reply) return reply.error();
  sent_any_ = false;
  // Who cannot log in yet may stay; these are sent off.
  for (const std::string_view refusal : {"DENIED", "ERR max number of clients"})
    if (reply->is_error() && reply->text.starts_with(refusal))
      return {ErrorCode::kUnavailable, reply->text};
  return Status::Ok();
}

uint64_t RemoteConnection::ConnectDeadline() const {
  return NowUs() + static_cast<uint64_t>(options_.connect_timeout_ms) * 1000;
}

Status RemoteConnection::ShakeHands(const std::string& host, uint64_t deadline_us) {
  filter_ = options_.tls->MakeFilter(true, host);
  Status status = filter_->Start(output_);
  while (status.ok() && !filter_->Ready()) {
    bool closed = false;
    short ready = 0;
    status = Flush(deadline_us);
    if (status.ok()) status = Wait(POLLIN, deadline_us, &ready);
    if (status.ok()) status = ReadSome(&closed);
    if (status.ok() && closed)
      status = Status(ErrorCode::kIo, "it ended the TLS handshake: does it speak TLS?");
  }
  if (status.ok() || status.code() == ErrorCode::kBusy) return status;
  return {ErrorCode::kNoAuth, status.message()};
}

// Puts bytes on their way, which Flush sends.
Status RemoteConnection::Queue(std::string_view bytes) {
  if (filter_) return filter_->Send(bytes, output_);
  output_ += bytes;
  return Status::Ok();
}

Status RemoteConnection::Wait(short events, uint64_t deadline_us, short* ready) {
  while (options_.silence_ms > 0 && answered_) {
    const uint64_t look_us = NowUs() + static_cast<uint64_t>(options_.silence_ms) * 1000;
    if (deadline_us != 0 && deadline_us <= look_us) break;
    const Status status = WaitOnce(events, look_us, ready);
    if (status.code() != ErrorCode::kTimeout) return status;
    if (Status s = AskWhetherItLives(); !s.ok()) {
      if (s.code() == ErrorCode::kBusy) return s;
      if (WaitOnce(events, kAtOnce, ready).ok()) return Status::Ok();
      stood_still_ = true;
      return s;
    }
  }
  return WaitOnce(events, deadline_us, ready);
}

Status RemoteConnection::WaitOnce(short events, uint64_t deadline_us, short* ready) {
  while (true) {
    pollfd fds[2] = {{fd_, events, 0}, {options_.interrupt_fd, POLLIN, 0}};
    const int count = poll(fds, options_.interrupt_fd >= 0 ? 2 : 1, PollTimeout(deadline_us));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return {ErrorCode::kIo, std::strerror(errno)};
    if (count == 0) return {ErrorCode::kTimeout, "no answer in time"};
    if (fds[1].revents != 0) return Interrupted();
    *ready = fds[0].revents;
    return Status::Ok();
  }
}

// A program that is stopped keeps its connections, and the system accepts new ones for it. What it
// answers does not matter.
Status RemoteConnection::AskWhetherItLives() const {
  SocketAddress peer;
  peer.size = sizeof peer.storage;
  if (getpeername(fd_, reinterpret_cast<sockaddr*>(&peer.storage), &peer.size) != 0)
    return {ErrorCode::kIo, std::strerror(errno)};
  Options options = options_;
  options.addresses = {address()};
  options.reply_timeout_ms = options_.connect_timeout_ms;
  options.silence_ms = 0;
  RemoteConnection other(std::move(options));
  Status status = other.ConnectTo(peer, address().host);
  if (status.ok()) {
    const Result<RespValue> reply = other.Command(std::vector<std::string>{"PING"});
    if (reply) return Status::Ok();
    status = Status(reply.error().code(), "no answer in time");
  }
  if (status.code() == ErrorCode::kBusy) return status;
  return {ErrorCode::kIo, fmt::format("it stands still: nothing came for {} s, and of another "
                                      "connection: {}",
                                      options_.silence_ms / 1000, status.message())};
}

Status RemoteConnection::ReadSome(bool* closed) {
  char buffer[kReadSize];
  const ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
  const std::string_view bytes(buffer, static_cast<size_t>(std::max<ssize_t>(n, 0)));
  if (n > 0 && filter_) {
    std::string plain;
    Status status = filter_->Receive(bytes, plain, output_);
    Feed(plain);
    return status;
  }
  if (n > 0) {
    Feed(bytes);
  } else if (n == 0) {
    *closed = true;
  } else if (errno != EAGAIN && errno != EINTR) {
    return {ErrorCode::kIo, std::strerror(errno)};
  }
  return Status::Ok();
}

void RemoteConnection::Feed(std::string_view plain) {
  if (!answered_ && first_bytes_.size() < kFirstBytes) first_bytes_ += plain.substr(0, kFirstBytes);
  reader_.Feed(plain);
}

bool RemoteConnection::Alive() {
  if (fd_ < 0) return false;
  char byte;
  const ssize_t n = recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

// Reads while it writes: two sides that only write block each other.
Status RemoteConnection::Flush(uint64_t deadline_us) {
  while (written_ < output_.size()) {
    short ready = 0;
    if (Status s = Wait(POLLIN | POLLOUT, deadline_us, &ready); !s.ok()) return s;
    if (ready & POLLIN) {
      bool closed = false;
      if (Status s = ReadSome(&closed); !s.ok()) return s;
      if (closed) return {ErrorCode::kIo, "it ended"};
    }
    if (!(ready & ~POLLIN)) continue;
    const ssize_t n = send(fd_, output_.data() + written_, output_.size() - written_, MSG_NOSIGNAL);
    if (n > 0) {
      written_ += static_cast<size_t>(n);
      sent_any_ = true;
    } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
      return {ErrorCode::kIo, std::strerror(errno)};
    }
  }
  output_.clear();
  written_ = 0;
  return Status::Ok();
}

Result<RespValue> RemoteConnection::NextValue(uint64_t deadline_us) {
  bool closed = false;
  while (true) {
    RespValue value;
    switch (reader_.Next(&value)) {
      case RespReader::Outcome::kValue:
        answered_ = true;
        return value;
      case RespReader::Outcome::kBroken:
        if (!answered_) return Fail(ErrorCode::kCorrupt, StrangeReply(first_bytes_));
        return Fail(ErrorCode::kCorrupt, fmt::format("what came is no reply: {}", reader_.error()));
      case RespReader::Outcome::kLong:  // Not asked for.
      case RespReader::Outcome::kNeedMore:
        break;
    }
    if (closed) return Fail(ErrorCode::kIo, answered_ ? "it ended" : StrangeReply(first_bytes_));
    short ready = 0;
    if (Status s = Wait(POLLIN, deadline_us, &ready); !s.ok()) return Fail(s);
    if (Status s = ReadSome(&closed); !s.ok()) return Fail(s);
    // What was read may have to be answered by the filter.
    if (Status s = Flush(deadline_us); !s.ok()) return Fail(s);
  }
}

Result<RespValue> RemoteConnection::NextReply(uint64_t deadline_us) {
  Result<RespValue> value = NextValue(deadline_us);
  while (value && value->type == RespValue::Type::kPush) {
    if (on_push_) on_push_(std::move(*value));
    value = NextValue(deadline_us);
  }
  return value;
}

uint64_t RemoteConnection::ReplyDeadline() const {
  if (options_.reply_timeout_ms < 0) return 0;
  return NowUs() + static_cast<uint64_t>(options_.reply_timeout_ms) * 1000;
}

Status RemoteConnection::Lost(Status why) {
  const bool sent = sent_any_;
  const bool strange = why.code() == ErrorCode::kCorrupt && !answered_;
  const std::string peer = address().ToString();
  Close();
  if (strange) {
    loss_ = fmt::format("{}: {}", peer, why.message());
    return {ErrorCode::kNotCommitted, loss_};
  }
  if (why.code() == ErrorCode::kBusy) return why;
  if (why.code() == ErrorCode::kTimeout) {
    loss_ = fmt::format("{} did not answer in time", peer);
    return {ErrorCode::kTimeout,
            fmt::format("{}; {}", loss_,
                        options_.reads_only ? "nothing has changed"
                                            : "the command may or may not take effect")};
  }
  loss_ = fmt::format("the connection to {} was lost ({})", peer, why.message());
  return {sent ? ErrorCode::kUnknown : ErrorCode::kNotCommitted,
          fmt::format("{}; {}", loss_,
                      options_.reads_only ? "nothing has changed"
                      : sent              ? "the command may or may not have taken effect"
                                          : "the command was not sent")};
}

Status RemoteConnection::SendEncoded(std::string_view commands) {
  MYDIS_ASSERT(connected(), "connect first");
  if (Status s = Queue(commands); !s.ok()) return Lost(std::move(s));
  if (Status s = Flush(ReplyDeadline()); !s.ok()) return Lost(std::move(s));
  return Status::Ok();
}

Status RemoteConnection::Send(std::span<const std::string> arguments) {
  return SendEncoded(EncodeCommand(arguments));
}

Result<RespValue> RemoteConnection::Receive() {
  MYDIS_ASSERT(connected(), "connect first");
  Result<RespValue> value = NextValue(ReplyDeadline());
  if (!value) return Fail(Lost(value.error()));
  sent_any_ = false;
  return value;
}

Result<RespValue> RemoteConnection::ReceiveReply() {
  MYDIS_ASSERT(connected(), "connect first");
  Result<RespValue> reply = NextReply(ReplyDeadline());
  if (!reply) reply = Fail(Lost(reply.error()));
  sent_any_ &= !reply.has_value();
  return reply;
}

Result<RespValue> RemoteConnection::Command(std::span<const std::string> arguments) {
  if (Status s = Send(arguments); !s.ok()) return Fail(std::move(s));
  return ReceiveReply();
}

Status RemoteConnection::SendAll(std::span<const std::vector<std::string>> commands) {
  MYDIS_ASSERT(connected(), "connect first");
  for (const std::vector<std::string>& command : commands)
    if (Status s = Queue(EncodeCommand(command)); !s.ok()) return Lost(std::move(s));
  if (Status s = Flush(ReplyDeadline()); !s.ok()) return Lost(std::move(s));
  return Status::Ok();
}

Result<std::vector<RespValue>> RemoteConnection::Pipeline(
    std::span<const std::vector<std::string>> commands) {
  if (Status s = SendAll(commands); !s.ok()) return Fail(std::move(s));
  std::vector<RespValue> replies;
  while (replies.size() < commands.size()) {
    Result<RespValue> reply = NextReply(ReplyDeadline());
    if (!reply) return Fail(Lost(reply.error()));
    replies.push_back(std::move(*reply));
  }
  sent_any_ = false;
  return replies;
}

}  // namespace mydis
