// Commands and replies of a WebSocket as JSON texts.
#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/utf8.h"
#include "protocol/resp_json.h"
#include "server/dispatch.h"
#include "server/http/websocket_session.h"

namespace mydis {
namespace {

// They would change what a reply is, or whether there is one. In order of their names.
constexpr std::string_view kRefused[] = {
    "client|attributes", "client|reply", "hello", "monitor", "mydis|request", "psync",
    "replconf",          "reset",        "sync",
};

// The kinds of pushes that answer SUBSCRIBE and its relatives.
bool IsConfirmation(const RespValue& push) {
  return !push.elements.empty() && push.elements[0].text.ends_with("subscribe");
}

}  // namespace

void JsonWebSocket::OnData(std::string_view data, bool last, HttpExchange::Wire& wire) {
  text_ += data;
  if (!last) return;
  const std::string text = std::exchange(text_, std::string());
  if (!IsUtf8(text)) return Close(WebSocketClose::kNoText, "the text is no UTF-8", wire);
  OnMessage(text, wire);
}

void JsonWebSocket::OnMessage(std::string_view text, HttpExchange::Wire& wire) {
  Pending pending;
  const auto refuse = [&](std::string error) {
    pending.error = "ERR " + std::move(error);
    pending_.push_back(std::move(pending));
    AnswerUnsent(wire);
  };
  const auto json = ParseJson(text);
  if (!json) return refuse(json.error().message());
  const JsonValue* command = &*json;
  if (json->is_object()) {
    const JsonValue* id = json->Find("id");
    command = json->Find("command");
    if (command == nullptr || json->members.size() != (id == nullptr ? 1 : 2))
      return refuse("a message is a command, or {\"id\":…,\"command\":[…]}");
    if (id != nullptr && (id->is_array() || id->is_object()))
      return refuse("\"id\" is a string or a number");
    if (id != nullptr && id->is_string()) {
      JsonWriter(pending.id).String(id->text);
    } else if (id != nullptr && id->type == JsonValue::Type::kNumber) {
      pending.id = id->text;
    }
  }
  const auto words = CommandOfJson(*command);
  if (!words) return refuse(words.error().message());
  if (std::string error = Examine(*words, &pending); !error.empty()) return refuse(error);
  const std::vector<std::string_view> views(words->begin(), words->end());
  AppendCommand(wire.plain, views);
  pending_.push_back(std::move(pending));
}

std::string JsonWebSocket::Examine(const std::vector<std::string>& words, Pending* pending) {
  std::vector<std::string_view> views(words.begin(), words.end());
  const Args args = WithoutPrefixes(table_, views);
  const CommandSpec* spec = table_.Resolve(args);
  pending->spec = spec;
  if (spec == nullptr) return {};
  const std::string name = table_.FullName(*spec);
  if (std::ranges::binary_search(kRefused, name))
    return fmt::format("{} is not for this protocol: use mydis.resp3", ToUpper(words[0]));
  if (name == "multi") in_multi_ = true;
  if (name == "exec" || name == "discard") in_multi_ = false;
  if (!IsSubscription(*spec)) return {};
  if (in_multi_) return fmt::format("{} inside MULTI is not for this protocol", ToUpper(words[0]));
  if (args.size() < 2) return fmt::format("{} names what it is about here", ToUpper(words[0]));
  pending->confirmations = args.size() - 1;
  return {};
}

void JsonWebSocket::Send(std::string_view plain, HttpExchange::Wire& wire) {
  replies_.Feed(plain);
  RespValue value;
  while (replies_.Next(&value) == RespReader::Outcome::kValue && !closing()) {
    if (value.type == RespValue::Type::kPush) {
      OnPush(value, wire);
    } else {
      OnReply(value, wire);
    }
    value = RespValue();
  }
}

void JsonWebSocket::OnPush(const RespValue& push, HttpExchange::Wire& wire) {
  std::string message;
  JsonWriter out(message);
  out.BeginObject().Key("push");
  WriteJson(push, out);
  out.EndObject();
  Write(message, wire);
  if (pending_.empty() || pending_.front().confirmations == 0 || !IsConfirmation(push)) return;
  if (--pending_.front().confirmations > 0) return;
  Answer(nullptr, {}, wire);
  AnswerUnsent(wire);
}

void JsonWebSocket::OnReply(const RespValue& reply, HttpExchange::Wire& wire) {
  if (reply.attributes.size() == 2 && reply.attributes[0].text == "revision")
    revision_ = static_cast<uint64_t>(reply.attributes[1].integer);
  // The session ends, and says why.
  if (pending_.empty()) return Close(WebSocketClose::kPolicy, reply.text, wire);
  reply.is_error() ? Answer(nullptr, reply.text, wire) : Answer(&reply, {}, wire);
  AnswerUnsent(wire);
}

void JsonWebSocket::Answer(const RespValue* reply, std::string_view error,
                           HttpExchange::Wire& wire) {
  const Pending& pending = pending_.front();
  std::string message;
  JsonWriter out(message);
  out.BeginObject();
  if (!pending.id.empty()) out.Key("id").Raw(pending.id);
  if (!error.empty()) {
    out.Key("error");
    WriteHttpError(HttpErrorOf(error, pending.spec), revision_, out);
  } else {
    out.Key("result");
    reply == nullptr ? void(out.String("OK")) : WriteJson(*reply, out);
    out.Key("revision").Unsigned(revision_);
  }
  out.EndObject();
  Write(message, wire);
  pending_.pop_front();
}

void JsonWebSocket::AnswerUnsent(HttpExchange::Wire& wire) {
  while (!pending_.empty() && pending_.front().error) {
    const std::string error = *pending_.front().error;
    Answer(nullptr, error, wire);
  }
}

}  // namespace mydis
