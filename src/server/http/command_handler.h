// For routes that are one command, whose words come from the path and a small JSON object.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/json.h"
#include "server/http/http_exchange.h"

namespace mydis {

// Answers {"result":…,"revision":N}.
void RespondResult(HttpExchange& exchange, const RespValue& reply);

class CommandHandlerBase : public HttpHandler {
 public:
  void Start(HttpExchange& exchange) final;
  void OnReply(HttpExchange& exchange, RespValue reply) override;

 protected:
  // The members that the object in the body may have, all of them strings, and those that it must.
  // With `known` empty the body is not looked at.
  explicit CommandHandlerBase(std::initializer_list<std::string_view> known = {},
                              std::initializer_list<std::string_view> needed = {})
      : known_(known), needed_(needed) {}
  virtual std::vector<std::string> Command(const HttpRequest& request, const JsonValue& body) = 0;

 private:
  Status ReadBody(const std::string& text, JsonValue* body) const;

  const std::vector<std::string_view> known_;
  const std::vector<std::string_view> needed_;
};

}  // namespace mydis
