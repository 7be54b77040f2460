// The fuzzers' functions on inputs made from a fixed seed, so that every test run covers them.
#include <gtest/gtest.h>

#include "base/random.h"
#include "protocol/frame_fuzz.h"
#include "protocol/resp_parser_fuzz.h"
#include "protocol/websocket_fuzz.h"

namespace mydis {
namespace {

constexpr int kRounds = 5'000;

TEST(Fuzz, RespParser) {
  constexpr std::string_view kParts[] = {
      "*1\r\n", "*2\r\n", "*3\r\n", "*0\r\n",   "*-1\r\n", "$0\r\n",      "$1\r\n", "$3\r\n",
      "GET",    "\r\n",   "a",      "PING\r\n", "\"",      "'",           "\\x4",   " ",
      "$50000", "\n",     "*",      "$",        "\r",      "*1000000000", "-",      "7",
  };
  Random random(6);
  for (int round = 0; round < kRounds; ++round) {
    std::string input;
    for (int i = 0; i < 2; ++i) input += static_cast<char>(random.Next());
    for (uint64_t i = random.Below(40); i > 0; --i) {
      if (random.Chance(1, 50)) {
        input.append(random.Below(80'000), 'z');
      } else if (random.Chance(1, 20)) {
        input += static_cast<char>(random.Next());
      } else {
        input += kParts[random.Below(std::size(kParts))];
      }
    }
    FuzzRespParser(input);
  }
}

TEST(Fuzz, WebSocket) {
  constexpr uint8_t kFirst[] = {0x81, 0x82, 0x01, 0x00, 0x80, 0x89, 0x8a, 0x88};
  constexpr uint64_t kSizes[] = {0, 1, 5, 125, 126, 127, 70'000};
  Random random(8);
  for (int round = 0; round < kRounds; ++round) {
    std::string input(1, static_cast<char>(random.Next()));
    for (uint64_t frames = random.Below(6); frames > 0; --frames) {
      const size_t begin = input.size();
      const std::string payload(kSizes[random.Below(std::size(kSizes))], 'p');
      AppendWebSocketFrame(input, WebSocketOpcode::kText, payload);
      input[begin] = static_cast<char>(kFirst[random.Below(std::size(kFirst))]);
      input[begin + 1] = static_cast<char>(input[begin + 1] | '\x80');
      input.insert(input.size() - payload.size(), 4, static_cast<char>(random.Next()));
    }
    if (random.Chance(1, 3)) input[random.Below(input.size())] = static_cast<char>(random.Next());
    FuzzWebSocket(input);
  }
}

TEST(Fuzz, Frame) {
  Random random(7);
  for (int round = 0; round < kRounds; ++round) {
    std::string input(1, static_cast<char>(random.Next()));
    for (uint64_t frames = random.Below(4); frames > 0; --frames) {
      Frame frame;
      frame.type = static_cast<uint8_t>(random.Next());
      frame.head.assign(random.Below(50), 'h');
      for (uint64_t i = random.Below(4); i > 0; --i)
        frame.payloads.push_back(
            MakePayload(std::string(random.Below(random.Chance(1, 10) ? 50'000 : 20), 'p')));
      EncodeFrame(frame, input);
      for (const Payload& p : frame.payloads) input += *p;
    }
    for (uint64_t i = random.Below(3); i > 0; --i)
      input[random.Below(input.size())] = static_cast<char>(random.Next());
    FuzzFrame(input);
  }
}

}  // namespace
}  // namespace mydis
