#include "server/http/http_exchange.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "base/error_table.h"
#include "protocol/resp_json.h"
#include "protocol/resp_writer.h"
#include "server/http/routes.h"

namespace mydis {
namespace {

std::string_view NameOf(Committed committed) {
  if (committed == Committed::kYes) return "yes";
  return committed == Committed::kNo ? "no" : "unknown";
}

std::string_view NameOf(Consistency consistency) {
  return consistency == Consistency::kStrong ? "strong" : "eventual";
}

}  // namespace

void AppendCommand(std::string& out, std::span<const std::string_view> words) {
  RespWriter writer(out, 2);
  writer.ArrayHeader(words.size());
  for (const std::string_view word : words) writer.Bulk(word);
}

HttpError HttpErrorOf(std::string_view error, const CommandSpec* command, bool repeatable) {
  const RespErrorText text = SplitRespError(error);
  const ErrorForm& form = FormOfPrefix(text.code);
  // What a script has written before its error stays written.
  const bool may_have_written = command != nullptr && command->group == Group::kScripting &&
                                command->effect == Effect::kWrite && form.http_status < 500 &&
                                form.code == ErrorCode::kInvalid;
  return {.status = form.http_status,
          .code = std::string(text.code),
          .message = std::string(text.message),
          .committed = NameOf(may_have_written ? Committed::kUnknown : form.committed),
          .retryable = form.retryable || (repeatable && form.code == ErrorCode::kUnknown)};
}

void WriteHttpError(const HttpError& error, uint64_t revision, JsonWriter& out) {
  out.BeginObject();
  out.Key("code").String(error.code).Key("message").String(error.message);
  out.Key("committed").String(error.committed);
  out.Key("revision").Unsigned(revision);
  out.Key("retryable").Bool(error.retryable).EndObject();
}

HttpExchange::HttpExchange(const HttpBackend& backend, HttpRequest request, Wire& wire)
    : backend_(backend), request_(std::move(request)), wire_(wire) {}

HttpExchange::~HttpExchange() = default;

void HttpExchange::Send(std::span<const std::string_view> words) {
  AppendCommand(wire_.plain, words);
  ++replies_due_;
}

void HttpExchange::Send(const std::vector<std::string>& words) {
  const std::vector<std::string_view> views(words.begin(), words.end());
  Send(std::span<const std::string_view>(views));
}

void HttpExchange::SendOnce(const std::vector<std::string>& words, std::optional<size_t> number) {
  if (!repeatable()) return Send(words);
  std::string id = request_.once_id;
  if (number) id += fmt::format("/{}", *number);
  std::vector<std::string_view> views = {"ONCE", id};
  views.insert(views.end(), words.begin(), words.end());
  Send(std::span<const std::string_view>(views));
}

void HttpExchange::SendWithBody(std::span<const std::string_view> before,
                                std::span<const std::string_view> after) {
  MYDIS_ASSERT(!after_body_, "a request has one body");
  std::vector<std::string_view> with_id;
  if (repeatable()) {
    with_id = {"ONCE", request_.once_id};
    with_id.insert(with_id.end(), before.begin(), before.end());
    before = with_id;
  }
  const uint64_t size = request_.head.chunked ? chunks_.size() : request_.head.content_length;
  fmt::format_to(std::back_inserter(wire_.plain), "*{}\r\n", before.size() + 1 + after.size());
  RespWriter writer(wire_.plain, 2);
  for (const std::string_view word : before) writer.Bulk(word);
  fmt::format_to(std::back_inserter(wire_.plain), "${}\r\n", size);
  std::string rest = "\r\n";
  RespWriter rest_writer(rest, 2);
  for (const std::string_view word : after) rest_writer.Bulk(word);
  ++replies_due_;
  after_body_ = std::move(rest);
}

bool HttpExchange::text_errors() const {
  return request_.route != nullptr && request_.route->text_errors;
}

void HttpExchange::Respond(HttpResponse response) {
  if (responded_) return;
  responded_ = true;
  if (begun_) return WriteResponse(response);
  held_ = std::move(response);
}

void HttpExchange::Release() {
  if (held_) return WriteResponse(*std::exchange(held_, std::nullopt));
  if (!held_error_) return;
  auto [error, fields] = *std::exchange(held_error_, std::nullopt);
  responded_ = false;
  RespondError(std::move(error), std::move(fields));
}

void HttpExchange::DropHeld() {
  held_.reset();
  held_error_.reset();
  responded_ = false;
}

void HttpExchange::RespondError(HttpError error, HttpFields fields) {
  if (responded_) return;
  if (!begun_) {
    responded_ = true;
    held_error_.emplace(std::move(error), std::move(fields));
    return;
  }
  HttpResponse response{
      .status = error.status, .fields = std::move(fields), .body = {}, .length = {}};
  JsonWriter out(response.body);
  out.BeginObject().Key("error");
  if (text_errors()) {
    out.String(fmt::format("{} {}", error.code, error.message));
  } else {
    WriteHttpError(error, revision_, out);
  }
  out.EndObject();
  response.body += '\n';
  if (error.status == 401)
    response.fields.emplace_back("WWW-Authenticate", "Bearer realm=\"mydis\"");
  Respond(std::move(response));
}

void HttpExchange::RespondError(std::string_view error, const CommandSpec* command) {
  HttpError parts = ErrorOf(error, command);
  // A command's own fault, whatever it is.
  if (text_errors() && (parts.status == 404 || parts.status == 409 || parts.status == 412))
    parts.status = 400;
  RespondError(std::move(parts), {});
}

void HttpExchange::RespondError(int status, std::string_view code, std::string_view message,
                                HttpFields fields) {
  RespondError({.status = status,
                .code = std::string(code),
                .message = std::string(message),
                .committed = NameOf(Committed::kNo),
                .retryable = false},
               std::move(fields));
}

void HttpExchange::WriteHead(const HttpResponse& response, std::string_view framing) {
  auto out = std::back_inserter(wire_.to_socket);
  fmt::format_to(out, "HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status,
                 HttpReason(response.status), HttpDate(backend_.WallMs()));
  if (revision_ != 0) fmt::format_to(out, "Mydis-Revision: {}\r\n", revision_);
  const std::string leader = backend_.Leader();
  if (!leader.empty()) fmt::format_to(out, "Mydis-Leader: {}\r\n", leader);
  fmt::format_to(out, "Mydis-Consistency: {}\r\n",
                 NameOf(backend_.Given(writes_, request_.consistency)));
  if (repeated_) wire_.to_socket += "Idempotent-Replayed: true\r\n";
  if (!backend_.cors_origin().empty()) {
    fmt::format_to(out,
                   "Access-Control-Allow-Origin: {}\r\nAccess-Control-Expose-Headers: ETag, "
                   "Mydis-Revision, Mydis-Leader, Mydis-Consistency, Mydis-Ttl, "
                   "Idempotent-Replayed\r\nVary: Origin\r\n",
                   backend_.cors_origin());
  }
  for (const auto& [name, value] : response.fields) fmt::format_to(out, "{}: {}\r\n", name, value);
  const bool bodyless = HttpBodyless(response.status) || response.content_type.empty();
  if (!bodyless) fmt::format_to(out, "Content-Type: {}\r\n", response.content_type);
  wire_.to_socket += framing;
  if (close_) {
    wire_.to_socket += "Connection: close\r\n";
  } else if (request_.head.minor_version == 0) {
    wire_.to_socket += "Connection: keep-alive\r\n";
  }
  wire_.to_socket += "\r\n";
}

void HttpExchange::WriteResponse(const HttpResponse& response) {
  const bool bodyless = HttpBodyless(response.status);
  const uint64_t length = response.length.value_or(response.body.size());
  WriteHead(response, bodyless ? "" : fmt::format("Content-Length: {}\r\n", length));
  if (!bodyless && !head_only()) wire_.to_socket += response.body;
}

void HttpExchange::BeginBody(HttpResponse head) {
  MYDIS_ASSERT(begun_ && !responded_ && head.length, "a request has one response");
  WriteHead(head, fmt::format("Content-Length: {}\r\n", *head.length));
  body_due_ = head_only() ? 0 : *head.length;
  responded_ = body_due_ == 0;
}

void HttpExchange::WriteBody(std::string_view bytes) {
  if (body_due_ == 0) return;
  MYDIS_ASSERT(bytes.size() <= body_due_, "a body is as long as its head says");
  wire_.to_socket += bytes;
  body_due_ -= bytes.size();
  responded_ = body_due_ == 0;
}

void HttpExchange::Upgrade(const HttpFields& fields, std::unique_ptr<HttpUpgrade> upgrade) {
  MYDIS_ASSERT(begun_ && !responded_, "a request has one response");
  responded_ = true;
  upgrade_ = std::move(upgrade);
  auto out = std::back_inserter(wire_.to_socket);
  fmt::format_to(out, "HTTP/1.1 101 {}\r\n", HttpReason(101));
  for (const auto& [name, value] : fields) fmt::format_to(out, "{}: {}\r\n", name, value);
  wire_.to_socket += "\r\n";
}

void HttpExchange::BeginStream(HttpResponse head) {
  MYDIS_ASSERT(begun_ && !responded_ && !streams_, "a request has one response");
  streams_ = true;
  in_chunks_ = !head.length && request_.head.minor_version > 0;
  close_ |= !in_chunks_ && !head.length;  // The end of the body is that of the connection.
  WriteHead(head, head.length  ? fmt::format("Content-Length: {}\r\n", *head.length)
                  : in_chunks_ ? "Transfer-Encoding: chunked\r\n"
                               : "");
}

void HttpExchange::WriteStream(std::string_view bytes) {
  if (bytes.empty() || head_only()) return;
  if (in_chunks_) fmt::format_to(std::back_inserter(wire_.to_socket), "{:x}\r\n", bytes.size());
  wire_.to_socket += bytes;
  if (in_chunks_) wire_.to_socket += "\r\n";
}

void HttpExchange::EndStream() {
  MYDIS_ASSERT(streams_ && !responded_, "a stream ends once");
  responded_ = true;
  if (in_chunks_ && !head_only()) wire_.to_socket += "0\r\n\r\n";
}

void HttpExchange::BreakStream() {
  MYDIS_ASSERT(streams_ && !responded_, "a stream ends once");
  responded_ = true;
  close_ = true;
}

}  // namespace mydis
