// /v1/tokens: users with a random secret (docs/acl.md).
#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/duration.h"
#include "protocol/resp_json.h"
#include "server/http/command_handler.h"
#include "server/http/routes.h"

namespace mydis {
namespace {

constexpr std::string_view kAccess[] = {"read-write", "read-only", "write-only", "monitoring",
                                        "admin"};

// --- GET /v1/tokens ---

class ListTokensHandler final : public HttpHandler {
 public:
  void Start(HttpExchange& x) override { x.Send({"TOKEN", "LIST"}); }
  void OnReply(HttpExchange& x, RespValue reply) override {
    if (reply.is_error()) return x.RespondError(reply.text);
    for (RespValue& token : reply.elements) {
      for (size_t i = 0; i < token.elements.size(); i += 2)
        std::ranges::replace(token.elements[i].text, '-', '_');
    }
    HttpResponse response{.fields = {}, .body = {}, .length = {}};
    JsonWriter out(response.body);
    out.BeginObject().Key("tokens");
    WriteJson(reply, out);
    out.EndObject();
    response.body += '\n';
    x.Respond(std::move(response));
  }
};

// --- POST /v1/tokens ---

Status Wrong(std::string message) { return {ErrorCode::kInvalid, std::move(message)}; }

Status ReadAccess(const JsonValue& value, std::vector<std::string>* words) {
  if (std::ranges::find(kAccess, value.text) == std::end(kAccess))
    return Wrong(fmt::format("access is one of {}", fmt::join(kAccess, ", ")));
  if (value.text == "read-write") return Status::Ok();
  std::string word = ToUpper(value.text);
  std::erase(word, '-');
  words->push_back(std::move(word));
  return Status::Ok();
}

Status ReadPrefixes(const JsonValue& value, std::vector<std::string>* words) {
  if (!value.is_array()) return Wrong("prefixes is an array of strings");
  for (const JsonValue& prefix : value.elements) {
    auto bytes = BytesOfJson(prefix);
    if (!bytes) return bytes.error();
    words->push_back("PREFIX");
    words->push_back(*std::move(bytes));
  }
  return Status::Ok();
}

Status ReadExpiry(const JsonValue& value, std::vector<std::string>* words) {
  const auto ms = ParseDuration(value.text);
  if (!ms || *ms < 1000 || *ms % 1000 != 0)
    return Wrong("expires is a length of time of whole seconds, one or more: \"30d\"");
  words->push_back("EX");
  words->push_back(std::to_string(*ms / 1000));
  return Status::Ok();
}

Status ReadToken(std::string_view text, std::vector<std::string>* words) {
  const auto json = ParseJson(text.empty() ? "{}" : text);
  if (!json) return json.error();
  if (!json->is_object()) return Wrong("the body is an object");
  *words = {"TOKEN", "CREATE"};
  for (const auto& [name, value] : json->members) {
    Status status;
    if (name == "name" && value.is_string()) {
      words->push_back("NAME");
      words->push_back(value.text);
    } else if (name == "access") {
      status = ReadAccess(value, words);
    } else if (name == "prefixes") {
      status = ReadPrefixes(value, words);
    } else if (name == "expires") {
      status = ReadExpiry(value, words);
    } else if (name == "name") {
      status = Wrong("name is a string");
    } else {
      status =
          Wrong(fmt::format("a token has no {}; it knows name, prefixes, access, expires", name));
    }
    if (!status.ok()) return status;
  }
  return Status::Ok();
}

class CreateTokenHandler final : public HttpHandler {
 public:
  void Start(HttpExchange& x) override {
    std::vector<std::string> words;
    if (Status status = ReadToken(x.request().body, &words); !status.ok())
      return x.RespondError("ERR " + status.message());
    x.set_writes();
    x.Send(words);
  }
  void OnReply(HttpExchange& x, RespValue reply) override {
    if (reply.is_error()) return x.RespondError(reply.text);
    HttpResponse response{
        .status = 201, .fields = {{"Cache-Control", "no-store"}}, .body = {}, .length = {}};
    JsonWriter out(response.body);
    out.BeginObject().Key("token").String(reply.text);
    out.Key("revision").Unsigned(x.revision()).EndObject();
    response.body += '\n';
    x.Respond(std::move(response));
  }
};

// --- DELETE /v1/tokens/{name} ---

class RevokeTokenHandler final : public HttpHandler {
 public:
  void Start(HttpExchange& x) override {
    x.set_writes();
    x.Send({"TOKEN", "REVOKE", x.request().parameters[0]});
  }
  void OnReply(HttpExchange& x, RespValue reply) override {
    if (reply.text.starts_with("ERR there is no token"))
      return x.RespondError(404, "NOTFOUND", "there is no such token");
    if (reply.is_error()) return x.RespondError(reply.text);
    x.Respond({.status = 204, .fields = {}, .body = {}, .length = {}});
  }
};

constexpr HttpAnswer kListAnswers[] = {
    {200,
     "{\"tokens\":[{\"name\",\"access\",\"keys\",\"channels\",\"created_ms\",\"until_ms\"},…]}"},
    {403, "this takes an administrator"},
};
constexpr HttpAnswer kCreateAnswers[] = {
    {201, "{\"token\":\"mydis_…\",\"revision\":N}: nobody can see it again"},
    {400, "the name is taken, or something in the body is wrong"},
    {403, "this takes an administrator"},
};
constexpr HttpAnswer kRevokeAnswers[] = {
    {204, "the token is no longer good, and its connections are closed"},
    {403, "this takes an administrator"},
    {404, "there is no such token"},
};

constexpr HttpRoute kRoutes[] = {
    {.method = "GET",
     .path = "/v1/tokens",
     .summary = "All tokens with their rights, without their secrets.",
     .commands = "TOKEN LIST",
     .answers = kListAnswers,
     .make = MakeHttpHandler<ListTokensHandler>},
    {.method = "POST",
     .path = "/v1/tokens",
     .summary = "Makes a token for keys and channels that begin with one of the prefixes.",
     .commands = "TOKEN CREATE",
     .body = HttpBody::kWhole,
     .body_form =
         "{\"name\":\"…\",\"prefixes\":[\"app:\"],\"access\":\"read-write\"|\"read-only\"|"
         "\"write-only\"|\"monitoring\"|\"admin\",\"expires\":\"30d\"}; all may be missing",
     .answers = kCreateAnswers,
     .make = MakeHttpHandler<CreateTokenHandler>},
    {.method = "DELETE",
     .path = "/v1/tokens/{name}",
     .summary = "Revokes a token.",
     .commands = "TOKEN REVOKE",
     .answers = kRevokeAnswers,
     .make = MakeHttpHandler<RevokeTokenHandler>},
};

}  // namespace

std::span<const HttpRoute> TokenRoutes() { return kRoutes; }

}  // namespace mydis
