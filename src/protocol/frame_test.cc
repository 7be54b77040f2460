#include "protocol/frame.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/random.h"

namespace mydis {
namespace {

std::string Wire(const Frame& frame) {
  std::string out;
  EncodeFrame(frame, out);
  for (const Payload& p : frame.payloads) out += *p;
  return out;
}

Frame Make(uint8_t type, std::string head, const std::vector<std::string>& payloads) {
  Frame frame{.type = type, .flags = 3, .head = std::move(head), .payloads = {}};
  for (const std::string& p : payloads) frame.payloads.push_back(MakePayload(p));
  return frame;
}

void ExpectEqual(const Frame& a, const Frame& b) {
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.flags, b.flags);
  EXPECT_EQ(a.head, b.head);
  ASSERT_EQ(a.payloads.size(), b.payloads.size());
  for (size_t i = 0; i < a.payloads.size(); ++i) EXPECT_EQ(*a.payloads[i], *b.payloads[i]);
}

// Feeds bytes as a connection does, through targets where there are any.
void Feed(FrameDecoder& decoder, std::string_view bytes, std::vector<Frame>* frames) {
  Frame frame;
  while (decoder.error().empty()) {
    const std::span<char> target = decoder.Target();
    const size_t n = std::min(target.size(), bytes.size());
    if (n > 0) {
      std::memcpy(target.data(), bytes.data(), n);
      bytes.remove_prefix(n);
      decoder.TargetFilled(n);
    }
    if (decoder.Decode(&bytes, &frame)) {
      frames->push_back(std::move(frame));
    } else if (bytes.empty()) {
      return;
    }
  }
}

TEST(Frame, SplitAtEveryByte) {
  const std::vector<Frame> sent = {Make(1, "head", {"a", "", "payload"}), Make(2, "", {}),
                                   Make(3, "", {""}), Make(4, std::string(200, 'h'), {})};
  std::string bytes;
  for (const Frame& f : sent) bytes += Wire(f);
  for (size_t split = 0; split <= bytes.size(); ++split) {
    FrameDecoder decoder;
    std::vector<Frame> got;
    Feed(decoder, std::string_view(bytes).substr(0, split), &got);
    Feed(decoder, std::string_view(bytes).substr(split), &got);
    ASSERT_EQ(decoder.error(), "");
    ASSERT_EQ(got.size(), sent.size());
    for (size_t i = 0; i < sent.size(); ++i) ExpectEqual(got[i], sent[i]);
    EXPECT_FALSE(decoder.partial());
  }
}

TEST(Frame, LargePayloadsInPieces) {
  Random random(5);
  std::vector<Frame> sent;
  std::string bytes;
  for (const size_t size : {size_t{20'000}, size_t{3} << 20, size_t{40} << 20}) {
    sent.push_back(Make(9, "h", {"x", std::string(size, 'p'), std::string(size / 2, 'q')}));
    EXPECT_EQ(FrameSize(sent.back()), Wire(sent.back()).size());
    bytes += Wire(sent.back());
  }
  FrameDecoder decoder;
  std::vector<Frame> got;
  for (size_t at = 0; at < bytes.size();) {
    const size_t n = random.Below(200'000) + 1;
    Feed(decoder, std::string_view(bytes).substr(at, n), &got);
    at += n;
  }
  ASSERT_EQ(decoder.error(), "");
  ASSERT_EQ(got.size(), sent.size());
  for (size_t i = 0; i < sent.size(); ++i) ExpectEqual(got[i], sent[i]);
}

TEST(Frame, EveryFlippedBitIsFound) {
  const std::string bytes = Wire(Make(7, "some head", {"one", "two"}));
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string broken = bytes;
    broken[bit / 8] = static_cast<char>(broken[bit / 8] ^ (1 << (bit % 8)));
    FrameDecoder decoder(1 << 20);
    std::vector<Frame> got;
    Feed(decoder, broken, &got);
    // A length that has grown may also just wait for more.
    EXPECT_TRUE(got.empty()) << "bit " << bit;
    EXPECT_TRUE(!decoder.error().empty() || decoder.partial());
  }
}

TEST(Frame, LimitIsKeptBeforeAllocating) {
  FrameDecoder decoder(1000);
  std::vector<Frame> got;
  Feed(decoder, Wire(Make(1, "h", {std::string(1000, 'x')})).substr(0, 40), &got);
  EXPECT_EQ(decoder.error(), "broken frame: longer than the limit of 1000 bytes");
}

}  // namespace
}  // namespace mydis
