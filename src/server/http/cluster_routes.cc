// /v1/cluster and /v1/config: the cluster as operators see and change it.
#include <algorithm>

#include "protocol/resp_json.h"
#include "server/http/command_handler.h"
#include "server/http/routes.h"

namespace mydis {
namespace {

// --- GET /v1/cluster ---

// The names of HTTP's JSON have '_' where those of commands have '-'.
void UseHttpNames(RespValue& value) {
  for (size_t i = 0; i < value.elements.size(); ++i) {
    if (value.type == RespValue::Type::kMap && i % 2 == 0)
      std::ranges::replace(value.elements[i].text, '-', '_');
    UseHttpNames(value.elements[i]);
  }
}

class StatusHandler final : public HttpHandler {
 public:
  void Start(HttpExchange& x) override { x.Send({"MYDIS", "STATUS"}); }
  void OnReply(HttpExchange& x, RespValue reply) override {
    if (reply.is_error()) return x.RespondError(reply.text);
    UseHttpNames(reply);
    HttpResponse response{.fields = {}, .body = {}, .length = {}};
    JsonWriter out(response.body);
    WriteJson(reply, out);
    response.body += '\n';
    x.Respond(std::move(response));
  }
};

// --- What changes the cluster ---

class TransferHandler final : public CommandHandlerBase {
 public:
  TransferHandler() : CommandHandlerBase({"instance"}, {}) {}

 private:
  std::vector<std::string> Command(const HttpRequest&, const JsonValue& body) override {
    std::vector<std::string> words = {"MYDIS", "TRANSFER"};
    if (const JsonValue* instance = body.Find("instance")) words.push_back(instance->text);
    return words;
  }
};

class AddHandler final : public CommandHandlerBase {
 public:
  AddHandler() : CommandHandlerBase({"address"}, {"address"}) {}

 private:
  std::vector<std::string> Command(const HttpRequest&, const JsonValue& body) override {
    return {"MYDIS", "ADD", body.Find("address")->text};
  }
};

class RemoveHandler final : public CommandHandlerBase {
 private:
  std::vector<std::string> Command(const HttpRequest& request, const JsonValue&) override {
    return {"MYDIS", "REMOVE", request.parameters[0]};
  }
};

class PromoteHandler final : public CommandHandlerBase {
 private:
  std::vector<std::string> Command(const HttpRequest& request, const JsonValue&) override {
    return {"MYDIS", "PROMOTE", request.parameters[0]};
  }
};

class SnapshotHandler final : public CommandHandlerBase {
 private:
  std::vector<std::string> Command(const HttpRequest&, const JsonValue&) override {
    return {"SAVE"};
  }
};

// --- /v1/config ---

class GetConfigHandler final : public HttpHandler {
 public:
  void Start(HttpExchange& x) override {
    const std::string* name = x.request().Query("name");
    x.Send({"CONFIG", "GET", name == nullptr ? std::string_view("*") : *name});
  }
  void OnReply(HttpExchange& x, RespValue reply) override {
    if (reply.is_error()) return x.RespondError(reply.text);
    HttpResponse response{.fields = {}, .body = {}, .length = {}};
    JsonWriter out(response.body);
    out.BeginObject().Key("settings");
    WriteJson(reply, out);
    out.EndObject();
    response.body += '\n';
    x.Respond(std::move(response));
  }
};

class PutConfigHandler final : public HttpHandler {
 public:
  void Start(HttpExchange& x) override {
    constexpr std::string_view kForm =
        "ERR the body is an object of settings: {\"maxmemory\":\"1gb\"}";
    const auto json = ParseJson(x.request().body);
    if (!json) return x.RespondError("ERR " + json.error().message());
    if (!json->is_object() || json->members.empty()) return x.RespondError(kForm);
    std::vector<std::string> words = {"CONFIG", "SET"};
    for (const auto& [name, value] : json->members) {
      const auto text = BytesOfJson(value);
      if (!text) return x.RespondError(kForm);
      words.push_back(name);
      words.push_back(*text);
    }
    x.set_writes();
    x.Send(words);
  }
  void OnReply(HttpExchange& x, RespValue reply) override {
    if (reply.is_error()) return x.RespondError(reply.text);
    RespondResult(x, reply);
  }
};

constexpr HttpAnswer kDone[] = {
    {200, "{\"result\":…,\"revision\":N}"},
    {400, "it cannot be done; the message says why"},
    {403, "this takes an administrator"},
    {503, "no leader is known, or it did not confirm it in time"},
};
// Ids have 64 bits, more than a JavaScript number holds: they are strings.
constexpr HttpField kMemberFields[] = {
    {.name = "instance_id", .type = "string"},
    {.name = "raft_id", .type = "string", .summary = "64 bits in decimal: a string, to be exact"},
    {.name = "address", .type = "string"},
    {.name = "raft_port", .type = "integer"},
    {.name = "role", .type = "string", .summary = "leader, follower or learner"},
    {.name = "match_index",
     .type = "integer",
     .summary = "its disk has the log up to here; null if the leader does not say",
     .nullable = true},
    {.name = "lag",
     .type = "integer",
     .summary = "entries of the log that its disk has not yet; null if the leader does not say",
     .nullable = true},
    {.name = "state",
     .type = "string",
     .summary =
         "leads; replicate, probe or snapshot, how the leader brings it the log; unreachable; "
         "unknown if the leader does not say"},
};
constexpr HttpField kStatusFields[] = {
    {.name = "cluster_name", .type = "string"},
    {.name = "cluster_id",
     .type = "string",
     .summary = "64 bits in hexadecimal: a string, to be exact; null before there is a cluster",
     .nullable = true},
    {.name = "instance_id", .type = "string", .summary = "of the instance that answers"},
    {.name = "role",
     .type = "string",
     .summary = "leader, follower, candidate, learner or removed; null before there is a cluster",
     .nullable = true},
    {.name = "ready", .type = "boolean", .summary = "as /readyz says it"},
    {.name = "reason",
     .type = "string",
     .summary = "why it is not ready, or null",
     .nullable = true},
    {.name = "leader", .type = "string", .summary = "null if none is known", .nullable = true},
    {.name = "term", .type = "integer"},
    {.name = "commit_index", .type = "integer"},
    {.name = "applied_index", .type = "integer"},
    {.name = "durable_index", .type = "integer"},
    {.name = "revision", .type = "integer"},
    {.name = "log_first", .type = "integer"},
    {.name = "log_last", .type = "integer"},
    {.name = "snapshot_index", .type = "integer", .summary = "of its last snapshot; 0: none"},
    {.name = "voters", .type = "integer"},
    {.name = "disk_full", .type = "boolean"},
    {.name = "peer_encryption", .type = "boolean"},
    {.name = "cluster_keys", .type = "string", .summary = "names of the cluster keys, or empty"},
    {.name = "members", .type = "array", .items = kMemberFields},
};
constexpr HttpAnswer kStatusAnswers[] = {
    {200, "this instance and the members of its cluster"},
    {403, "this takes an administrator, or a monitoring token"},
};
constexpr HttpParameter kConfigParameters[] = {
    {"name", "string", "a name, or a pattern as in max*; all if not given"},
};
constexpr HttpAnswer kConfigAnswers[] = {
    {200,
     "{\"settings\":{name:value,…}}, of this instance and of the cluster; values are the strings "
     "that CONFIG GET gives and PUT takes, numbers, too"},
    {403, "this takes an administrator"},
};

constexpr HttpRoute kRoutes[] = {
    {.method = "GET",
     .path = "/v1/cluster",
     .summary = "This instance and the members of its cluster.",
     .commands = "MYDIS STATUS",
     .fields = kStatusFields,
     .answers = kStatusAnswers,
     .make = MakeHttpHandler<StatusHandler>},
    {.method = "POST",
     .path = "/v1/cluster/leader",
     .summary = "Hands leadership over, to the instance named or the best one.",
     .commands = "MYDIS TRANSFER",
     .body = HttpBody::kWhole,
     .body_form = "{\"instance\":\"…\"}, or nothing",
     .answers = kDone,
     .make = MakeHttpHandler<TransferHandler>},
    {.method = "POST",
     .path = "/v1/cluster/members",
     .summary = "Invites an instance that was started with --join and waits for a cluster.",
     .commands = "MYDIS ADD",
     .body = HttpBody::kWhole,
     .body_form = "{\"address\":\"host:raftport\"}",
     .answers = kDone,
     .make = MakeHttpHandler<AddHandler>},
    {.method = "DELETE",
     .path = "/v1/cluster/members/{instance}",
     .summary = "Takes an instance out of the cluster for good.",
     .commands = "MYDIS REMOVE",
     .answers = kDone,
     .make = MakeHttpHandler<RemoveHandler>},
    {.method = "POST",
     .path = "/v1/cluster/members/{instance}/promotion",
     .summary = "Makes a learner a voter.",
     .commands = "MYDIS PROMOTE",
     .answers = kDone,
     .make = MakeHttpHandler<PromoteHandler>},
    {.method = "POST",
     .path = "/v1/cluster/snapshots",
     .summary = "Takes a snapshot on this instance, and answers when it is on its disk.",
     .commands = "SAVE",
     .answers = kDone,
     .make = MakeHttpHandler<SnapshotHandler>},
    {.method = "GET",
     .path = "/v1/config",
     .summary = "Settings of this instance and of the cluster.",
     .commands = "CONFIG GET",
     .parameters = kConfigParameters,
     .answers = kConfigAnswers,
     .make = MakeHttpHandler<GetConfigHandler>},
    {.method = "PUT",
     .path = "/v1/config",
     .summary = "Changes settings, each where it belongs: on this instance or for the cluster.",
     .commands = "CONFIG SET",
     .body = HttpBody::kWhole,
     .body_form = "{\"maxmemory\":\"1gb\"}",
     .answers = kDone,
     .make = MakeHttpHandler<PutConfigHandler>},
};

}  // namespace

std::span<const HttpRoute> ClusterRoutes() { return kRoutes; }

}  // namespace mydis
