// The HTTP routes, each declared once: dispatch, what is allowed, and the descriptions come from
// these records.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/http_exchange.h"

namespace mydis {

struct HttpParameter {
  std::string_view name;
  std::string_view form;  // What is expected: "integer", "duration", "string", "a|b".
  std::string_view summary;
  uint64_t minimum = 0;  // Of an integer.
  uint64_t maximum = 0;  // Of an integer; 0: any.
};

struct HttpAnswer {
  int status;
  std::string_view summary;
};

// A member of the JSON object that a route answers with.
struct HttpField {
  std::string_view name;
  std::string_view type;  // "string", "integer", "boolean"; "array" of objects.
  std::string_view summary = {};
  bool nullable = false;
  std::span<const HttpField> items = {};  // Of an array's objects.
};

// Of routes with `once`.
inline constexpr HttpAnswer kKeyReused = {
    422, "Idempotency-Key was given to another request before: nothing was run"};

// What a route wants of the request's body.
enum class HttpBody : uint8_t {
  kNone,      // Nothing: it is skipped.
  kWhole,     // In HttpRequest::body.
  kStreamed,  // Passed on while it comes, see HttpExchange::SendWithBody.
  kPieces,    // Of any length: handed to HttpHandler::OnBody while it comes.
};

struct HttpRoute {
  std::string_view method;
  // "/v1/keys/{key}". At most one {…}, which stands for any bytes, '/' included; but "/{…}" for no
  // path below /v1.
  std::string_view path;
  std::string_view summary;
  std::string_view commands;  // That it is made of.
  HttpBody body = HttpBody::kNone;
  std::string_view body_form = {};  // What the body is, for people.
  // The types of what it answers with, "a/b|c/d", or empty.
  std::string_view gives = "application/json";
  std::span<const HttpField> fields = {};          // Of its JSON, where that is told.
  std::span<const HttpParameter> parameters = {};  // Besides those that all routes know.
  std::span<const HttpAnswer> answers = {};        // Besides the errors that all routes know.
  // The query may name anything: it is the handler's to read.
  bool open_query = false;
  // A request may be sent again with its Idempotency-Key.
  bool once = false;
  // Errors are {"error":"WRONGTYPE …"}, of 400 if the command is to blame.
  bool text_errors = false;
  // Answered without asking who wants to know, and without the session: no commands are sent.
  bool open = false;
  std::unique_ptr<HttpHandler> (*make)() = nullptr;
};

template <typename T>
std::unique_ptr<HttpHandler> MakeHttpHandler() {
  return std::make_unique<T>();
}

// db, consistency and min_revision.
std::span<const HttpParameter> CommonHttpParameters();

// Of each file of routes.
std::span<const HttpRoute> KeyRoutes();
std::span<const HttpRoute> CommandRoutes();
std::span<const HttpRoute> WatchRoutes();
std::span<const HttpRoute> WebSocketRoutes();
std::span<const HttpRoute> HealthRoutes();
std::span<const HttpRoute> ClusterRoutes();
std::span<const HttpRoute> TokenRoutes();
std::span<const HttpRoute> BackupRoutes();
std::span<const HttpRoute> UiRoutes();
std::span<const HttpRoute> UpstashRoutes();

// All routes, in the order in which they are tried.
std::span<const HttpRoute* const> HttpRoutes();

struct HttpMatch {
  const HttpRoute* route = nullptr;     // Null: none has this path and method.
  std::vector<std::string> parameters;  // Decoded.
  std::string allow;                    // The methods that the path knows: "GET, HEAD"; or empty.
  bool malformed = false;               // A '%' in the path means nothing.
};
HttpMatch FindHttpRoute(std::string_view method, std::string_view path);
// For a path that no route has: one that looks like it.
const HttpRoute& NearestHttpRoute(std::string_view path);

// Reads the query's common parameters and Idempotency-Key into the request; refuses parameters that
// the route has not, and a key if the route could not keep what it promises.
Status ReadHttpQuery(HttpRequest& request);

}  // namespace mydis
