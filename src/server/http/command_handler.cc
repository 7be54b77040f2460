#include "server/http/command_handler.h"

#include <fmt/format.h>

#include <algorithm>

#include "protocol/resp_json.h"

namespace mydis {

void RespondResult(HttpExchange& exchange, const RespValue& reply) {
  HttpResponse response{.fields = {}, .body = {}, .length = {}};
  JsonWriter out(response.body);
  out.BeginObject().Key("result");
  WriteJson(reply, out);
  out.Key("revision").Unsigned(exchange.revision()).EndObject();
  response.body += '\n';
  exchange.Respond(std::move(response));
}

Status CommandHandlerBase::ReadBody(const std::string& text, JsonValue* body) const {
  if (known_.empty() || (text.empty() && needed_.empty())) return Status::Ok();
  auto json = ParseJson(text);
  if (!json) return json.error();
  for (const auto& [name, value] : json->members) {
    if (std::ranges::find(known_, name) == known_.end() || !value.is_string())
      return {ErrorCode::kInvalid, fmt::format("the body may have {}, a string", known_[0])};
  }
  for (const std::string_view name : needed_) {
    if (json->Find(name) == nullptr)
      return {ErrorCode::kInvalid, fmt::format("the body is an object with \"{}\"", name)};
  }
  if (!json->is_object()) return {ErrorCode::kInvalid, "the body is an object"};
  *body = *std::move(json);
  return Status::Ok();
}

void CommandHandlerBase::Start(HttpExchange& exchange) {
  JsonValue body;
  if (Status status = ReadBody(exchange.request().body, &body); !status.ok())
    return exchange.RespondError("ERR " + status.message());
  exchange.Send(Command(exchange.request(), body));
}

void CommandHandlerBase::OnReply(HttpExchange& exchange, RespValue reply) {
  if (reply.is_error()) return exchange.RespondError(reply.text);
  RespondResult(exchange, reply);
}

}  // namespace mydis
