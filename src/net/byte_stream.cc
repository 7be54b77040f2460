#include "net/byte_stream.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace mydis {
namespace {

constexpr int kMaxPieces = 64;
constexpr size_t kDiscard = 1 << 20;  // Bytes of unwanted input dropped before a close.
const ByteStream::Options kDefaultOptions;

Status SocketError(int error) {
  if (error == ECONNRESET || error == EPIPE)
    return Status(ErrorCode::kIo, "connection closed by the other side");
  return Status(ErrorCode::kIo, strerror(error));
}

}  // namespace

void StreamHandler::OnEnd(ByteStream& stream, bool unread) {
  if (!unread) stream.Close();
}

ByteStream::ByteStream(EventLoop& loop, int fd, StreamHandler* handler, const Options& options,
                       std::unique_ptr<StreamFilter> filter)
    : loop_(loop),
      handler_(handler),
      fd_(fd),
      flush_task_(*this),
      deliver_task_(*this),
      socket_(*this),
      filter_(std::move(filter)),
      options_(&options) {
  interest_ = EPOLLIN | EPOLLRDHUP;
  Status status = loop_.Add(fd_, interest_, &socket_);
  if (!status.ok()) {
    // As if it had been closed right after it was made: the owner hears it from OnClosed.
    ::close(std::exchange(fd_, -1));
    reason_ = std::make_unique<Status>(std::move(status));
    WantFlush();
    return;
  }
  if (filter_) {
    encoded_ = std::make_unique<OutputQueue>();
    std::string hello;
    status = filter_->Start(hello);
    encoded_->Append(std::move(hello));
    WantFlush();
    if (!status.ok()) Close(std::move(status));
  }
}

ByteStream::ByteStream(EventLoop& loop, int fd, StreamHandler* handler)
    : ByteStream(loop, fd, handler, kDefaultOptions) {}

ByteStream::~ByteStream() {
  if (close_timer_ != 0) loop_.CancelTimer(close_timer_);
  if (fd_ >= 0) {
    loop_.Remove(fd_, &socket_);
    ::close(fd_);
  }
}

// ---- Input ----

void ByteStream::OnSocket(uint32_t events) {
  if ((events & EPOLLOUT) != 0) {
    blocked_ = false;
    WantFlush();
  }
  if (lingering_) return Discard();
  if (!Reads()) {
    OnHangUp(events);
  } else if ((events & ~uint32_t{EPOLLOUT}) != 0) {
    ReadSocket();
  }
}

// What can be learned of the other side while nothing is read.
void ByteStream::OnHangUp(uint32_t events) {
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) {
    int error = 0;
    socklen_t size = sizeof error;
    (void)getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    Close(SocketError(error == 0 ? ECONNRESET : error));
  } else if ((events & EPOLLRDHUP) != 0 && !ended_) {
    half_close_told_ = true;
    WantFlush();
    if (!close_after_flush_) handler_->OnEnd(*this, true);
  }
}

void ByteStream::ReadSocket() {
  if (deliver_task_.queued()) {
    // An end of the connection must not overtake what came before it.
    DeliverNext();
    if (closed() || !Reads()) return;
  }
  if (filter_) return ReadFiltered();
  if (input_size() == 0) {
    const std::span<char> target = handler_->ReadTarget();
    if (!target.empty()) return ReadIntoTarget(target);
  }
  if (input_size() <= loop_.read_buffer().size() / 2) return ReadShared();
  ReadIntoInput();
}

void ByteStream::ReadShared() {
  const std::span<char> shared = loop_.read_buffer();
  const size_t kept = input_size();
  if (kept > 0) memcpy(shared.data(), input_.data() + input_used_, kept);
  const ssize_t n = recv(fd_, shared.data() + kept, shared.size() - kept, 0);
  if (!TookBytes(n)) return;
  const std::string_view bytes(shared.data(), kept + static_cast<size_t>(n));
  const size_t used = Offer(bytes);
  if (!closed()) Keep(bytes.substr(used));
}

void ByteStream::ReadIntoTarget(std::span<char> target) {
  const std::span<char> shared = loop_.read_buffer();
  iovec pieces[2] = {{target.data(), target.size()}, {shared.data(), shared.size()}};
  const ssize_t n = readv(fd_, pieces, 2);
  if (!TookBytes(n)) return;
  const size_t filled = std::min(static_cast<size_t>(n), target.size());
  handler_->OnTargetFilled(*this, filled);
  std::string_view bytes(shared.data(), static_cast<size_t>(n) - filled);
  if (!closed()) bytes.remove_prefix(Offer(bytes));
  if (!closed()) Keep(bytes);
}

// The handler is in the middle of something long: read on behind it, where no copy is needed.
void ByteStream::ReadIntoInput() {
  if (input_used_ > 0) input_.erase(0, std::exchange(input_used_, 0));
  const size_t kept = input_.size();
  ssize_t n = 0;
  input_.resize_and_overwrite(2 * kept, [&](char* p, size_t size) {
    n = recv(fd_, p + kept, size - kept, 0);
    return kept + static_cast<size_t>(std::max<ssize_t>(n, 0));
  });
  if (TookBytes(n)) DeliverKept();
}

// False if `n`, what a read gave, is no bytes.
bool ByteStream::TookBytes(ssize_t n) {
  if (n > 0) [[likely]] {
    bytes_read_ += static_cast<uint64_t>(n);
    return true;
  }
  if (n < 0) {
    if (errno != EAGAIN && errno != EINTR) Close(SocketError(errno));
    return false;
  }
  ended_ = true;
  WantFlush();
  if (filter_) filter_->InputEnded();
  TellEnd();
  return false;
}

void ByteStream::TellEnd() {
  if (!ended_ || end_told_ || closed()) return;
  if (!filter_ || !filter_->Busy()) {
    end_told_ = true;
    WantFlush();
    handler_->OnEnd(*this, false);
  } else if (!std::exchange(half_close_told_, true)) {
    handler_->OnEnd(*this, true);
  }
}

// Hands `bytes` in, empty or not, and again what is left of them until the handler uses none; gives
// how many it has used in all.
size_t ByteStream::Offer(std::string_view bytes) {
  size_t used = 0;
  size_t n = 0;
  do {
    if (OutputFull()) Pause(kByOutput);
    if (paused_ != 0) break;
    n = handler_->OnData(*this, bytes.substr(used));
    used += n;
  } while (!closed() && n > 0 && used < bytes.size());
  // A handler that stopped because of the output waits for more room, not for more input.
  if (!closed() && OutputFull()) Pause(kByOutput);
  return used;
}

void ByteStream::Keep(std::string_view rest) {
  if (rest.empty()) {
    input_used_ = 0;
    // Idle connections hold no buffers.
    if (!input_.empty()) loop_.GiveBuffer(std::exchange(input_, std::string()));
    return;
  }
  if (input_.capacity() < rest.size()) input_ = loop_.TakeBuffer();
  input_.assign(rest);
  input_used_ = 0;
  if (input_size() > options_->input_limit)
    Close(Status(ErrorCode::kBusy, "the query buffer limit is exceeded"));
}

void ByteStream::DeliverKept() {
  if (closed() || paused_ != 0) return;
  input_used_ += Offer(std::string_view(input_).substr(input_used_));
  if (!closed()) DropUsed();
}

void ByteStream::DropUsed() {
  if (input_size() == 0) return Keep({});
  // Moving bytes to the front costs; so do bytes that are no longer needed.
  if (input_used_ > input_size()) input_.erase(0, std::exchange(input_used_, 0));
  if (input_size() > options_->input_limit)
    Close(Status(ErrorCode::kBusy, "the query buffer limit is exceeded"));
}

void ByteStream::Pause(PauseReason reason) {
  if ((paused_ & reason) != 0) return;
  paused_ |= reason;
  WantFlush();  // What epoll watches for is changed at the end of the turn, if it still differs
                // then.
}

void ByteStream::Resume(PauseReason reason) {
  if ((paused_ & reason) == 0) return;
  paused_ &= static_cast<uint8_t>(~reason);
  WantFlush();
  if (paused_ != 0 || closed()) return;
  // Even if nothing is kept here: the handler may keep something itself.
  resumed_ = true;
  loop_.RunNextTurn(&deliver_task_);
}

void ByteStream::PauseReading() { Pause(kByHandler); }
void ByteStream::ResumeReading() { Resume(kByHandler); }

// ---- Output ----

std::string& ByteStream::Tail() {
  WantFlush();
  if (output_.empty() && !output_.HasTailMemory()) output_.AdoptTail(loop_.TakeBuffer());
  return output_.Tail();
}

void ByteStream::Write(std::string_view bytes) {
  if (!closed()) Tail().append(bytes);
}

void ByteStream::Write(std::string&& bytes) {
  if (closed()) return;
  WantFlush();
  output_.Append(std::move(bytes));
}

void ByteStream::Write(Payload bytes) {
  if (closed()) return;
  WantFlush();
  output_.Append(std::move(bytes));
}

bool ByteStream::OutputFull() const {
  return options_->output_high != 0 && output_.size() > options_->output_high;
}

void ByteStream::Flush() {
  if (closed()) return;
  if (filter_ && !FilterOutput()) return;
  if (!blocked_) SendQueue(filter_ ? *encoded_ : output_);
}

void ByteStream::SendQueue(OutputQueue& queue) {
  iovec pieces[kMaxPieces];
  while (!queue.empty()) {
    const int count = queue.Gather(pieces, kMaxPieces);
    ssize_t n;
    if (count == 1) {
      n = send(fd_, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL);
    } else {
      msghdr message{};
      message.msg_iov = pieces;
      message.msg_iovlen = static_cast<size_t>(count);
      n = sendmsg(fd_, &message, MSG_NOSIGNAL);
    }
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) {
        blocked_ = true;
        WantFlush();
        return;
      }
      return Close(SocketError(errno));
    }
    bytes_written_ += static_cast<uint64_t>(n);
    queue.Consume(static_cast<size_t>(n));
  }
  if (queue.HasTailMemory()) loop_.GiveBuffer(queue.ReleaseTail());
}

void ByteStream::EndTurn() {
  Flush();
  if (filter_) ObeyFilter();
  if (!closed()) AfterFlush();
  if (!closed()) return UpdateInterest();
  if (std::exchange(reported_, true)) return;
  const Status reason = reason_ ? *reason_ : Status::Ok();
  handler_->OnClosed(*this, reason);  // May destroy this.
}

void ByteStream::AfterFlush() {
  if (filter_ && !blocked_ && !output_.empty()) return WantFlush();
  if (close_after_flush_ && output_.empty() && (!encoded_ || encoded_->empty())) {
    if (lingering_) return;
    if (filter_ && filter_->WantsClose() && !ended_) return Linger();
    return Close(reason_ ? *reason_ : Status::Ok());
  }
  if (OutputFull()) {
    Pause(kByOutput);
  } else if ((paused_ & kByOutput) != 0 &&
             output_.size() < std::max<size_t>(1, options_->output_low)) {
    Resume(kByOutput);
    handler_->OnDrained(*this);
  }
}

void ByteStream::Close(Status reason) {
  if (closed()) return;
  if (filter_ && encoded_->empty() && !blocked_ && !lingering_) {
    // The last words of the filter, if they fit; nobody waits for them.
    std::string last;
    filter_->Finish(last);
    if (!last.empty()) (void)send(fd_, last.data(), last.size(), MSG_NOSIGNAL);
  }
  loop_.Remove(fd_, &socket_);
  // Closing with unread bytes makes the kernel send a reset, which may overtake our last words.
  if (close_after_flush_) (void)recv(fd_, nullptr, kDiscard, MSG_TRUNC | MSG_DONTWAIT);
  ::close(std::exchange(fd_, -1));
  output_.Clear();
  if (encoded_) encoded_->Clear();
  if (!reason.ok()) reason_ = std::make_unique<Status>(std::move(reason));
  if (close_timer_ != 0) loop_.CancelTimer(std::exchange(close_timer_, 0));
  WantFlush();
}

void ByteStream::CloseAfterFlush(Status reason, uint32_t limit_ms) {
  if (closed() || close_after_flush_) return;
  close_after_flush_ = true;
  if (!reason.ok()) reason_ = std::make_unique<Status>(std::move(reason));
  close_timer_ = loop_.AddTimer(limit_ms, [this] {
    close_timer_ = 0;
    Close(reason_ ? *reason_ : Status::Ok());
  });
  Pause(kByClosing);
  WantFlush();
}

void ByteStream::UpdateInterest() {
  if (closed()) return;
  uint32_t wanted = 0;
  if (lingering_) {
    wanted |= EPOLLIN;
  } else if (Reads()) {
    wanted |= EPOLLIN | EPOLLRDHUP;
  } else if (!ended_ && !half_close_told_) {
    wanted |= EPOLLRDHUP;
  }
  if (blocked_) wanted |= EPOLLOUT;
  if (wanted == interest_) return;
  interest_ = wanted;
  loop_.Modify(fd_, wanted, &socket_);
}

size_t ByteStream::memory() const {
  size_t bytes = output_.memory() + (input_.capacity() > 15 ? input_.capacity() : 0);
  if (encoded_) bytes += sizeof(OutputQueue) + encoded_->memory();
  return bytes;
}

}  // namespace mydis
