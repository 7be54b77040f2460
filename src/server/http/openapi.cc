#include "server/http/openapi.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include "base/version.h"
#include "protocol/json.h"
#include "server/http/http_message.h"
#include "server/http/routes.h"

namespace mydis {
namespace {

constexpr std::string_view kIntroduction =
    "Every instance of a cluster serves all of it, whichever leads. Commands are those of Redis "
    "and "
    "Mydis: docs/commands.md. Paths' last parameters may have '/' in them.";

// What any route may answer that asks who wants to know.
constexpr HttpAnswer kCommonAnswers[] = {
    {400, "the request is wrong; the message says how"},
    {401, "the token is not valid, or one is needed"},
    {403, "the user may not do this"},
    {429, "too much is under way"},
    {503, "not done, and may be later: no leader, or this instance is not up to date"},
    {504, "done, but not on all instances; or not known to be done"},
    {507, "the disk or the memory is full"},
};

// get_v1_keys_key
std::string OperationId(const HttpRoute& route) {
  std::string id;
  for (const char c : route.method) id += static_cast<char>(c | 0x20);
  bool word = false;
  for (const char c : route.path) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (letter && !word) id += '_';
    if (letter) id += c;
    word = letter;
  }
  return id;
}

// At each '|'.
std::vector<std::string_view> Split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t bar = std::min(text.find('|'), text.size());
    parts.push_back(text.substr(0, bar));
    text.remove_prefix(std::min(bar + 1, text.size()));
  }
  return parts;
}

void WriteSchema(const HttpParameter& parameter, JsonWriter& out) {
  const std::string_view form = parameter.form;
  out.Key("schema").BeginObject();
  out.Key("type").String(form == "integer" ? "integer" : "string");
  if (form == "integer") out.Key("minimum").Unsigned(parameter.minimum);
  if (parameter.maximum != 0) out.Key("maximum").Unsigned(parameter.maximum);
  if (form == "duration") out.Key("pattern").String("^[0-9.]+(ms|s|m|h|d)$");
  if (form.find('|') != form.npos) {
    out.Key("enum").BeginArray();
    for (const std::string_view word : Split(form)) out.String(word);
    out.EndArray();
  }
  out.EndObject();
}

void WriteParameter(std::string_view place, const HttpParameter& parameter, JsonWriter& out) {
  out.BeginObject().Key("name").String(parameter.name).Key("in").String(place);
  if (place == "path") out.Key("required").Bool(true);
  out.Key("description").String(parameter.summary);
  WriteSchema(parameter, out);
  out.EndObject();
}

void WriteParameters(const HttpRoute& route, JsonWriter& out) {
  out.Key("parameters").BeginArray();
  const size_t open = route.path.find('{');
  if (open != route.path.npos) {
    const size_t shut = route.path.find('}');
    WriteParameter(
        "path", {route.path.substr(open + 1, shut - open - 1), "string", "as %XX what is no text"},
        out);
  }
  for (const HttpParameter& parameter : route.parameters) WriteParameter("query", parameter, out);
  if (route.once) {
    WriteParameter("header",
                   {"Idempotency-Key", "string",
                    "the request's id: sent again with it, to any instance, it is not carried out "
                    "again and gets its first response"},
                   out);
  }
  if (!route.open) {
    for (const HttpParameter& parameter : CommonHttpParameters())
      WriteParameter("query", parameter, out);
  }
  out.EndArray();
}

void WriteBody(const HttpRoute& route, JsonWriter& out) {
  if (route.body == HttpBody::kNone) return;
  const bool json = route.body_form.starts_with('{') || route.body_form.starts_with('[');
  out.Key("requestBody").BeginObject().Key("description").String(route.body_form);
  out.Key("content").BeginObject();
  out.Key(json ? "application/json" : "application/octet-stream").BeginObject();
  out.Key("schema").BeginObject();
  if (!json) out.Key("type").String("string").Key("format").String("binary");
  out.EndObject().EndObject().EndObject().EndObject();
}

void WriteReference(std::string_view kind, std::string_view name, JsonWriter& out) {
  out.BeginObject().Key("$ref");
  out.String(std::string("#/components/").append(kind).append("/").append(name)).EndObject();
}

void WriteHeaders(JsonWriter& out) {
  out.Key("headers").BeginObject();
  for (const std::string_view name : {"Mydis-Revision", "Mydis-Leader", "Mydis-Consistency"}) {
    out.Key(name);
    WriteReference("headers", name, out);
  }
  out.EndObject();
}

void WriteFields(std::span<const HttpField> fields, JsonWriter& out) {
  out.Key("type").String("object");
  out.Key("required").BeginArray();
  for (const HttpField& field : fields) out.String(field.name);
  out.EndArray().Key("properties").BeginObject();
  for (const HttpField& field : fields) {
    out.Key(field.name).BeginObject().Key("type").String(field.type);
    if (!field.summary.empty()) out.Key("description").String(field.summary);
    if (field.nullable) out.Key("nullable").Bool(true);
    if (!field.items.empty()) {
      out.Key("items").BeginObject();
      WriteFields(field.items, out);
      out.EndObject();
    }
    out.EndObject();
  }
  out.EndObject();
}

void WriteAnswer(const HttpRoute& route, const HttpAnswer& answer, JsonWriter& out) {
  out.Key(std::to_string(answer.status)).BeginObject();
  out.Key("description").String(answer.summary);
  WriteHeaders(out);
  const bool error = answer.status >= 400;
  const bool body = error || !route.gives.empty();
  if (body && !HttpBodyless(answer.status) && route.method != "HEAD") {
    out.Key("content").BeginObject();
    for (const std::string_view type : Split(error ? "application/json" : route.gives)) {
      out.Key(type).BeginObject().Key("schema");
      if (error) {
        WriteReference("schemas", route.text_errors ? "TextError" : "Error", out);
      } else {
        out.BeginObject();
        if (!route.fields.empty()) WriteFields(route.fields, out);
        out.EndObject();
      }
      out.EndObject();
    }
    out.EndObject();
  }
  out.EndObject();
}

void WriteAnswers(const HttpRoute& route, JsonWriter& out) {
  std::map<int, HttpAnswer> answers;
  for (const HttpAnswer& answer : route.answers) answers.emplace(answer.status, answer);
  if (!route.open) {
    for (const HttpAnswer& answer : kCommonAnswers) answers.emplace(answer.status, answer);
  }
  out.Key("responses").BeginObject();
  for (const auto& [status, answer] : answers) WriteAnswer(route, answer, out);
  out.EndObject();
}

void WriteOperation(const HttpRoute& route, JsonWriter& out) {
  std::string method;
  for (const char c : route.method) method += static_cast<char>(c | 0x20);
  out.Key(method).BeginObject();
  out.Key("operationId").String(OperationId(route));
  out.Key("summary").String(route.summary);
  out.Key("description").String(std::string("Made of: ").append(route.commands));
  if (route.open) out.Key("security").BeginArray().EndArray();
  WriteParameters(route, out);
  WriteBody(route, out);
  WriteAnswers(route, out);
  out.EndObject();
}

void WritePaths(JsonWriter& out) {
  out.Key("paths").BeginObject();
  std::vector<std::string_view> paths;
  for (const HttpRoute* route : HttpRoutes()) {
    if (std::ranges::find(paths, route->path) == paths.end()) paths.push_back(route->path);
  }
  for (const std::string_view path : paths) {
    out.Key(path).BeginObject();
    for (const HttpRoute* route : HttpRoutes()) {
      if (route->path == path) WriteOperation(*route, out);
    }
    out.EndObject();
  }
  out.EndObject();
}

void WriteMember(std::string_view name, std::string_view type, JsonWriter& out) {
  out.Key(name).BeginObject().Key("type").String(type).EndObject();
}

void WriteErrorSchemas(JsonWriter& out) {
  out.Key("schemas").BeginObject();
  out.Key("Error").BeginObject().Key("type").String("object");
  out.Key("required").BeginArray().String("error").EndArray();
  out.Key("properties").BeginObject().Key("error").BeginObject().Key("type").String("object");
  out.Key("properties").BeginObject();
  WriteMember("code", "string", out);
  WriteMember("message", "string", out);
  out.Key("committed").BeginObject().Key("type").String("string");
  out.Key("enum").BeginArray().String("no").String("yes").String("unknown").EndArray().EndObject();
  WriteMember("revision", "integer", out);
  WriteMember("retryable", "boolean", out);
  out.EndObject().EndObject().EndObject().EndObject();
  out.Key("TextError").BeginObject().Key("type").String("object");
  out.Key("properties").BeginObject();
  WriteMember("error", "string", out);
  out.EndObject().EndObject().EndObject();
}

void WriteComponents(JsonWriter& out) {
  constexpr std::pair<std::string_view, std::string_view> kHeaders[] = {
      {"Mydis-Revision", "of a write its own; of a read that of the state it saw"},
      {"Mydis-Leader", "the instance that leads, as this one knows it"},
      {"Mydis-Consistency", "eventual or strong: what the response promises"}};
  out.Key("components").BeginObject();
  WriteErrorSchemas(out);
  out.Key("headers").BeginObject();
  for (const auto& [name, summary] : kHeaders) {
    out.Key(name).BeginObject().Key("description").String(summary);
    WriteSchema({name, name == "Mydis-Revision" ? "integer" : "string", summary}, out);
    out.EndObject();
  }
  out.EndObject().Key("securitySchemes").BeginObject();
  for (const std::string_view scheme : {"bearer", "basic"}) {
    out.Key(scheme).BeginObject().Key("type").String("http");
    out.Key("scheme").String(scheme).EndObject();
  }
  out.EndObject().EndObject();
}

}  // namespace

std::string OpenApiText() {
  std::string text;
  JsonWriter out(text);
  out.BeginObject().Key("openapi").String("3.0.3");
  out.Key("info").BeginObject().Key("title").String("Mydis");
  out.Key("version").String(Version()).Key("description").String(kIntroduction).EndObject();
  out.Key("servers").BeginArray().BeginObject().Key("url").String("/").EndObject().EndArray();
  out.Key("security").BeginArray();
  for (const std::string_view scheme : {"bearer", "basic"})
    out.BeginObject().Key(scheme).BeginArray().EndArray().EndObject();
  out.BeginObject().EndObject().EndArray();
  WritePaths(out);
  WriteComponents(out);
  out.EndObject();
  return text + '\n';
}

}  // namespace mydis
