// /v1/ws: the connection becomes a WebSocket.
#include <algorithm>

#include "base/ascii.h"
#include "base/base64.h"
#include "server/http/routes.h"
#include "server/http/websocket_session.h"

namespace mydis {
namespace {

constexpr std::string_view kResp = "mydis.resp3";
constexpr std::string_view kJson = "mydis.json";

// Whether a comma-separated list has the word, in any case.
bool HasWord(const std::string* list, std::string_view word) {
  std::string_view rest = list == nullptr ? std::string_view() : *list;
  while (!rest.empty()) {
    std::string_view item = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (EqualsIgnoreCase(item, word)) return true;
  }
  return false;
}

// A page of another origin may not use what this address lets everybody do: no browser asks before
// it opens a WebSocket. Programs say no origin.
bool OriginMay(const HttpRequest& request, const std::string& allowed) {
  const std::string* origin = request.Field("origin");
  if (origin == nullptr || allowed == "*" || *origin == allowed) return true;
  const std::string* host = request.Field("host");
  const size_t scheme = origin->find("://");
  return host != nullptr && scheme != origin->npos && origin->substr(scheme + 3) == *host;
}

class WebSocketHandler final : public HttpHandler {
 public:
  Status Prepare(HttpRequest& request) override {
    const std::string* protocols = request.Field("sec-websocket-protocol");
    if (HasWord(protocols, kResp)) {
      protocol_ = kResp;
    } else if (HasWord(protocols, kJson)) {
      protocol_ = kJson;
    } else if (protocols != nullptr) {
      return {ErrorCode::kInvalid, "Sec-WebSocket-Protocol: mydis.json or mydis.resp3"};
    }
    request.may_log_in = true;
    request.plain_replies = protocol_ == kResp;
    return Status::Ok();
  }

  void Start(HttpExchange& x) override {
    const HttpRequest& request = x.request();
    if (!HasWord(request.Field("upgrade"), "websocket") ||
        !HasWord(request.Field("connection"), "upgrade") || request.head.minor_version == 0) {
      return x.RespondError(426, "ERR", "this is a WebSocket: send Upgrade: websocket",
                            {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}});
    }
    const std::string* version = request.Field("sec-websocket-version");
    if (version == nullptr || *version != "13") {
      return x.RespondError(426, "ERR", "the version of WebSocket is 13",
                            {{"Sec-WebSocket-Version", "13"}, {"Upgrade", "websocket"}});
    }
    const std::string* key = request.Field("sec-websocket-key");
    const auto bytes = key == nullptr ? std::nullopt : DecodeBase64(*key);
    if (!bytes || bytes->size() != 16)
      return x.RespondError(400, "ERR", "Sec-WebSocket-Key is 16 bytes as base64");
    if (!OriginMay(request, x.backend().cors_origin())) {
      return x.RespondError(403, "ERR",
                            "pages of this origin may not call: see --http-cors-origin");
    }
    // Its reply says that the session is ready, whatever it is.
    x.Send({"PING"});
  }

  void OnReply(HttpExchange& x, RespValue) override {
    HttpFields fields = {
        {"Upgrade", "websocket"},
        {"Connection", "Upgrade"},
        {"Sec-WebSocket-Accept", WebSocketAccept(*x.request().Field("sec-websocket-key"))}};
    if (!protocol_.empty()) fields.emplace_back("Sec-WebSocket-Protocol", protocol_);
    if (protocol_ == kResp) return x.Upgrade(fields, std::make_unique<RespWebSocket>());
    x.Upgrade(fields, std::make_unique<JsonWebSocket>(x.backend(), x.revision()));
  }

 private:
  std::string_view protocol_;  // As it was asked for; empty: not at all, which is JSON.
};

constexpr HttpAnswer kAnswers[] = {
    {101, "the connection is a WebSocket of the subprotocol mydis.json or mydis.resp3"},
    {403, "a page of another origin asks"},
    {426, "the request is none for a WebSocket of version 13"},
};

constexpr HttpRoute kRoutes[] = {
    {.method = "GET",
     .path = "/v1/ws",
     .summary = "A session over WebSocket: commands, replies and pushes, as JSON or RESP3.",
     .commands = "all",
     .answers = kAnswers,
     .make = MakeHttpHandler<WebSocketHandler>},
};

}  // namespace

std::span<const HttpRoute> WebSocketRoutes() { return kRoutes; }

}  // namespace mydis
