#include "client/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <cstring>
#include <memory>
#include <utility>

namespace mydis {
namespace {

constexpr int kMaxPieces = 64;
constexpr size_t kReadSize = 64 * 1024;
constexpr int kPatienceUs = 100'000;

Status SocketError(int error) {
  if (error == ECONNRESET || error == EPIPE)
    return {ErrorCode::kIo, "the other side has ended the connection"};
  return {ErrorCode::kIo, strerror(error)};
}

}  // namespace

Wire::Wire(DialedConnection dialed)
    : connection_(std::move(dialed)), buffer_(std::make_unique_for_overwrite<char[]>(kReadSize)) {
  (void)fcntl(fd(), F_SETFL, fcntl(fd(), F_GETFL) & ~O_NONBLOCK);
  const timeval limit{.tv_sec = 0, .tv_usec = kPatienceUs};
  (void)setsockopt(fd(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

Status Wire::Open() {
  if (!connection_.filter) return Status::Ok();
  std::string hello;
  Status status = connection_.filter->Start(hello);
  encoded_.Append(std::move(hello));
  return status;
}

Status Wire::Send() {
  if (!connection_.filter) return SendQueue(output_);
  while (!output_.empty()) {
    iovec piece;
    output_.Gather(&piece, 1);
    std::string encoded;
    Status status =
        connection_.filter->Send({static_cast<char*>(piece.iov_base), piece.iov_len}, encoded);
    if (!status.ok()) return status;
    output_.Consume(piece.iov_len);
    encoded_.Append(std::move(encoded));
  }
  return SendQueue(encoded_);
}

Status Wire::SendQueue(OutputQueue& queue) {
  blocked_ = false;
  while (!queue.empty()) {
    iovec pieces[kMaxPieces];
    msghdr message{};
    message.msg_iov = pieces;
    message.msg_iovlen = static_cast<size_t>(queue.Gather(pieces, kMaxPieces));
    const ssize_t n = sendmsg(fd(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) {
      queue.Consume(static_cast<size_t>(n));
      sent_ += static_cast<size_t>(n);
    } else if (errno == EAGAIN) {
      blocked_ = true;
      break;
    } else if (errno != EINTR) {
      return SocketError(errno);
    }
  }
  return Status::Ok();
}

Result<std::string_view> Wire::Read(Patience patience) const {
  const ssize_t n =
      recv(fd(), buffer_.get(), kReadSize, patience == Patience::kNone ? MSG_DONTWAIT : 0);
  if (n > 0) return std::string_view(buffer_.get(), static_cast<size_t>(n));
  if (n == 0) return Fail(SocketError(ECONNRESET));
  if (errno == EAGAIN || errno == EINTR) return std::string_view();
  return Fail(SocketError(errno));
}

Status Wire::Take(std::string_view bytes) {
  if (!connection_.filter) {
    reader_.Feed(bytes);
    return Status::Ok();
  }
  std::string plain;
  std::string reply;
  Status status = connection_.filter->Receive(bytes, plain, reply);
  reader_.Feed(plain);
  encoded_.Append(std::move(reply));
  const Status sent = Send();
  return status.ok() ? sent : status;
}

Status Wire::Receive() {
  const Result<std::string_view> bytes = Read(Patience::kNone);
  if (!bytes) return bytes.error();
  return bytes->empty() ? Status::Ok() : Take(*bytes);
}

void Wire::ShutDown() { (void)shutdown(fd(), SHUT_RDWR); }

}  // namespace mydis
