// /livez, /readyz and /metrics: for those who watch over instances.
#include <fmt/format.h>

#include <charconv>

#include "server/http/routes.h"

namespace mydis {
namespace {

void RespondHealthy(HttpExchange& x) {
  x.Respond(
      {.fields = {{"Cache-Control", "no-store"}}, .body = "{\"status\":\"ok\"}\n", .length = {}});
}

// `passes`: it may be otherwise when it is asked again.
void RespondUnhealthy(HttpExchange& x, std::string_view reason, bool passes) {
  x.RespondError(HttpError{.status = 503,
                           .code = "UNHEALTHY",
                           .message = std::string(reason),
                           .committed = "no",
                           .retryable = passes},
                 {{"Cache-Control", "no-store"}});
}

class LiveHandler final : public HttpHandler {
 public:
  void Start(HttpExchange& x) override {
    if (x.backend().Health().turning) return RespondHealthy(x);
    RespondUnhealthy(x, "a thread of this process has not answered for too long", false);
  }
  void OnReply(HttpExchange&, RespValue) override {}
};

class ReadyHandler final : public HttpHandler {
 public:
  Status Prepare(HttpRequest& request) override {
    const std::string* leader = request.Query("leader");
    if (leader != nullptr && *leader != "" && *leader != "true" && *leader != "false")
      return Status(ErrorCode::kInvalid, "leader is true or false");
    needs_leader_ = leader != nullptr && *leader != "false";
    const std::string* text = request.Query("max_lag");
    if (text == nullptr) return Status::Ok();
    const char* end = text->data() + text->size();
    uint64_t lag = 0;
    const auto [stop, error] = std::from_chars(text->data(), end, lag);
    if (error != std::errc() || stop != end)
      return Status(ErrorCode::kInvalid, "max_lag is a number of log entries");
    max_lag_ = lag;
    return Status::Ok();
  }

  void Start(HttpExchange& x) override {
    const HttpHealth health = x.backend().Health();
    if (!health.ready) return RespondUnhealthy(x, health.why, true);
    // Without a leader nobody tells how far the log is.
    if ((needs_leader_ || max_lag_) && !health.has_leader)
      return RespondUnhealthy(x, "no leader is known", true);
    if (max_lag_ && health.lag > *max_lag_) {
      return RespondUnhealthy(
          x, fmt::format("{} entries of the log are not applied here yet", health.lag), true);
    }
    RespondHealthy(x);
  }
  void OnReply(HttpExchange&, RespValue) override {}

 private:
  bool needs_leader_ = false;
  std::optional<uint64_t> max_lag_;
};

class MetricsHandler final : public HttpHandler {
 public:
  void Start(HttpExchange& x) override { x.Send({"MYDIS", "METRICS"}); }
  void OnReply(HttpExchange& x, RespValue reply) override {
    if (reply.is_error()) return x.RespondError(reply.text);
    x.Respond({.fields = {},
               .body = std::move(reply.text),
               .content_type = "text/plain; version=0.0.4; charset=utf-8",
               .length = {}});
  }
};

constexpr HttpParameter kReadyParameters[] = {
    {"leader", "true|false", "a leader must be known, too: writes and strong reads can be served"},
    {"max_lag", "integer", "no more entries of the log may wait to be applied here"},
};
constexpr HttpAnswer kLiveAnswers[] = {
    {200, "all threads of the process turn"},
    {503, "one has not for 20 seconds: restart the process"},
};
constexpr HttpAnswer kReadyAnswers[] = {
    {200, "this instance may serve eventual reads"},
    {503, "it may not, or what is asked for besides does not hold; the message says why"},
};
constexpr HttpAnswer kMetricsAnswers[] = {
    {200, "metrics in Prometheus's text form"},
};

constexpr HttpRoute kRoutes[] = {
    {.method = "GET",
     .path = "/livez",
     .summary = "Whether the process is alive. Needs no login.",
     .commands = "none",
     .answers = kLiveAnswers,
     .open = true,
     .make = MakeHttpHandler<LiveHandler>},
    {.method = "GET",
     .path = "/readyz",
     .summary = "Whether this instance should be sent requests. Needs no login.",
     .commands = "none",
     .parameters = kReadyParameters,
     .answers = kReadyAnswers,
     .open = true,
     .make = MakeHttpHandler<ReadyHandler>},
    {.method = "GET",
     .path = "/metrics",
     .summary = "What this instance measures, for Prometheus.",
     .commands = "MYDIS METRICS",
     .gives = "text/plain",
     .answers = kMetricsAnswers,
     .make = MakeHttpHandler<MetricsHandler>},
};

}  // namespace

std::span<const HttpRoute> HealthRoutes() { return kRoutes; }

}  // namespace mydis
