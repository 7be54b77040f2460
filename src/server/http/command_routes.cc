// /v1/commands: any command, and several as a pipeline or a transaction.
#include <fmt/format.h>

#include "protocol/resp_json.h"
#include "server/http/refused_commands.h"
#include "server/http/routes.h"

namespace mydis {
namespace {

// --- POST /v1/commands ---

class CommandHandler final : public HttpHandler {
 public:
  void Start(HttpExchange& x) override {
    const auto json = ParseJson(x.request().body);
    if (!json) return x.RespondError("ERR " + json.error().message());
    const auto words = CommandOfJson(*json);
    if (!words) return x.RespondError("ERR " + words.error().message());
    command_ = ExamineCommand(x.backend().table(), *words);
    if (!command_.refusal.empty()) return x.RespondError("ERR " + command_.refusal);
    if (command_.writes()) x.set_writes();
    x.SendOnce(*words);
  }

  void OnReply(HttpExchange& x, RespValue reply) override {
    if (reply.is_error()) return x.RespondError(reply.text, command_.spec);
    HttpResponse response{.fields = {}, .body = {}, .length = {}};
    JsonWriter out(response.body);
    out.BeginObject().Key("result");
    WriteJson(reply, out);
    out.Key("revision").Unsigned(x.revision()).EndObject();
    response.body += '\n';
    x.Respond(std::move(response));
  }

 private:
  HttpCommand command_;
};

// --- POST /v1/commands:batch ---

struct Batch {
  bool transaction = false;
  std::vector<std::string> watch;  // The words of MYDIS WATCH, if there are conditions.
  std::vector<std::vector<std::string>> commands;
  std::vector<HttpCommand> examined;
};

Status Wrong(std::string message) { return {ErrorCode::kInvalid, std::move(message)}; }

Status ReadConditions(const JsonValue& json, Batch* batch) {
  constexpr std::string_view kForm =
      "\"if\" is an array of {\"key\":…,\"revision\":N}, 0 for a key that must be missing";
  if (!json.is_array()) return Wrong(std::string(kForm));
  if (!batch->transaction) return Wrong("\"if\" is for \"mode\":\"transaction\" only");
  for (const JsonValue& condition : json.elements) {
    const JsonValue* key = condition.Find("key");
    const JsonValue* revision = condition.Find("revision");
    if (key == nullptr || revision == nullptr || revision->type != JsonValue::Type::kNumber ||
        condition.members.size() != 2)
      return Wrong(std::string(kForm));
    auto bytes = BytesOfJson(*key);
    if (!bytes) return bytes.error();
    if (batch->watch.empty()) batch->watch = {"MYDIS", "WATCH"};
    batch->watch.push_back(*std::move(bytes));
    batch->watch.push_back(revision->text);
  }
  return Status::Ok();
}

Status ReadCommands(const JsonValue& json, const CommandTable& table, Batch* batch) {
  if (!json.is_array()) return Wrong("\"commands\" is an array of commands");
  for (size_t i = 0; i < json.elements.size(); ++i) {
    auto words = CommandOfJson(json.elements[i]);
    if (!words) return Wrong(fmt::format("command {}: {}", i, words.error().message()));
    batch->examined.push_back(ExamineCommand(table, *words));
    if (!batch->examined.back().refusal.empty())
      return Wrong(fmt::format("command {}: {}", i, batch->examined.back().refusal));
    batch->commands.push_back(*std::move(words));
  }
  return Status::Ok();
}

Status ReadBatch(std::string_view text, const CommandTable& table, Batch* batch) {
  const auto json = ParseJson(text);
  if (!json) return json.error();
  if (!json->is_object()) return Wrong("a batch is {\"mode\":…,\"if\":[…],\"commands\":[…]}");
  const JsonValue* mode = json->Find("mode");
  if (mode != nullptr && mode->text != "pipeline" && mode->text != "transaction")
    return Wrong("\"mode\" is \"pipeline\" or \"transaction\"");
  batch->transaction = mode != nullptr && mode->text == "transaction";
  for (const auto& [name, value] : json->members) {
    if (name == "mode") continue;
    Status status = name == "if"         ? ReadConditions(value, batch)
                    : name == "commands" ? ReadCommands(value, table, batch)
                                         : Wrong(fmt::format("a batch has no \"{}\"", name));
    if (!status.ok()) return status;
  }
  return batch->commands.empty() ? Wrong("a batch has \"commands\"") : Status::Ok();
}

class BatchHandler final : public HttpHandler {
 public:
  void Start(HttpExchange& x) override {
    Status status = ReadBatch(x.request().body, x.backend().table(), &batch_);
    if (!status.ok()) return x.RespondError("ERR " + status.message());
    for (const HttpCommand& command : batch_.examined) {
      if (command.writes()) x.set_writes();
    }
    out_.BeginObject().Key("results").BeginArray();
    // Conditions that are refused must not leave the commands without any.
    watching_ = !batch_.watch.empty();
    watching_ ? x.Send(batch_.watch) : SendCommands(x);
  }

  void OnReply(HttpExchange& x, RespValue reply) override {
    if (std::exchange(watching_, false))
      return reply.is_error() ? x.RespondError(reply.text) : SendCommands(x);
    const size_t number = next_++;
    if (!batch_.transaction) {
      WriteResult(x, reply, batch_.examined[number].spec);
      if (next_ == batch_.commands.size()) Respond(x);
    } else if (number > batch_.commands.size()) {
      OnExec(x, reply);
    } else if (reply.is_error() && failure_.empty()) {
      // EXEC says only that something was wrong; this is what.
      failure_ = number == 0 ? reply.text : InCommand(number - 1, reply.text);
    }
  }

 private:
  void SendCommands(HttpExchange& x) {
    if (!batch_.transaction) {
      for (size_t i = 0; i < batch_.commands.size(); ++i) x.SendOnce(batch_.commands[i], i);
      return;
    }
    x.Send({"MULTI"});
    for (const auto& words : batch_.commands) x.Send(words);
    x.SendOnce({"EXEC"});
  }

  static std::string InCommand(size_t index, std::string_view error) {
    const RespErrorText text = SplitRespError(error);
    return fmt::format("{} command {}: {}", text.code, index, text.message);
  }

  void OnExec(HttpExchange& x, const RespValue& reply) {
    if (!failure_.empty()) return x.RespondError(failure_);
    if (reply.is_error()) return x.RespondError(reply.text);
    if (reply.is_null()) {
      return x.RespondError(412, "CONDITION",
                            "not written: a key of \"if\" is not at the revision given");
    }
    for (size_t i = 0; i < reply.elements.size() && i < batch_.examined.size(); ++i)
      WriteResult(x, reply.elements[i], batch_.examined[i].spec);
    Respond(x);
  }

  void WriteResult(HttpExchange& x, const RespValue& reply, const CommandSpec* command) {
    out_.BeginObject();
    if (reply.is_error()) {
      out_.Key("error");
      WriteHttpError(x.ErrorOf(reply.text, command), x.revision(), out_);
    } else {
      out_.Key("result");
      WriteJson(reply, out_);
    }
    out_.EndObject();
  }

  void Respond(HttpExchange& x) {
    out_.EndArray().Key("revision").Unsigned(x.revision()).EndObject();
    body_ += '\n';
    x.Respond({.fields = {}, .body = std::move(body_), .length = {}});
  }

  Batch batch_;
  std::string body_;
  JsonWriter out_{body_};
  bool watching_ = false;  // The reply to MYDIS WATCH is due.
  size_t next_ = 0;        // Of the replies behind it, MULTI's being the first of a transaction.
  std::string failure_;
};

constexpr HttpAnswer kCommandAnswers[] = {
    {200, "{\"result\":…,\"revision\":N}"},
    {400, "the command is wrong, or makes no sense over HTTP"},
    {409, "the key holds a value of another type"},
    kKeyReused,
};
constexpr HttpAnswer kBatchAnswers[] = {
    {200, "{\"results\":[{\"result\":…} or {\"error\":{…}}, …],\"revision\":N}"},
    {400, "a command cannot be run: nothing of a transaction was"},
    {412, "a key is not at the revision that the transaction wants: nothing was run"},
    kKeyReused,
};

constexpr HttpRoute kRoutes[] = {
    {.method = "POST",
     .path = "/v1/commands",
     .summary = "Runs one command.",
     .commands = "the command",
     .body = HttpBody::kWhole,
     .body_form = "[\"SET\",\"key\",\"value\"]",
     .answers = kCommandAnswers,
     .once = true,
     .make = MakeHttpHandler<CommandHandler>},
    {.method = "POST",
     .path = "/v1/commands:batch",
     .summary = "Runs several commands, one after the other or as a transaction.",
     .commands = "the commands; with MYDIS WATCH, MULTI and EXEC",
     .body = HttpBody::kWhole,
     .body_form = "{\"mode\":\"pipeline\"|\"transaction\",\"if\":[{\"key\":…,\"revision\":N}],"
                  "\"commands\":[[…],…]}",
     .answers = kBatchAnswers,
     .once = true,
     .make = MakeHttpHandler<BatchHandler>},
};

}  // namespace

std::span<const HttpRoute> CommandRoutes() { return kRoutes; }

}  // namespace mydis
