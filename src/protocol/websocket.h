// Frames of the WebSocket protocol (RFC 6455), as a server reads and writes them. No extensions.
// One thread.
//
//   0   1 bit: last of its message; 3 bits: zero; 4 bits: opcode
//   1   1 bit: masked (a client's always is); 7 bits: length, or 126 or 127
//   2   length in 2 bytes (126) or 8 bytes (127), big endian; always the shortest form
//   .   4 bytes of mask, if masked
//   .   payload, each byte xor the mask's byte at its position modulo 4
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mydis {

enum class WebSocketOpcode : uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10,
};

// Why a connection ends (RFC 6455, section 7.4.1).
enum class WebSocketClose : uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kProtocolError = 1002,
  kWrongType = 1003,
  kNoText = 1007,  // A text is no UTF-8.
  kPolicy = 1008,
  kTooLarge = 1009,
};

class WebSocketReader {
 public:
  // A longer message is refused.
  explicit WebSocketReader(uint64_t message_limit) : message_limit_(message_limit) {}

  enum class Outcome : uint8_t {
    kData,     // A part of a message.
    kControl,  // A frame of control, whole.
    kNeedMore,
    kBroken,  // No frames: error() says why. Nothing else can be read.
  };
  struct Piece {
    WebSocketOpcode opcode = WebSocketOpcode::kBinary;  // Of the message: kText or kBinary.
    std::string data;
    bool last = false;  // The message ends with it.
  };
  // Takes what it can use from the front of `input`. Each part of a message is given as it comes.
  Outcome Next(std::string_view* input, Piece* piece);

  WebSocketClose error() const { return error_; }
  std::string_view why() const { return why_; }
  // Whether a message, or a frame, has begun and not ended.
  bool in_middle() const { return in_message_ || !head_.empty() || in_frame_; }

 private:
  Outcome Broken(WebSocketClose error, std::string_view why);
  // False: there is not enough of it. What is wrong is said by error().
  bool ReadHead(std::string_view* input);
  bool CheckHead(uint8_t first, uint8_t second);
  bool TakeLength(uint64_t length);
  Outcome ReadControl(std::string_view* input, Piece* piece);

  const uint64_t message_limit_;
  std::string head_;  // Of the frame that has not come as a whole.
  bool in_frame_ = false;
  bool final_ = false;
  WebSocketOpcode opcode_ = WebSocketOpcode::kContinuation;  // Of the frame.
  uint64_t left_ = 0;                                        // Of its payload.
  uint64_t masked_ = 0;                                      // Bytes of it that were unmasked.
  uint8_t mask_[4] = {};
  bool in_message_ = false;  // The next frame of data continues it.
  WebSocketOpcode message_ = WebSocketOpcode::kBinary;
  uint64_t message_size_ = 0;
  std::string control_;
  WebSocketClose error_ = WebSocketClose::kNormal;
  std::string_view why_;
};

// Appends a whole message, or a frame of control.
void AppendWebSocketFrame(std::string& out, WebSocketOpcode opcode, std::string_view payload);
void AppendWebSocketClose(std::string& out, WebSocketClose code, std::string_view reason);

// Whether a frame of close says what it may say; else the code to answer it with.
bool CheckWebSocketClose(std::string_view payload, WebSocketClose* error);

// What Sec-WebSocket-Accept answers to that key.
std::string WebSocketAccept(std::string_view key);

}  // namespace mydis
