#include "protocol/websocket.h"

#include <algorithm>

#include "base/base64.h"
#include "base/sha1.h"
#include "base/utf8.h"

namespace mydis {
namespace {

constexpr uint64_t kMaxControl = 125;

uint64_t BigEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

bool IsControl(WebSocketOpcode opcode) { return static_cast<uint8_t>(opcode) >= 8; }

bool IsKnown(uint8_t opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

}  // namespace

WebSocketReader::Outcome WebSocketReader::Broken(WebSocketClose error, std::string_view why) {
  error_ = error;
  why_ = why;
  return Outcome::kBroken;
}

bool WebSocketReader::CheckHead(uint8_t first, uint8_t second) {
  const auto wrong = [this](std::string_view why) {
    Broken(WebSocketClose::kProtocolError, why);
    return false;
  };
  if ((first & 0x70) != 0) return wrong("a reserved bit is set");
  if (!IsKnown(first & 0x0f)) return wrong("the opcode is unknown");
  opcode_ = static_cast<WebSocketOpcode>(first & 0x0f);
  final_ = (first & 0x80) != 0;
  if ((second & 0x80) == 0) return wrong("the frame is not masked");
  if (IsControl(opcode_)) {
    if (!final_) return wrong("a frame of control is in parts");
    if ((second & 0x7f) > kMaxControl) return wrong("a frame of control has more than 125 bytes");
    return true;
  }
  const bool continues = opcode_ == WebSocketOpcode::kContinuation;
  if (continues != in_message_)
    return wrong(continues ? "there is no message to continue" : "a message is not finished");
  return true;
}

bool WebSocketReader::TakeLength(uint64_t length) {
  left_ = length;
  masked_ = 0;
  in_frame_ = true;
  if (IsControl(opcode_)) {
    control_.clear();
    return true;
  }
  if (!in_message_) {
    message_ = opcode_;
    message_size_ = 0;
    in_message_ = true;
  }
  if (length > message_limit_ - message_size_) {
    Broken(WebSocketClose::kTooLarge, "the message is too large");
    return false;
  }
  message_size_ += length;
  return true;
}

bool WebSocketReader::ReadHead(std::string_view* input) {
  const auto fill = [&](size_t size) {
    const size_t n = std::min(size - std::min(size, head_.size()), input->size());
    head_ += input->substr(0, n);
    input->remove_prefix(n);
    return head_.size() >= size;
  };
  if (!fill(2)) return false;
  const auto first = static_cast<uint8_t>(head_[0]);
  const auto second = static_cast<uint8_t>(head_[1]);
  if (!CheckHead(first, second)) return false;
  const uint64_t form = second & 0x7f;
  const size_t length_bytes = form == 126 ? 2 : form == 127 ? 8 : 0;
  if (!fill(2 + length_bytes + 4)) return false;
  const std::string_view head = head_;
  const uint64_t length = length_bytes == 0 ? form : BigEndian(head.substr(2, length_bytes));
  if ((form == 126 && length < 126) || (form == 127 && (length <= 0xffff || length >> 63 != 0))) {
    Broken(WebSocketClose::kProtocolError, "the length is not in its shortest form");
    return false;
  }
  std::ranges::copy(head.substr(2 + length_bytes), mask_);
  head_.clear();
  return TakeLength(length);
}

WebSocketReader::Outcome WebSocketReader::ReadControl(std::string_view* input, Piece* piece) {
  const size_t n = std::min<uint64_t>(left_, input->size());
  for (size_t i = 0; i < n; ++i)
    control_ += static_cast<char>((*input)[i] ^ static_cast<char>(mask_[masked_++ % 4]));
  input->remove_prefix(n);
  left_ -= n;
  if (left_ > 0) return Outcome::kNeedMore;
  in_frame_ = false;
  *piece = {.opcode = opcode_, .data = std::move(control_), .last = true};
  control_.clear();
  return Outcome::kControl;
}

WebSocketReader::Outcome WebSocketReader::Next(std::string_view* input, Piece* piece) {
  if (!why_.empty()) return Outcome::kBroken;
  if (!in_frame_ && !ReadHead(input)) return why_.empty() ? Outcome::kNeedMore : Outcome::kBroken;
  if (IsControl(opcode_)) return ReadControl(input, piece);
  const size_t n = std::min<uint64_t>(left_, input->size());
  if (n == 0 && left_ > 0) return Outcome::kNeedMore;
  *piece = {.opcode = message_, .data = std::string(input->substr(0, n)), .last = false};
  for (char& c : piece->data) c = static_cast<char>(c ^ static_cast<char>(mask_[masked_++ % 4]));
  input->remove_prefix(n);
  left_ -= n;
  in_frame_ = left_ > 0;
  piece->last = final_ && left_ == 0;
  if (piece->last) in_message_ = false;
  return Outcome::kData;
}

void AppendWebSocketFrame(std::string& out, WebSocketOpcode opcode, std::string_view payload) {
  out += static_cast<char>(0x80 | static_cast<uint8_t>(opcode));
  const uint64_t size = payload.size();
  const int length_bytes = size <= 125 ? 0 : size <= 0xffff ? 2 : 8;
  out += static_cast<char>(length_bytes == 0 ? size : length_bytes == 2 ? 126u : 127u);
  for (int shift = 8 * (length_bytes - 1); shift >= 0; shift -= 8)
    out += static_cast<char>(size >> shift);
  out += payload;
}

void AppendWebSocketClose(std::string& out, WebSocketClose code, std::string_view reason) {
  const auto number = static_cast<uint16_t>(code);
  std::string payload = {static_cast<char>(number >> 8), static_cast<char>(number)};
  payload += reason.substr(0, kMaxControl - 2);
  AppendWebSocketFrame(out, WebSocketOpcode::kClose, payload);
}

bool CheckWebSocketClose(std::string_view payload, WebSocketClose* error) {
  *error = WebSocketClose::kProtocolError;
  if (payload.empty()) return true;
  if (payload.size() == 1) return false;
  const uint64_t code = BigEndian(payload.substr(0, 2));
  const bool known = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
                     (code >= 3000 && code <= 4999);
  if (!known) return false;
  *error = WebSocketClose::kNoText;
  return IsUtf8(payload.substr(2));
}

std::string WebSocketAccept(std::string_view key) {
  // The number that RFC 6455 gives, so that no other protocol's server answers by chance.
  const std::string hex = Sha1Hex(std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2)
    bytes += static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
  return EncodeBase64(bytes);
}

}  // namespace mydis
