// A connection that carries frames. The loop's thread.
#pragma once

#include <memory>
#include <string>

#include "net/byte_stream.h"
#include "protocol/frame.h"

namespace mydis {

class FrameStream final : private StreamHandler {
 public:
  // Neither is called from within a call to the stream.
  class Owner {
   public:
    // May close the stream, not destroy it.
    virtual void OnFrame(FrameStream& stream, Frame&& frame) = 0;
    // Called once; the stream may be destroyed in it. `reason` is never ok unless this side closed;
    // kNoAuth: the other side has not proven to be of this cluster, or speaks TLS and this one does
    // not.
    virtual void OnClosed(FrameStream& stream, const Status& reason) = 0;

   protected:
    ~Owner() = default;
  };

  // Owns `fd`. `options` must outlive the stream.
  FrameStream(EventLoop& loop, int fd, Owner* owner, const ByteStream::Options& options,
              uint64_t max_frame, std::unique_ptr<StreamFilter> filter);

  // Queues the frame; payloads are referenced until they are sent.
  void Send(const Frame& frame);
  void Close(Status reason = {}) { stream_.Close(std::move(reason)); }
  void CloseAfterFlush(Status reason = {}) { stream_.CloseAfterFlush(std::move(reason)); }
  bool closed() const { return stream_.closed(); }
  size_t output_size() const { return stream_.output_size(); }
  size_t encoded_size() const { return stream_.encoded_size(); }
  int fd() const { return stream_.fd(); }
  // What ByteStream::PeerName gives.
  std::string PeerName() const { return stream_.PeerName(); }
  void set_max_frame(uint64_t max_frame) { decoder_.set_max_frame(max_frame); }

 private:
  size_t OnData(ByteStream& stream, std::string_view bytes) override;
  std::span<char> ReadTarget() override { return decoder_.Target(); }
  void OnTargetFilled(ByteStream&, size_t n) override { decoder_.TargetFilled(n); }
  void OnEnd(ByteStream& stream, bool unread) override;
  void OnClosed(ByteStream&, const Status& reason) override { owner_->OnClosed(*this, reason); }

  Owner* const owner_;
  FrameDecoder decoder_;
  ByteStream stream_;
};

}  // namespace mydis
