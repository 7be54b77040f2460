// Frames between instances: a type, a head (encoded fields) and a list of payloads (log entries,
// pieces of snapshots), which are neither copied when sent nor when received.
//
// Bytes, little endian:
//   0   u32  magic, kFrameMagic
//   4   u8   type
//   5   u8   flags
//   6   u16  zero
//   8   u32  length of the head
//   12  u32  number of payloads
//   16  u64  length of all payloads together
//   24  u64  xxh3 of the head and the table, seeded with the xxh3 of bytes 0..23
//   32       head
//            table: for each payload u32 length, u32 low half of its xxh3
//            payloads, one after the other
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace mydis {

inline constexpr uint32_t kFrameMagic = 0x3146594d;  // "MYF1"
inline constexpr size_t kFrameHeaderSize = 32;

struct Frame {
  uint8_t type = 0;
  uint8_t flags = 0;
  std::string head;
  std::vector<Payload> payloads;
};

// The number of bytes that `frame` takes on the wire.
size_t FrameSize(const Frame& frame);
// Appends header, head and table to `out`. The payloads' bytes must follow.
// REQUIRES: head and each payload < 4 GiB; no payload is null.
void EncodeFrame(const Frame& frame, std::string& out);

// Puts frames together from bytes that come in any pieces. Payloads get one allocation each (up to
// 16 MiB; longer ones grow as they arrive) and are filled in place. One thread.
class FrameDecoder {
 public:
  // The largest log entry is a transaction of 1 GiB, with what else is in its batch.
  static constexpr uint64_t kDefaultLimit = uint64_t{3} << 30;
  // Frames of more than `max_frame` bytes are refused.
  explicit FrameDecoder(uint64_t max_frame = kDefaultLimit) : max_frame_(max_frame) {}
  // From the next frame on.
  void set_max_frame(uint64_t max_frame) { max_frame_ = max_frame; }

  // Takes bytes from the start of `*input` until a frame is complete or nothing is left. True:
  // `*frame` is complete; call again with the rest. False: all is taken, or error() is not empty.
  bool Decode(std::string_view* input, Frame* frame);
  // Why these bytes are no frames, or empty. After an error nothing more is decoded.
  const std::string& error() const { return error_; }
  // After an error: the other side speaks TLS.
  bool saw_tls() const;
  // True in the middle of a frame: an end of the connection here loses something.
  bool partial() const { return stage_ != Stage::kHeader || !buffer_.empty(); }

  // Memory for the next bytes of the connection, or empty: then they go to Decode. Bytes put there
  // are told by TargetFilled; after that, Decode (of nothing, perhaps) gives the frame that may now
  // be complete.
  std::span<char> Target();
  void TargetFilled(size_t n) { filled_ += n; }

 private:
  enum class Stage : uint8_t { kHeader, kHead, kPayloads };
  static constexpr size_t kWholeAllocation = 16 << 20;
  // A payload of which less is missing comes with the other bytes: one read for many small ones.
  static constexpr size_t kTargetRest = 16 * 1024;

  bool Fill(std::string_view* input, uint64_t size);
  bool CheckMagic();
  bool TakeHeader();
  bool TakeHead();
  bool TakePayloads(std::string_view* input);
  void StartPayload();
  void GrowPayload();
  bool CheckPayload();
  bool Fail(std::string message);
  uint32_t payload_size() const;

  uint64_t max_frame_;
  Stage stage_ = Stage::kHeader;
  std::string buffer_;  // Header, head and table of the frame under way.
  size_t head_size_ = 0;
  size_t payload_count_ = 0;
  uint64_t payload_bytes_ = 0;
  Frame frame_;
  std::string* payload_ = nullptr;  // The one being filled, owned by frame_.payloads.back().
  size_t filled_ = 0;               // Bytes of it.
  std::string error_;
};

}  // namespace mydis
