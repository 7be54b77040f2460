#include "protocol/websocket.h"

#include <gtest/gtest.h>

namespace mydis {
namespace {

using Outcome = WebSocketReader::Outcome;

// A frame as a client sends it.
std::string Frame(uint8_t first, std::string_view payload,
                  std::string_view mask = "\x11\x22\x33\x44") {
  std::string out;
  AppendWebSocketFrame(out, WebSocketOpcode::kText, payload);
  const size_t head = out.size() - payload.size();
  out[0] = static_cast<char>(first);
  out[1] = static_cast<char>(out[1] | '\x80');
  for (size_t i = 0; i < payload.size(); ++i) out[head + i] ^= mask[i % 4];
  out.insert(head, mask);
  return out;
}

// "text:…", "binary:…" for each message, "ping:…" … for what came between; then the error.
std::string ReadAll(std::string_view bytes, size_t piece, uint64_t limit = 1 << 20) {
  WebSocketReader reader(limit);
  std::string found, message;
  while (!bytes.empty()) {
    std::string_view next = bytes.substr(0, piece);
    bytes.remove_prefix(next.size());
    for (;;) {
      WebSocketReader::Piece part;
      const Outcome outcome = reader.Next(&next, &part);
      if (outcome == Outcome::kNeedMore) break;
      if (outcome == Outcome::kBroken)
        return found + std::to_string(static_cast<int>(reader.error()));
      if (outcome == Outcome::kControl) {
        found += part.opcode == WebSocketOpcode::kPing   ? "ping:"
                 : part.opcode == WebSocketOpcode::kPong ? "pong:"
                                                         : "close:";
        found += part.data + " ";
        continue;
      }
      message += part.data;
      if (!part.last) continue;
      found += part.opcode == WebSocketOpcode::kText ? "text:" : "binary:";
      found += message + " ";
      message.clear();
    }
  }
  return found + (reader.in_middle() ? "…" : "");
}

std::string Read(const std::string& bytes, uint64_t limit = 1 << 20) {
  const std::string whole = ReadAll(bytes, bytes.size(), limit);
  for (const size_t piece : {1, 2, 3, 7}) EXPECT_EQ(ReadAll(bytes, piece, limit), whole) << piece;
  return whole;
}

TEST(WebSocket, TheExampleOfTheRfc) {
  EXPECT_EQ(Read("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), "text:Hello ");
  EXPECT_EQ(WebSocketAccept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(WebSocket, MessagesOfAllLengths) {
  for (const size_t size : {0, 1, 125, 126, 127, 65535, 65536, 100'000}) {
    const std::string text(size, 'x');
    EXPECT_EQ(Read(Frame(0x82, text)), "binary:" + text + " ");
  }
}

TEST(WebSocket, FragmentsWithControlBetween) {
  EXPECT_EQ(Read(Frame(0x01, "Hel") + Frame(0x89, "a") + Frame(0x00, "lo ") + Frame(0x8a, "") +
                 Frame(0x80, "you") + Frame(0x82, "b")),
            "ping:a pong: text:Hello you binary:b ");
  EXPECT_EQ(Read(Frame(0x01, "") + Frame(0x00, "") + Frame(0x80, "")), "text: ");
  EXPECT_EQ(Read(Frame(0x01, "a")), "…");
  EXPECT_EQ(Read("\x82"), "…");
}

TEST(WebSocket, WrongFrames) {
  EXPECT_EQ(Read(std::string("\x81\x05Hello")), "1002");  // Not masked.
  EXPECT_EQ(Read(Frame(0xc1, "a")), "1002");              // Reserved bits.
  EXPECT_EQ(Read(Frame(0x91, "a")), "1002");
  EXPECT_EQ(Read(Frame(0x83, "a")), "1002");  // Opcodes that are none.
  EXPECT_EQ(Read(Frame(0x8b, "a")), "1002");
  EXPECT_EQ(Read(Frame(0x09, "a")), "1002");                     // Control in parts.
  EXPECT_EQ(Read(Frame(0x89, std::string(126, 'a'))), "1002");   // Control too long.
  EXPECT_EQ(Read(Frame(0x80, "a")), "1002");                     // Nothing to continue.
  EXPECT_EQ(Read(Frame(0x01, "a") + Frame(0x81, "b")), "1002");  // Not finished.
  EXPECT_EQ(Read(Frame(0x81, "a") + Frame(0x80, "b")), "text:a 1002");
  EXPECT_EQ(Read(std::string("\x82\xfe\x00\x05\0\0\0\0hello", 13)), "1002");  // Longer than needed.
  EXPECT_EQ(Read(std::string("\x82\xff\x00\x00\x00\x00\x00\x00\xff\xff\0\0\0\0", 14)), "1002");
  EXPECT_EQ(Read(std::string("\x82\xff\x80\x00\x00\x00\x00\x01\x00\x00\0\0\0\0", 14)), "1002");
}

TEST(WebSocket, TheLimitIsOfTheMessage) {
  EXPECT_EQ(Read(Frame(0x82, std::string(10, 'a')), 10), "binary:aaaaaaaaaa ");
  EXPECT_EQ(Read(Frame(0x82, std::string(11, 'a')), 10), "1009");
  EXPECT_EQ(Read(Frame(0x02, "aaaaaa") + Frame(0x80, "aaaaa"), 10), "1009");
  EXPECT_EQ(Read(Frame(0x82, "aaaaaa") + Frame(0x82, "aaaaa"), 10), "binary:aaaaaa binary:aaaaa ");
  // Seen by its length alone.
  EXPECT_EQ(Read(std::string("\x82\xff\x7f\x00\x00\x00\x00\x01\x00\x00\0\0\0\0", 14), 10), "1009");
}

TEST(WebSocket, WhatACloseMaySay) {
  WebSocketClose error;
  const auto close = [](uint16_t code, std::string_view reason) {
    return std::string{static_cast<char>(code >> 8), static_cast<char>(code)} + std::string(reason);
  };
  for (const int code : {1000, 1001, 1003, 1007, 1011, 3000, 4999})
    EXPECT_TRUE(CheckWebSocketClose(close(static_cast<uint16_t>(code), "bye"), &error)) << code;
  EXPECT_TRUE(CheckWebSocketClose("", &error));
  for (const int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535}) {
    EXPECT_FALSE(CheckWebSocketClose(close(static_cast<uint16_t>(code), ""), &error)) << code;
    EXPECT_EQ(error, WebSocketClose::kProtocolError);
  }
  EXPECT_FALSE(CheckWebSocketClose("\x03", &error));
  EXPECT_EQ(error, WebSocketClose::kProtocolError);
  EXPECT_FALSE(CheckWebSocketClose(close(1000, "\xff"), &error));
  EXPECT_EQ(error, WebSocketClose::kNoText);
}

TEST(WebSocket, CloseWithAReasonOfAnyLength) {
  std::string out;
  AppendWebSocketClose(out, WebSocketClose::kPolicy, std::string(200, 'x'));
  EXPECT_EQ(out, "\x88\x7d\x03\xf0" + std::string(123, 'x'));
}

}  // namespace
}  // namespace mydis
