// The part of a stream that deals with its filter.
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "net/byte_stream.h"

namespace mydis {
namespace {

// No more is encoded ahead of the socket, and no more at a time.
constexpr size_t kEncodeAhead = 256 * 1024;

}  // namespace

void ByteStream::ReadFiltered() {
  const std::span<char> shared = loop_.read_buffer();
  const ssize_t n = recv(fd_, shared.data(), shared.size(), 0);
  if (TookBytes(n)) Decode({shared.data(), static_cast<size_t>(n)});
}

void ByteStream::Decode(std::string_view from_socket) {
  std::string plain = loop_.TakeBuffer();
  std::string reply;
  Status status = filter_->Receive(from_socket, plain, reply);
  if (!reply.empty()) encoded_->Append(std::move(reply));
  WantFlush();
  const std::string_view rest = FillTargets(plain);
  if (!closed() && !plain.empty()) {
    input_.append(rest);
    DeliverKept();
  }
  loop_.GiveBuffer(std::move(plain));
  if (!closed() && !status.ok()) FilterFailed(std::move(status));
}

// It may have said to the other side what is wrong.
void ByteStream::FilterFailed(Status status) {
  if (!blocked_) SendQueue(*encoded_);
  Close(std::move(status));
}

// Copies to where the handler wants large values; gives what belongs into OnData.
std::string_view ByteStream::FillTargets(std::string_view plain) {
  while (!plain.empty() && input_size() == 0 && paused_ == 0 && !closed()) {
    const std::span<char> target = handler_->ReadTarget();
    if (target.empty()) break;
    const size_t n = std::min(plain.size(), target.size());
    memcpy(target.data(), plain.data(), n);
    plain.remove_prefix(n);
    handler_->OnTargetFilled(*this, n);
  }
  return plain;
}

// False if the connection is closed.
bool ByteStream::FilterOutput() {
  std::string encoded;
  // What the socket does not take stays plain, so that the marks count it.
  while (!output_.empty() && encoded_->size() < kEncodeAhead) {
    iovec piece;
    output_.Gather(&piece, 1);
    const size_t size = std::min(piece.iov_len, kEncodeAhead);
    Status status = filter_->Send({static_cast<char*>(piece.iov_base), size}, encoded);
    if (!status.ok()) {
      Close(std::move(status));
      return false;
    }
    output_.Consume(size);
    encoded_->Append(std::exchange(encoded, std::string()));
  }
  return true;
}

// Does what the filter asks for. Not from within a call of the handler.
void ByteStream::ObeyFilter() {
  if (closed()) return;
  if (filter_->WantsClose()) CloseAfterFlush();
  // While reading is paused its end brings this about.
  if (paused_ == 0 && filter_->HasInput()) loop_.RunNextTurn(&deliver_task_);
  TellEnd();
}

void ByteStream::DeliverNext() {
  if (std::exchange(resumed_, false) || input_size() > 0) DeliverKept();
  if (filter_ && !closed() && paused_ == 0 && filter_->HasInput()) Decode({});
}

void ByteStream::CheckTime() {
  if (!filter_ || closed()) return;
  std::string words;
  Status status = filter_->CheckTime(loop_.NowMs(), words);
  if (!words.empty()) encoded_->Append(std::move(words));
  if (!status.ok()) return FilterFailed(std::move(status));
  WantFlush();
}

// All has been sent: waits for the other side to close, or for the timer of CloseAfterFlush.
void ByteStream::Linger() {
  std::string last;
  filter_->Finish(last);
  if (!last.empty()) (void)send(fd_, last.data(), last.size(), MSG_NOSIGNAL);
  shutdown(fd_, SHUT_WR);
  lingering_ = true;
}

void ByteStream::Discard() {
  const std::span<char> shared = loop_.read_buffer();
  const ssize_t n = recv(fd_, shared.data(), shared.size(), 0);
  if (n > 0) {
    bytes_read_ += static_cast<uint64_t>(n);
  } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
    Close(reason_ ? *reason_ : Status::Ok());
  }
}

}  // namespace mydis
