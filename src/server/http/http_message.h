// A request as routes see it, and what they answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mydis/consistency.h"
#include "mydis/status.h"
#include "protocol/http_request_reader.h"
#include "protocol/http_target.h"

namespace mydis {

struct HttpRoute;

struct HttpRequest {
  HttpHead head;
  HttpTarget target;
  const HttpRoute* route = nullptr;
  std::vector<std::string> parameters;  // What stood for the {…} of the route's path, decoded.
  // All of the body, unless the route has it streamed (HttpExchange::SendWithBody).
  std::string body;

  // --- Of every route's query ---
  uint32_t db = 0;
  std::optional<Consistency> consistency;
  uint64_t min_revision = 0;
  // --- Of its head ---
  std::string once_id;  // Idempotency-Key; empty: not given.
  // Set by the route's handler: a token that stands elsewhere than in Authorization, what may stand
  // for one, and whose form the replies have that it wants, 2 or 3.
  std::optional<std::string> token;
  bool any_password = false;  // One is good, too, where the user default needs none.
  int resp_version = 3;

  // --- Of a request that takes the connection over ---
  bool may_log_in = false;     // Who it is may be said later: AUTH.
  bool plain_replies = false;  // Without their revisions.

  const std::string* Query(std::string_view name) const { return target.Find(name); }
  const std::string* Field(std::string_view name) const { return head.Find(name); }
};

using HttpFields = std::vector<std::pair<std::string, std::string>>;

struct HttpResponse {
  int status = 200;
  HttpFields fields;  // Besides those that every response has.
  std::string body;
  std::string_view content_type = "application/json";
  // Of a response to HEAD: the size that the body would have.
  std::optional<uint64_t> length;
};

// A number of 0 or more that fits an int64_t.
std::optional<uint64_t> ReadHttpNumber(std::string_view text);
// Of a parameter that is true or false: false if it is not given, true if it has no value.
Result<bool> ReadHttpFlag(const HttpRequest& request, std::string_view name);

// "Not Found".
std::string_view HttpReason(int status);
// "Sun, 06 Nov 1994 08:49:37 GMT". Kept for a second.
std::string_view HttpDate(uint64_t unix_ms);
// Whether the status never has a body: 1xx, 204, 304.
inline bool HttpBodyless(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace mydis
