// /v1/watch and /v1/channels: what becomes of keys, and what is said on channels, as events.
#include <fmt/format.h>

#include "protocol/resp_json.h"
#include "server/http/event_stream.h"
#include "server/http/routes.h"

namespace mydis {
namespace {

// --- GET /v1/watch ---

class WatchHandler final : public EventStreamHandler {
  Status ReadCommand(const HttpRequest& request, std::vector<std::string>* words) override {
    const std::string* prefix = request.Query("prefix");
    *words = {"MYDIS", "FOLLOW", prefix == nullptr ? "" : *prefix};
    const auto values = ReadHttpFlag(request, "values");
    if (!values) return values.error();
    if (*values) words->push_back("VALUES");
    return Status::Ok();
  }

  std::string_view WriteEvent(const RespValue& push, JsonWriter& out) override {
    const std::vector<RespValue>& parts = push.elements;
    out.Key("key");
    WriteJson(parts[5], out);
    out.Key("type");
    WriteJson(parts[6], out);
    if (parts.size() > 7) {
      out.Key("value");
      WriteJson(parts[7], out);
      out.Key("value_revision");
      WriteJson(parts[8], out);
    }
    return parts[4].text;
  }
};

// --- GET /v1/channels/{name}/messages ---

class ListenHandler final : public EventStreamHandler {
  Status ReadCommand(const HttpRequest& request, std::vector<std::string>* words) override {
    const auto pattern = ReadHttpFlag(request, "pattern");
    if (!pattern) return pattern.error();
    *words = {"MYDIS", *pattern ? "PLISTEN" : "LISTEN", request.parameters[0]};
    return Status::Ok();
  }

  std::string_view WriteEvent(const RespValue& push, JsonWriter& out) override {
    out.Key("channel").String(push.elements[4].text);
    out.Key("message").String(push.elements[5].text);
    return "message";
  }
};

// --- POST /v1/channels/{name}/messages ---

class PublishHandler final : public HttpHandler {
 public:
  void Start(HttpExchange& x) override {
    x.set_writes();
    const std::string_view before[] = {"PUBLISH", x.request().parameters[0]};
    x.SendWithBody(before, {});
  }

  void OnReply(HttpExchange& x, RespValue reply) override {
    if (reply.is_error()) return x.RespondError(reply.text);
    x.Respond(
        {.fields = {},
         .body = fmt::format("{{\"receivers\":{},\"revision\":{}}}\n", reply.integer, x.revision()),
         .length = {}});
  }
};

constexpr HttpParameter kFrom = {
    "from", "integer",
    "the revision after which to begin, of an earlier response or event; Last-Event-ID goes before "
    "it; without it: now"};
constexpr HttpParameter kWait = {
    "wait", "duration",
    "answers with a list as soon as there is something, after that time at most"};

constexpr HttpParameter kWatchParameters[] = {
    {"prefix", "string", "what the keys begin with; without it: all keys"},
    kFrom,
    kWait,
    {"values", "true|false",
     "events have the values of strings up to 1 MiB, as they are when sent"},
};
constexpr HttpParameter kListenParameters[] = {
    kFrom,
    kWait,
    {"pattern", "true|false", "the name is a pattern of channels"},
};
constexpr HttpAnswer kEventAnswers[] = {
    {200,
     "server-sent events, whose id is the revision to go on from; with wait a list of events, "
     "and that revision"},
    {410, "with wait: what came after that revision is no longer kept. A stream has an event gone"},
};
constexpr HttpAnswer kPublishAnswers[] = {
    {200,
     "how many subscribers of this instance got it, and its revision; with Idempotency-Key nobody "
     "counts: 0"},
    kKeyReused,
};

constexpr HttpRoute kRoutes[] = {
    {.method = "GET",
     .path = "/v1/watch",
     .summary = "What becomes of the keys with a prefix, from a revision on.",
     .commands = "MYDIS FOLLOW",
     .gives = "text/event-stream|application/json",
     .parameters = kWatchParameters,
     .answers = kEventAnswers,
     .make = MakeHttpHandler<WatchHandler>},
    {.method = "GET",
     .path = "/v1/channels/{name}/messages",
     .summary = "The messages of a channel, or of those that match a pattern, from a revision on.",
     .commands = "MYDIS LISTEN, MYDIS PLISTEN",
     .gives = "text/event-stream|application/json",
     .parameters = kListenParameters,
     .answers = kEventAnswers,
     .make = MakeHttpHandler<ListenHandler>},
    {.method = "POST",
     .path = "/v1/channels/{name}/messages",
     .summary = "Sends the body to the subscribers of a channel, on all instances.",
     .commands = "PUBLISH",
     .body = HttpBody::kStreamed,
     .body_form = "the message's bytes",
     .answers = kPublishAnswers,
     .once = true,
     .make = MakeHttpHandler<PublishHandler>},
};

}  // namespace

std::span<const HttpRoute> WatchRoutes() { return kRoutes; }

}  // namespace mydis
