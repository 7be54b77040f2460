// A connection that speaks WebSocket: frames in, frames out, and how it ends. What its messages
// are, two classes say: the session's own bytes (RESP3), or JSON. docs/http.md.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commands/table.h"
#include "protocol/resp_reader.h"
#include "protocol/websocket.h"
#include "server/http/http_exchange.h"

namespace mydis {

// The stream's thread.
class WebSocketSession : public HttpUpgrade {
 public:
  void Receive(std::string_view from_socket, HttpExchange::Wire& wire) final;
  void EachSecond(uint64_t now_ms, HttpExchange::Wire& wire) final;
  void Finish(HttpExchange::Wire& wire) final { Close(WebSocketClose::kGoingAway, "", wire); }
  bool closing() const final { return closing_; }

  // After so long without a byte of the client it is asked whether it is there, and after that
  // left.
  static constexpr uint64_t kPingMs = 30'000;
  static constexpr uint64_t kSilentMs = 90'000;
  // A message under way that comes more slowly than this, for so long, is not waited for.
  static constexpr uint64_t kSlowBytes = 512;
  static constexpr uint64_t kSlowSeconds = 20;

 protected:
  // `opcode` is that of all its messages.
  WebSocketSession(WebSocketOpcode opcode, uint64_t message_limit)
      : opcode_(opcode), reader_(message_limit) {}
  // A part of a message.
  virtual void OnData(std::string_view data, bool last, HttpExchange::Wire& wire) = 0;
  void Write(std::string_view message, HttpExchange::Wire& wire) {
    AppendWebSocketFrame(wire.to_socket, opcode_, message);
  }
  void Close(WebSocketClose code, std::string_view reason, HttpExchange::Wire& wire);

 private:
  void OnControl(const WebSocketReader::Piece& frame, HttpExchange::Wire& wire);

  const WebSocketOpcode opcode_;
  WebSocketReader reader_;
  bool closing_ = false;
  std::optional<std::string> ping_;  // To be answered: of several that came together the last.
  uint64_t came_ = 0;                // Bytes since the last EachSecond.
  uint64_t last_ms_ = 0;             // When some came last.
  bool asked_ = false;               // It was asked since then.
  uint64_t slow_seconds_ = 0;
};

// "mydis.resp3": binary messages are pieces of two streams of RESP3, as on the Redis port.
class RespWebSocket final : public WebSocketSession {
 public:
  RespWebSocket() : WebSocketSession(WebSocketOpcode::kBinary, INT64_MAX) {}
  void Send(std::string_view plain, HttpExchange::Wire& wire) override { Write(plain, wire); }

 private:
  void OnData(std::string_view data, bool, HttpExchange::Wire& wire) override {
    wire.plain += data;
  }
};

// "mydis.json": each text message is a command, and each reply or push one.
class JsonWebSocket final : public WebSocketSession {
 public:
  // `revision`: the state's, as far as it is known.
  JsonWebSocket(const HttpBackend& backend, uint64_t revision)
      : WebSocketSession(WebSocketOpcode::kText, backend.max_body()),
        table_(backend.table()),
        revision_(revision) {}
  void Send(std::string_view plain, HttpExchange::Wire& wire) override;

 private:
  // A command that is not answered yet.
  struct Pending {
    std::string id;  // As JSON; empty: none was given.
    const CommandSpec* spec = nullptr;
    size_t confirmations = 0;          // Pushes that are its answer (SUBSCRIBE).
    std::optional<std::string> error;  // It was not sent, for that reason.
  };

  void OnData(std::string_view data, bool last, HttpExchange::Wire& wire) override;
  void OnMessage(std::string_view text, HttpExchange::Wire& wire);
  // Why the command cannot be sent here; empty: it can. Fills `pending`.
  std::string Examine(const std::vector<std::string>& words, Pending* pending);
  void OnPush(const RespValue& push, HttpExchange::Wire& wire);
  void OnReply(const RespValue& reply, HttpExchange::Wire& wire);
  // Answers the first one; null: "OK".
  void Answer(const RespValue* reply, std::string_view error, HttpExchange::Wire& wire);
  void AnswerUnsent(HttpExchange::Wire& wire);

  const CommandTable& table_;
  std::string text_;  // Of the message under way.
  RespReader replies_;
  std::deque<Pending> pending_;
  uint64_t revision_;  // Of the reply that came last.
  bool in_multi_ = false;
};

}  // namespace mydis
