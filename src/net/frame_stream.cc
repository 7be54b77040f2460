#include "net/frame_stream.h"

#include <utility>

namespace mydis {

FrameStream::FrameStream(EventLoop& loop, int fd, Owner* owner, const ByteStream::Options& options,
                         uint64_t max_frame, std::unique_ptr<StreamFilter> filter)
    : owner_(owner), decoder_(max_frame), stream_(loop, fd, this, options, std::move(filter)) {}

void FrameStream::Send(const Frame& frame) {
  if (closed()) return;
  EncodeFrame(frame, stream_.Tail());
  for (const Payload& payload : frame.payloads) stream_.Write(payload);
}

size_t FrameStream::OnData(ByteStream&, std::string_view bytes) {
  const size_t size = bytes.size();
  Frame frame;
  while (!closed() && decoder_.Decode(&bytes, &frame)) owner_->OnFrame(*this, std::move(frame));
  if (!decoder_.error().empty()) {
    Close(decoder_.saw_tls() ? Status(ErrorCode::kNoAuth, "it speaks TLS and this side does not")
                             : Status(ErrorCode::kCorrupt, decoder_.error()));
  }
  return size;
}

void FrameStream::OnEnd(ByteStream&, bool unread) {
  if (!unread) Close(Status(ErrorCode::kIo, "the other side closed the connection"));
}

}  // namespace mydis
