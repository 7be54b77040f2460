#include "server/http/routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "state/state.h"

namespace mydis {
namespace {

constexpr HttpParameter kCommon[] = {
    {.name = "db",
     .form = "integer",
     .summary = "the database, 0 if not given",
     .maximum = kDatabases - 1},
    {"consistency", "eventual|strong", "what the request promises; else the instance's default"},
    {"min_revision", "integer", "the state that is looked at has at least this revision"},
};

// What stands for the route's {…}; nullopt if the path is another's.
std::optional<std::string_view> Match(const HttpRoute& route, std::string_view path) {
  const size_t open = route.path.find('{');
  if (open == 1 && (path == "/v1" || path.starts_with("/v1/"))) return std::nullopt;
  if (open == route.path.npos)
    return path == route.path ? std::optional<std::string_view>("") : std::nullopt;
  const std::string_view before = route.path.substr(0, open);
  const std::string_view after = route.path.substr(route.path.find('}') + 1);
  if (path.size() < before.size() + after.size() || !path.starts_with(before) ||
      !path.ends_with(after))
    return std::nullopt;
  return path.substr(before.size(), path.size() - before.size() - after.size());
}

template <typename T>
bool ReadNumber(const std::string& text, T* number) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *number);
  return error == std::errc() && stop == end;
}

Status Wrong(std::string message) { return {ErrorCode::kInvalid, std::move(message)}; }

Status ReadCommon(HttpRequest& request) {
  if (const std::string* db = request.Query("db")) {
    if (!ReadNumber(*db, &request.db) || request.db >= kDatabases)
      return Wrong(fmt::format("db is a number from 0 to {}", kDatabases - 1));
  }
  if (const std::string* wanted = request.Query("consistency")) {
    if (*wanted != "eventual" && *wanted != "strong")
      return Wrong("consistency is eventual or strong");
    request.consistency = *wanted == "strong" ? Consistency::kStrong : Consistency::kEventual;
  }
  if (const std::string* revision = request.Query("min_revision")) {
    if (!ReadNumber(*revision, &request.min_revision) || request.min_revision > INT64_MAX)
      return Wrong("min_revision is a number of 0 or more");
  }
  return Status::Ok();
}

// A string of its own or, as the IETF's draft has it, in quotes. Requests that change nothing need
// none.
Status ReadIdempotencyKey(HttpRequest& request) {
  // An item of a pipeline gets a number behind it.
  constexpr size_t kRoomForNumber = 8;
  constexpr size_t kLongest = kMaxRequestId - kRoomForNumber;
  const std::string* field = request.Field("idempotency-key");
  if (field == nullptr || request.head.method == "GET" || request.head.method == "HEAD")
    return Status::Ok();
  const HttpRoute& route = *request.route;
  if (!route.once)
    return Wrong(fmt::format("{} {} cannot be repeated safely: it has no Idempotency-Key",
                             route.method, route.path));
  std::string_view id = *field;
  if (id.size() >= 2 && id.starts_with('"') && id.ends_with('"')) id = id.substr(1, id.size() - 2);
  if (id.empty() || id.size() > kLongest)
    return Wrong(fmt::format("Idempotency-Key has 1 to {} bytes", kLongest));
  request.once_id = id;
  return Status::Ok();
}

}  // namespace

std::span<const HttpParameter> CommonHttpParameters() { return kCommon; }

std::span<const HttpRoute* const> HttpRoutes() {
  static const std::vector<const HttpRoute*> routes = [] {
    std::vector<const HttpRoute*> all;
    for (const auto family :
         {KeyRoutes(), CommandRoutes(), WatchRoutes(), WebSocketRoutes(), HealthRoutes(),
          ClusterRoutes(), TokenRoutes(), BackupRoutes(), UiRoutes(), UpstashRoutes()}) {
      for (const HttpRoute& route : family) all.push_back(&route);
    }
    return all;
  }();
  return routes;
}

HttpMatch FindHttpRoute(std::string_view method, std::string_view path) {
  // A path of ours is no command, whatever the method.
  const bool ours = path != "/" && std::ranges::any_of(HttpRoutes(), [path](const auto* route) {
                      return route->path == path;
                    });
  HttpMatch match;
  for (const HttpRoute* route : HttpRoutes()) {
    if (ours && route->path != path) continue;
    const auto parameter = Match(*route, path);
    if (!parameter) continue;
    if (match.allow.find(route->method) == match.allow.npos)
      match.allow += fmt::format("{}{}", match.allow.empty() ? "" : ", ", route->method);
    if (route->method != method || match.route != nullptr) continue;
    match.route = route;
    if (route->path.find('{') == route->path.npos) continue;
    auto decoded = PercentDecode(*parameter);
    match.malformed = !decoded;
    match.parameters.push_back(decoded.value_or(""));
  }
  return match;
}

const HttpRoute& NearestHttpRoute(std::string_view path) {
  const auto alike = [path](const HttpRoute* route) {
    return std::ranges::mismatch(path, route->path).in1 - path.begin();
  };
  return **std::ranges::max_element(HttpRoutes(), {}, alike);
}

Status ReadHttpQuery(HttpRequest& request) {
  const HttpRoute& route = *request.route;
  for (const auto& [name, value] : request.target.query) {
    const auto is_it = [&wanted = name](const HttpParameter& p) { return p.name == wanted; };
    if (route.open_query || std::ranges::any_of(kCommon, is_it) ||
        std::ranges::any_of(route.parameters, is_it))
      continue;
    std::string known;
    for (const auto list : {route.parameters, std::span<const HttpParameter>(kCommon)}) {
      for (const HttpParameter& parameter : list)
        known += fmt::format("{}{}", known.empty() ? "" : ", ", parameter.name);
    }
    return Wrong(fmt::format("{} {} has no parameter {}; it knows {}", route.method, route.path,
                             name, known));
  }
  Status status = ReadCommon(request);
  return status.ok() ? ReadIdempotencyKey(request) : status;
}

}  // namespace mydis
