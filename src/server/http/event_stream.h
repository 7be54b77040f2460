// Routes that answer with events as they come: server-sent events that can be resumed, or one list
// of them for who asks again and again. docs/http.md and docs/watching.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/http_exchange.h"

namespace mydis {

// Proxies take a silent connection for dead: what a stream of events says after so long a silence.
inline constexpr uint64_t kKeepAliveMs = 15'000;
inline constexpr std::string_view kKeepAlive = ": keep-alive\n\n";

// Translates a watch (MYDIS FOLLOW, LISTEN, PLISTEN). Routes say which.
class EventStreamHandler : public HttpHandler {
 public:
  Status Prepare(HttpRequest& request) final;
  void Start(HttpExchange& exchange) final { Begin(exchange, from_); }
  void OnReply(HttpExchange& exchange, RespValue reply) final;
  void OnPush(HttpExchange& exchange, const RespValue& push) final;
  void OnPushesRead(HttpExchange& exchange) final;
  void OnSecond(HttpExchange& exchange, uint64_t now_ms) final;

 protected:
  // The command that begins the watch, but for FROM.
  virtual Status ReadCommand(const HttpRequest& request, std::vector<std::string>* words) = 0;
  // The name of the event that a push is, and what it says, as members of an open object.
  virtual std::string_view WriteEvent(const RespValue& push, JsonWriter& out) = 0;

 private:
  // At a revision, or now.
  void Begin(HttpExchange& exchange, std::optional<uint64_t> from);
  void OnError(HttpExchange& exchange, const std::string& error);
  // What came after the revision asked for is gone up to this one.
  void OnGone(HttpExchange& exchange, uint64_t oldest, uint64_t current);
  void Write(HttpExchange& exchange, std::string_view text);
  void RespondList(HttpExchange& exchange);

  std::vector<std::string> command_;
  std::optional<uint64_t> from_;
  std::optional<int64_t> wait_ms_;  // Of a list; else it is a stream.
  bool streams_ = false;            // The stream has begun.
  bool wrote_ = false;              // Since the last OnSecond.
  uint64_t resume_ = 0;             // The revision to go on from.
  uint64_t since_ms_ = 0;           // When the waiting began, or something was written last.
  std::string events_;              // Of a list: complete revisions …
  std::string part_;                // … and one that is not complete yet.
};

}  // namespace mydis
