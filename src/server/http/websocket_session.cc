#include "server/http/websocket_session.h"

namespace mydis {

void WebSocketSession::Close(WebSocketClose code, std::string_view reason,
                             HttpExchange::Wire& wire) {
  if (std::exchange(closing_, true)) return;
  AppendWebSocketClose(wire.to_socket, code, reason);
}

void WebSocketSession::OnControl(const WebSocketReader::Piece& frame, HttpExchange::Wire& wire) {
  if (frame.opcode == WebSocketOpcode::kPing) {
    ping_ = frame.data;
  } else if (frame.opcode == WebSocketOpcode::kClose) {
    WebSocketClose error;
    if (!CheckWebSocketClose(frame.data, &error)) return Close(error, "this is no close", wire);
    // What it was closed with is answered.
    closing_ = true;
    AppendWebSocketFrame(wire.to_socket, WebSocketOpcode::kClose, frame.data.substr(0, 2));
  }
}

void WebSocketSession::Receive(std::string_view from_socket, HttpExchange::Wire& wire) {
  came_ += from_socket.size();
  WebSocketReader::Piece piece;
  while (!closing_) {
    const WebSocketReader::Outcome outcome = reader_.Next(&from_socket, &piece);
    if (outcome == WebSocketReader::Outcome::kNeedMore) break;
    if (outcome == WebSocketReader::Outcome::kBroken) {
      Close(reader_.error(), reader_.why(), wire);
    } else if (outcome == WebSocketReader::Outcome::kControl) {
      OnControl(piece, wire);
    } else if (piece.opcode != opcode_) {
      Close(WebSocketClose::kWrongType,
            opcode_ == WebSocketOpcode::kText ? "messages are text" : "messages are binary", wire);
    } else {
      OnData(piece.data, piece.last, wire);
    }
  }
  if (ping_ && !closing_) AppendWebSocketFrame(wire.to_socket, WebSocketOpcode::kPong, *ping_);
  ping_.reset();
}

void WebSocketSession::EachSecond(uint64_t now_ms, HttpExchange::Wire& wire) {
  const uint64_t came = std::exchange(came_, 0);
  if (came > 0 || last_ms_ == 0) {
    last_ms_ = now_ms;
    asked_ = false;
  }
  slow_seconds_ = reader_.in_middle() && came < kSlowBytes ? slow_seconds_ + 1 : 0;
  if (slow_seconds_ > kSlowSeconds) {
    Close(WebSocketClose::kPolicy, "the rest of the message has not come in time", wire);
  } else if (now_ms - last_ms_ >= kSilentMs) {
    Close(WebSocketClose::kPolicy, "there was no answer to a ping", wire);
  } else if (now_ms - last_ms_ >= kPingMs && !std::exchange(asked_, true)) {
    AppendWebSocketFrame(wire.to_socket, WebSocketOpcode::kPing, "");
  }
}

}  // namespace mydis
