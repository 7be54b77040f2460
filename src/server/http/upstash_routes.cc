// The REST API that npm's @upstash/redis speaks: a command as an array, as a path, several at once,
// channels as server-sent events. Replies have RESP2's forms, errors are plain text.
#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "base/ascii.h"
#include "protocol/upstash_json.h"
#include "server/http/event_stream.h"
#include "server/http/refused_commands.h"
#include "server/http/routes.h"

namespace mydis {
namespace {

// --- What all of them know ---

class UpstashHandler : public HttpHandler {
 public:
  Status Prepare(HttpRequest& request) final {
    request.resp_version = 2;
    // Its clients cannot do without a token.
    request.any_password = true;
    if (const std::string* token = request.Query("_token")) request.token = *token;
    const std::string* encoding = request.Field("upstash-encoding");
    base64_ = encoding != nullptr && *encoding == "base64";
    const std::string* format = request.Field("upstash-response-format");
    resp2_ = format != nullptr && *format == "resp2";
    ReadSyncToken(request);
    PrepareSession(request);
    return Status::Ok();
  }

 protected:
  virtual void PrepareSession(HttpRequest&) {}

  // `{"result":…}`, or RESP2's bytes if those are asked for.
  void RespondReply(HttpExchange& x, const RespValue& reply) const {
    std::string body;
    if (resp2_) {
      AppendResp2(reply, body);
    } else {
      JsonWriter out(body);
      WriteResult(reply, out);
    }
    RespondBody(x, std::move(body));
  }

  void WriteResult(const RespValue& reply, JsonWriter& out) const {
    out.BeginObject();
    if (reply.is_error()) {
      out.Key("error").String(reply.text);
    } else {
      out.Key("result");
      WriteUpstashJson(reply, base64_, out);
    }
    out.EndObject();
  }

  void RespondReplies(HttpExchange& x, const std::vector<RespValue>& replies) const {
    std::string body;
    if (resp2_) {
      RespValue all;
      all.type = RespValue::Type::kArray;
      all.elements = replies;
      AppendResp2(all, body);
    } else {
      JsonWriter out(body);
      out.BeginArray();
      for (const RespValue& reply : replies) WriteResult(reply, out);
      out.EndArray();
    }
    RespondBody(x, std::move(body));
  }

 private:
  // A token that is not of this cluster's making is as good as none.
  static void ReadSyncToken(HttpRequest& request) {
    const std::string* token = request.Field("upstash-sync-token");
    if (token == nullptr) return;
    uint64_t revision = 0;
    const char* end = token->data() + token->size();
    const auto [stop, error] = std::from_chars(token->data(), end, revision);
    if (error == std::errc() && stop == end && revision <= INT64_MAX)
      request.min_revision = std::max(request.min_revision, revision);
  }

  void RespondBody(HttpExchange& x, std::string body) const {
    x.Respond({.fields = {{"Upstash-Sync-Token", std::to_string(x.revision())}},
               .body = std::move(body),
               .content_type = resp2_ ? "application/octet-stream" : "application/json",
               .length = {}});
  }

  bool base64_ = false;
  bool resp2_ = false;
};

// Empty if the command may be sent; else the error.
std::string RefusalOf(HttpExchange& x, const std::vector<std::string>& words) {
  const HttpCommand command = ExamineCommand(x.backend().table(), words);
  if (!command.refusal.empty()) return "ERR " + command.refusal;
  if (command.writes()) x.set_writes();
  return {};
}

// --- One command ---

class UpstashCommandHandler : public UpstashHandler {
 public:
  void OnReply(HttpExchange& x, RespValue reply) override {
    if (reply.is_error()) return x.RespondError(reply.text);
    RespondReply(x, reply);
  }

 protected:
  static void Run(HttpExchange& x, const std::vector<std::string>& words) {
    const std::string refusal = RefusalOf(x, words);
    if (!refusal.empty()) return x.RespondError(refusal);
    x.Send(words);
  }
};

class UpstashBodyHandler final : public UpstashCommandHandler {
 public:
  void Start(HttpExchange& x) override {
    const auto json = ParseJson(x.request().body);
    if (!json) return x.RespondError("ERR " + json.error().message());
    const auto words = UpstashCommand(*json);
    if (!words) return x.RespondError("ERR " + words.error().message());
    Run(x, *words);
  }
};

// /set/key/value?EX=100, with a body behind the path's words; or a channel to listen to.
class UpstashPathHandler final : public UpstashCommandHandler {
 public:
  void Start(HttpExchange& x) override {
    std::vector<std::string> words;
    if (!ReadPath(x.request().target.path, &words))
      return x.RespondError("ERR a % in the path is followed by two hexadecimal digits");
    if (words[0].empty())
      return x.RespondError(404, "ERR", "there is nothing at /; did you mean GET /ui?");
    if (x.backend().table().Find(words[0]) == nullptr) {
      const HttpRoute& nearest = NearestHttpRoute(x.request().target.path);
      return x.RespondError(404, "ERR",
                            fmt::format("there is no command {} and no such route; did you mean "
                                        "{} {}?",
                                        words[0], nearest.method, nearest.path));
    }
    // The client sends an empty array as the body.
    if (listens_) {
      x.Listen();
      return x.Send(words);
    }
    if (!x.request().body.empty()) words.push_back(x.request().body);
    AddQuery(x.request(), &words);
    Run(x, words);
  }

  void OnPush(HttpExchange& x, const RespValue& push) override {
    if (!streams_) {
      streams_ = true;
      x.BeginStream({.fields = {{"Cache-Control", "no-store"}},
                     .body = {},
                     .content_type = "text/event-stream",
                     .length = {}});
    }
    x.WriteStream(EventOf(push));
    wrote_ = true;
  }

  void OnSecond(HttpExchange& x, uint64_t now_ms) override {
    if (std::exchange(wrote_, false) || since_ms_ == 0) since_ms_ = now_ms;
    if (!streams_ || now_ms - since_ms_ < kKeepAliveMs) return;
    x.WriteStream(kKeepAlive);
    since_ms_ = now_ms;
  }

 private:
  void PrepareSession(HttpRequest& request) override {
    const std::string name = ToLower(request.target.path.substr(1));
    listens_ = name.starts_with("subscribe/") || name.starts_with("psubscribe/");
    // Messages come as pushes then.
    if (listens_) request.resp_version = 3;
  }

  static bool ReadPath(std::string_view path, std::vector<std::string>* words) {
    path.remove_prefix(1);
    while (true) {
      const size_t slash = path.find('/');
      auto word = PercentDecode(path.substr(0, slash));
      if (!word) return false;
      words->push_back(*std::move(word));
      if (slash == path.npos) return true;
      path.remove_prefix(slash + 1);
    }
  }

  static void AddQuery(const HttpRequest& request, std::vector<std::string>* words) {
    for (const auto& [name, value] : request.target.query) {
      const auto is_it = [&wanted = name](const HttpParameter& p) { return p.name == wanted; };
      if (name == "_token" || std::ranges::any_of(CommonHttpParameters(), is_it)) continue;
      words->push_back(name);
      if (!value.empty()) words->push_back(value);
    }
  }

  // "message,channel,text": a line of text for each of a message.
  static std::string EventOf(const RespValue& push) {
    std::string text;
    for (const RespValue& part : push.elements) {
      if (!text.empty()) text += ',';
      text += part.type == RespValue::Type::kInteger ? std::to_string(part.integer) : part.text;
    }
    std::string event;
    for (size_t begin = 0; begin <= text.size();) {
      const size_t end = std::min(text.find('\n', begin), text.size());
      event += fmt::format("data: {}\n", std::string_view(text).substr(begin, end - begin));
      begin = end + 1;
    }
    return event + '\n';
  }

  bool listens_ = false;
  bool streams_ = false;
  bool wrote_ = false;     // Since the last OnSecond.
  uint64_t since_ms_ = 0;  // When something was written last.
};

// --- Several ---

class UpstashBatchHandler : public UpstashHandler {
 public:
  explicit UpstashBatchHandler(bool transaction) : transaction_(transaction) {}

  void Start(HttpExchange& x) override {
    const auto json = ParseJson(x.request().body);
    if (!json) return x.RespondError("ERR " + json.error().message());
    if (!json->is_array()) return x.RespondError("ERR the body is an array of commands");
    std::vector<std::vector<std::string>> commands;
    for (const JsonValue& element : json->elements) {
      auto words = UpstashCommand(element);
      if (!words) return x.RespondError("ERR " + words.error().message());
      const std::string refusal = RefusalOf(x, *words);
      if (!refusal.empty()) return x.RespondError(refusal);
      commands.push_back(*std::move(words));
    }
    count_ = commands.size();
    if (commands.empty()) return RespondReplies(x, {});
    if (transaction_) x.Send({"MULTI"});
    for (const auto& words : commands) x.Send(words);
    if (transaction_) x.Send({"EXEC"});
  }

  void OnReply(HttpExchange& x, RespValue reply) override {
    if (!transaction_) {
      replies_.push_back(std::move(reply));
      if (replies_.size() == count_) RespondReplies(x, replies_);
      return;
    }
    const bool last = seen_++ == count_ + 1;
    // EXEC says only that something was wrong.
    if (reply.is_error() && failure_.empty()) failure_ = reply.text;
    if (!last) return;
    failure_.empty() ? RespondReplies(x, reply.elements) : x.RespondError(failure_);
  }

 private:
  const bool transaction_;
  size_t count_ = 0;
  size_t seen_ = 0;
  std::vector<RespValue> replies_;
  std::string failure_;
};

struct UpstashPipelineHandler final : UpstashBatchHandler {
  UpstashPipelineHandler() : UpstashBatchHandler(false) {}
};
struct UpstashTransactionHandler final : UpstashBatchHandler {
  UpstashTransactionHandler() : UpstashBatchHandler(true) {}
};

constexpr HttpParameter kParameters[] = {
    {"_token", "string", "a token, for those who cannot send Authorization"},
};
constexpr HttpAnswer kAnswers[] = {
    {200,
     "{\"result\":…}; strings in base64 with Upstash-Encoding: base64; RESP2 with "
     "Upstash-Response-Format: resp2"},
    {400, "{\"error\":\"ERR …\"}"},
};
constexpr HttpAnswer kBatchAnswers[] = {
    {200, "[{\"result\":…} or {\"error\":\"ERR …\"},…]"},
    {400, "{\"error\":\"ERR …\"}: nothing was run"},
};

constexpr HttpRoute UpstashRoute(std::string_view method, std::string_view path,
                                 std::string_view summary, std::string_view commands,
                                 std::string_view body_form, std::span<const HttpAnswer> answers,
                                 std::unique_ptr<HttpHandler> (*make)()) {
  return {.method = method,
          .path = path,
          .summary = summary,
          .commands = commands,
          .body = body_form.empty() ? HttpBody::kNone : HttpBody::kWhole,
          .body_form = body_form,
          .parameters = kParameters,
          .answers = answers,
          .open_query = true,
          .text_errors = true,
          .make = make};
}

constexpr std::string_view kPathSummary =
    "A command as a path, /set/key/value?EX=100, with the body as a further word; "
    "/subscribe/{channel} and /psubscribe/{pattern} give server-sent events.";
constexpr std::string_view kListForm = "[[\"SET\",\"key\",\"value\"],…]";

constexpr HttpRoute kRoutes[] = {
    UpstashRoute("POST", "/", "Runs one command.", "the command", "[\"SET\",\"key\",\"value\"]",
                 kAnswers, MakeHttpHandler<UpstashBodyHandler>),
    UpstashRoute("POST", "/pipeline", "Runs several commands, one after the other.", "the commands",
                 kListForm, kBatchAnswers, MakeHttpHandler<UpstashPipelineHandler>),
    UpstashRoute("POST", "/multi-exec", "Runs several commands as a transaction.",
                 "MULTI, the commands, EXEC", kListForm, kBatchAnswers,
                 MakeHttpHandler<UpstashTransactionHandler>),
    UpstashRoute("GET", "/{command}", kPathSummary, "the command", "", kAnswers,
                 MakeHttpHandler<UpstashPathHandler>),
    UpstashRoute("POST", "/{command}", kPathSummary, "the command", "the last word", kAnswers,
                 MakeHttpHandler<UpstashPathHandler>),
    UpstashRoute("PUT", "/{command}", kPathSummary, "the command", "the last word", kAnswers,
                 MakeHttpHandler<UpstashPathHandler>),
};

}  // namespace

std::span<const HttpRoute> UpstashRoutes() { return kRoutes; }

}  // namespace mydis
