#include "protocol/frame.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "base/assert.h"
#include "base/codec.h"
#include "base/hash.h"

namespace mydis {
namespace {

constexpr size_t kChecksumAt = 24;
constexpr size_t kTableEntry = 8;

uint32_t PayloadChecksum(std::string_view bytes) { return static_cast<uint32_t>(Hash64(bytes)); }

// `frame` is header, head and table.
uint64_t HeadChecksum(std::string_view frame) {
  return Hash64(frame.substr(kFrameHeaderSize), Hash64(frame.substr(0, kChecksumAt)));
}

// Makes `s` longer without writing to the new part. (The length that the operation is given is no
// use: libstdc++ 12 gives the new capacity there.)
void ExtendUnwritten(std::string* s, size_t size) {
  s->resize_and_overwrite(size, [size](char*, size_t) { return size; });
}

}  // namespace

size_t FrameSize(const Frame& frame) {
  size_t size = kFrameHeaderSize + frame.head.size() + kTableEntry * frame.payloads.size();
  for (const Payload& p : frame.payloads) size += p->size();
  return size;
}

void EncodeFrame(const Frame& frame, std::string& out) {
  MYDIS_ASSERT(frame.head.size() <= UINT32_MAX && frame.payloads.size() <= UINT32_MAX,
               "a frame's head and list fit their length fields");
  uint64_t total = 0;
  for (const Payload& p : frame.payloads) total += p->size();
  const size_t start = out.size();
  Encoder e(out);
  e.U32(kFrameMagic);
  e.U8(frame.type);
  e.U8(frame.flags);
  e.U16(0);
  e.U32(static_cast<uint32_t>(frame.head.size()));
  e.U32(static_cast<uint32_t>(frame.payloads.size()));
  e.U64(total);
  e.U64(0);
  e.Raw(frame.head);
  for (const Payload& p : frame.payloads) {
    MYDIS_ASSERT(p->size() <= UINT32_MAX, "a payload fits its length field");
    e.U32(static_cast<uint32_t>(p->size()));
    e.U32(PayloadChecksum(*p));
  }
  StoreLittle(out.data() + start + kChecksumAt, HeadChecksum(std::string_view(out).substr(start)));
}

bool FrameDecoder::Fail(std::string message) {
  error_ = std::move(message);
  return false;
}

// Moves bytes from `*input` into buffer_ until that is `size` bytes long; true when it is.
bool FrameDecoder::Fill(std::string_view* input, uint64_t size) {
  const size_t n = static_cast<size_t>(std::min<uint64_t>(size - buffer_.size(), input->size()));
  buffer_.append(input->substr(0, n));
  input->remove_prefix(n);
  return buffer_.size() == size;
}

bool FrameDecoder::Decode(std::string_view* input, Frame* frame) {
  if (!error_.empty()) return false;
  if (stage_ == Stage::kHeader) {
    const bool whole = Fill(input, kFrameHeaderSize);
    if (!CheckMagic() || !whole || !TakeHeader()) return false;
    stage_ = Stage::kHead;
  }
  if (stage_ == Stage::kHead) {
    const uint64_t size = kFrameHeaderSize + head_size_ + kTableEntry * payload_count_;
    if (!Fill(input, size) || !TakeHead()) return false;
    stage_ = Stage::kPayloads;
    filled_ = 0;
    if (payload_count_ > 0) StartPayload();
  }
  if (!TakePayloads(input)) return false;
  *frame = std::exchange(frame_, Frame());
  payload_ = nullptr;
  buffer_.clear();
  stage_ = Stage::kHeader;
  return true;
}

// As soon as it is there: who speaks another protocol may wait for an answer.
bool FrameDecoder::CheckMagic() {
  if (buffer_.size() < sizeof kFrameMagic || LoadLittle<uint32_t>(buffer_.data()) == kFrameMagic)
    return true;
  return Fail(saw_tls() ? "these are no frames but TLS"
                        : "these are no frames: wrong magic number");
}

// A record of a handshake or an alert, and the first byte of every version.
bool FrameDecoder::saw_tls() const {
  return buffer_.starts_with("\x16\x03") || buffer_.starts_with("\x15\x03");
}

bool FrameDecoder::TakeHeader() {
  Decoder d(buffer_);
  d.U32();
  frame_.type = d.U8();
  frame_.flags = d.U8();
  if (d.U16() != 0) return Fail("broken frame: reserved bytes are not zero");
  head_size_ = d.U32();
  payload_count_ = d.U32();
  payload_bytes_ = d.U64();
  const uint64_t fixed = kFrameHeaderSize + head_size_ + kTableEntry * payload_count_;
  if (fixed > max_frame_ || payload_bytes_ > max_frame_ - fixed)
    return Fail("broken frame: longer than the limit of " + std::to_string(max_frame_) + " bytes");
  return true;
}

bool FrameDecoder::TakeHead() {
  const std::string_view frame = buffer_;
  if (LoadLittle<uint64_t>(frame.data() + kChecksumAt) != HeadChecksum(frame))
    return Fail("broken frame: the head's checksum differs");
  frame_.head.assign(frame.substr(kFrameHeaderSize, head_size_));
  uint64_t total = 0;
  const char* table = frame.data() + kFrameHeaderSize + head_size_;
  for (size_t i = 0; i < payload_count_; ++i)
    total += LoadLittle<uint32_t>(table + kTableEntry * i);
  if (total != payload_bytes_) return Fail("broken frame: the payloads' lengths do not add up");
  frame_.payloads.reserve(payload_count_);
  return true;
}

// Of the payload under way.
uint32_t FrameDecoder::payload_size() const {
  const size_t index = frame_.payloads.size() - 1;
  return LoadLittle<uint32_t>(buffer_.data() + kFrameHeaderSize + head_size_ + kTableEntry * index);
}

void FrameDecoder::StartPayload() {
  auto payload = std::make_shared<std::string>();
  payload_ = payload.get();
  frame_.payloads.push_back(std::move(payload));
  filled_ = 0;
  ExtendUnwritten(payload_, std::min<size_t>(payload_size(), kWholeAllocation));
}

// Room for more of a payload whose announced length is not believed at once.
void FrameDecoder::GrowPayload() {
  if (filled_ == payload_->size() && filled_ < payload_size())
    ExtendUnwritten(payload_, std::min<size_t>(payload_size(), 2 * filled_));
}

bool FrameDecoder::TakePayloads(std::string_view* input) {
  if (payload_count_ == 0) return true;
  while (true) {
    while (filled_ < payload_size()) {
      GrowPayload();
      const size_t n = std::min(input->size(), payload_->size() - filled_);
      if (n == 0) return false;
      std::memcpy(payload_->data() + filled_, input->data(), n);
      input->remove_prefix(n);
      filled_ += n;
    }
    if (!CheckPayload()) return false;
    if (frame_.payloads.size() == payload_count_) return true;
    StartPayload();
  }
}

bool FrameDecoder::CheckPayload() {
  const size_t index = frame_.payloads.size() - 1;
  const char* entry = buffer_.data() + kFrameHeaderSize + head_size_ + kTableEntry * index;
  if (LoadLittle<uint32_t>(entry + 4) != PayloadChecksum(*payload_))
    return Fail("broken frame: a payload's checksum differs");
  return true;
}

std::span<char> FrameDecoder::Target() {
  if (stage_ != Stage::kPayloads || !error_.empty() || payload_size() - filled_ < kTargetRest)
    return {};
  GrowPayload();
  return {payload_->data() + filled_, payload_->size() - filled_};
}

}  // namespace mydis
