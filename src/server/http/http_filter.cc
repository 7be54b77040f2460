#include "server/http/http_filter.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/base64.h"
#include "commands/tokens.h"
#include "server/http/routes.h"

namespace mydis {
namespace {

constexpr std::string_view kAllMethods = "GET, HEAD, POST, PUT, DELETE, OPTIONS";

// The token of "Bearer TOKEN", or the "user:password" of "Basic …"; empty if nothing is said.
// nullopt for anything else.
std::optional<std::string> TokenOf(const HttpRequest& request) {
  const std::string* field = request.Field("authorization");
  if (field == nullptr) return request.token.value_or("");
  const std::string_view text = *field;
  const size_t space = std::min(text.find(' '), text.size());
  const std::string scheme = ToLower(text.substr(0, space));
  const std::string_view rest = text.substr(std::min(space + 1, text.size()));
  if (rest.empty()) return std::nullopt;
  if (scheme == "bearer") return std::string(rest);
  return scheme == "basic" ? DecodeBase64(rest) : std::nullopt;
}

std::string_view NameOf(const std::optional<Consistency>& consistency) {
  if (!consistency) return "DEFAULT";
  return *consistency == Consistency::kStrong ? "STRONG" : "EVENTUAL";
}

}  // namespace

HttpFilter::HttpFilter(const HttpBackend& backend, HttpDenial denial)
    : backend_(backend),
      denial_(std::move(denial)),
      reader_(kHeadLimit),
      replies_({.long_string = kLongString}) {}

HttpFilter::~HttpFilter() = default;

bool HttpFilter::HasInput() const {
  if (!wire_.plain.empty()) return true;
  if (closing_) return false;
  return body_ == Body::kKept || (!Working() && !starving_ && !input_.empty());
}

bool HttpFilter::Full() const { return Working() && input_.size() >= kHeldInput; }

void HttpFilter::Flush(std::string* plain, std::string& to_socket) {
  if (plain != nullptr) {
    *plain += wire_.plain;
    wire_.plain.clear();
  }
  to_socket += wire_.to_socket;
  wire_.to_socket.clear();
}

Status HttpFilter::Receive(std::string_view from_socket, std::string& plain,
                           std::string& to_socket) {
  came_ += from_socket.size();
  if (closing_) return Status::Ok();
  if (upgrade_ != nullptr) {
    upgrade_->Receive(from_socket, wire_);
    closing_ = upgrade_->closing();
    Flush(&plain, to_socket);
    return Status::Ok();
  }
  const bool kept = !input_.empty();
  if (kept) input_ += from_socket;
  const size_t used = Consume(kept ? std::string_view(input_) : from_socket);
  if (kept) {
    input_.erase(0, used);
  } else {
    input_ = from_socket.substr(used);
  }
  if (closing_) {
    input_.clear();
  } else if (body_ == Body::kKept) {
    PassKept();
  }
  Flush(&plain, to_socket);
  return Status::Ok();
}

size_t HttpFilter::Consume(std::string_view input) {
  size_t used = 0;
  while (!closing_ && !Working()) {
    const std::string_view rest = input.substr(used);
    starving_ = rest.empty();
    if (starving_) break;
    const size_t n = exchange_ == nullptr ? ConsumeHead(rest) : ConsumeBody(rest);
    used += n;
    FinishIfDone();
    if (n == 0) {
      starving_ = !Working();
      break;
    }
  }
  return used;
}

size_t HttpFilter::ConsumeHead(std::string_view input) {
  HttpHead head;
  size_t used = 0;
  switch (reader_.ReadHead(input, &used, &head)) {
    case HttpRequestReader::Outcome::kNeedMore:
      return used;
    case HttpRequestReader::Outcome::kBroken:
      Refuse(reader_.status(), "ERR", reader_.error());
      return 0;
    case HttpRequestReader::Outcome::kDone:
      break;
  }
  head_since_ms_ = 0;
  BeginRequest(std::move(head), input.size() - used);
  return used;
}

size_t HttpFilter::ConsumePieces(std::string_view input) {
  if (exchange_->responded_) {
    // Whatever is wrong, the rest need not be read.
    exchange_->close_ = true;
    body_ = Body::kDone;
    return input.size();
  }
  size_t used = std::min<uint64_t>(input.size(), body_left_);
  bool last = false;
  if (body_ == Body::kPieces) {
    handler_->OnBody(*exchange_, input.substr(0, used));
    body_left_ -= used;
    last = body_left_ == 0;
  } else {
    std::string piece;
    const auto outcome = reader_.ReadChunks(input, &used, &piece);
    if (outcome == HttpRequestReader::Outcome::kBroken) {
      Refuse(reader_.status(), "ERR", reader_.error());
      return used;
    }
    handler_->OnBody(*exchange_, piece);
    last = outcome == HttpRequestReader::Outcome::kDone;
  }
  if (!last) return used;
  body_ = Body::kDone;
  if (!exchange_->responded_) handler_->OnBodyEnd(*exchange_);
  return used;
}

size_t HttpFilter::ConsumeChunks(std::string_view input) {
  HttpExchange& exchange = *exchange_;
  const bool streamed = exchange.request_.route->body == HttpBody::kStreamed;
  std::string& body = streamed ? exchange.chunks_.Room(input.size()) : exchange.request_.body;
  size_t used = 0;
  const auto outcome = reader_.ReadChunks(input, &used, &body);
  const uint64_t most = streamed ? backend_.max_word() : backend_.max_body();
  if ((streamed ? exchange.chunks_.size() : body.size()) > most) {
    Refuse(413, "ERR", fmt::format("the body has more than {} bytes", most));
  } else if (outcome == HttpRequestReader::Outcome::kBroken) {
    Refuse(reader_.status(), "ERR", reader_.error());
  } else if (outcome == HttpRequestReader::Outcome::kDone) {
    body_ = streamed ? Body::kKept : Body::kDone;
    StartHandler();
  }
  return used;
}

void HttpFilter::PassKept() {
  ChunkedBody& chunks = exchange_->chunks_;
  // Of an unwanted one nothing is left to do but to drop it.
  if (!exchange_->after_body_) chunks = ChunkedBody();
  if (!chunks.empty()) wire_.plain += chunks.Take();
  if (!chunks.empty()) return;
  if (exchange_->after_body_) wire_.plain += *exchange_->after_body_;
  body_ = Body::kDone;
  FinishIfDone();
}

size_t HttpFilter::ConsumeBody(std::string_view input) {
  if (InPieces()) return ConsumePieces(input);
  if (body_ == Body::kChunks) return ConsumeChunks(input);
  const size_t used = std::min<uint64_t>(input.size(), body_left_);
  body_left_ -= used;
  if (body_ == Body::kStream) wire_.plain.append(input.substr(0, used));
  if (body_ == Body::kCollect) exchange_->request_.body.append(input.substr(0, used));
  if (body_left_ > 0) return used;
  if (body_ == Body::kStream) wire_.plain += *exchange_->after_body_;
  body_ = Body::kDone;
  StartHandler();
  return used;
}

void HttpFilter::BeginRequest(HttpHead head, size_t available) {
  slow_seconds_ = 0;
  body_left_ = head.chunked ? 0 : head.content_length;
  body_ = head.chunked || body_left_ > 0 ? Body::kHeld : Body::kDone;
  started_ = false;
  HttpRequest request;
  request.head = std::move(head);
  auto target = ParseHttpTarget(request.head.target);
  if (target) request.target = *std::move(target);
  exchange_ = std::make_unique<HttpExchange>(backend_, std::move(request), wire_);
  exchange_->close_ = !exchange_->request_.head.keep_alive;
  if (!Dispatch(exchange_->request_)) return FinishIfDone();
  if (exchange_->request_.route->open) {
    exchange_->begun_ = true;
  } else {
    SendPreface();
  }
  // With the whole request at hand its commands go along; else who sends it is found out first.
  const HttpHead& known = exchange_->request_.head;
  if (body_ == Body::kDone || (!known.chunked && body_left_ <= available)) OpenBody();
}

bool HttpFilter::Dispatch(HttpRequest& request) {
  const std::string& path = request.target.path;
  HttpMatch match = FindHttpRoute(request.head.method, path);
  if (!denial_.error.empty() && (match.route == nullptr || !match.route->open)) {
    const HttpError error = HttpErrorOf(denial_.error, nullptr);
    exchange_->close_ = true;
    Refuse(403, error.code, error.message);
    denial_.noted();
    return false;
  }
  if (request.head.method == "OPTIONS") {
    AnswerOptions(FindHttpRoute("OPTIONS", path));
    return false;
  }
  if (path.empty()) {
    Refuse(400, "ERR", "the target is a path, with bytes that mean something else as %XX");
    return false;
  }
  if (match.malformed) {
    Refuse(400, "ERR", "a % in the path is followed by two hexadecimal digits");
  } else if (match.route == nullptr && !match.allow.empty()) {
    Refuse(405, "ERR",
           fmt::format("{} is not for {}: use {}", request.head.method, path, match.allow),
           {{"Allow", match.allow + ", OPTIONS"}});
  } else if (match.route == nullptr) {
    const HttpRoute& nearest = NearestHttpRoute(path);
    Refuse(404, "ERR",
           fmt::format("there is no {}; did you mean {} {}?", path, nearest.method, nearest.path));
  } else {
    request.route = match.route;
    request.parameters = std::move(match.parameters);
    handler_ = match.route->make();
    const HttpBody kind = match.route->body;
    const uint64_t most = kind == HttpBody::kStreamed ? backend_.max_word() : backend_.max_body();
    Status status = ReadHttpQuery(request);
    if (status.ok()) status = handler_->Prepare(request);
    if (!status.ok()) {
      Refuse(400, "ERR", status.message());
    } else if (kind != HttpBody::kPieces && request.head.content_length > most) {
      Refuse(413, "ERR", fmt::format("the body has more than {} bytes", most));
    } else {
      return true;
    }
  }
  return false;
}

void HttpFilter::AnswerOptions(const HttpMatch& match) {
  HttpResponse response{.status = 204, .fields = {}, .body = {}, .length = {}};
  const std::string allow =
      match.allow.empty() ? std::string(kAllMethods) : match.allow + ", OPTIONS";
  response.fields.emplace_back("Allow", allow);
  if (!backend_.cors_origin().empty()) {
    response.fields.emplace_back("Access-Control-Allow-Methods", allow);
    response.fields.emplace_back(
        "Access-Control-Allow-Headers",
        "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match");
    response.fields.emplace_back("Access-Control-Max-Age", "600");
  }
  exchange_->begun_ = true;
  exchange_->close_ |= body_ != Body::kDone;
  body_ = Body::kDone;
  exchange_->Respond(std::move(response));
}

void HttpFilter::SendPreface() {
  const HttpRequest& request = exchange_->request_;
  auto token = TokenOf(request);
  // Of a user by name any password is good if it needs none.
  if (token && !token->empty() && request.any_password && token->find(':') == token->npos &&
      !NameInToken(*token))
    token->insert(0, fmt::format("{}:", kDefaultUser));
  const std::string db = std::to_string(request.db);
  const std::string revision = std::to_string(request.min_revision);
  std::vector<std::string_view> words = {"MYDIS", "REQUEST", db, NameOf(request.consistency),
                                         revision,
                                         // What is no token is nobody's.
                                         token ? std::string_view(*token) : std::string_view(":")};
  if (request.may_log_in) words.push_back("LOGIN");
  if (request.plain_replies) words.push_back("PLAIN");
  if (request.resp_version == 2) words.push_back("RESP2");
  exchange_->Send(std::span<const std::string_view>(words));
  preface_due_ = true;
}

void HttpFilter::OpenBody() {
  const HttpRequest& request = exchange_->request_;
  if (body_ == Body::kHeld) {
    const HttpBody wants = request.route->body;
    body_ = wants == HttpBody::kNone     ? Body::kSkip
            : wants == HttpBody::kPieces ? request.head.chunked ? Body::kChunkPieces : Body::kPieces
            : request.head.chunked       ? Body::kChunks
            : wants == HttpBody::kStreamed ? Body::kStream
                                           : Body::kCollect;
    if (body_ == Body::kSkip && (request.head.chunked || body_left_ > kSkippedBody))
      return Refuse(413, "ERR", "this request has no body");
  }
  if (body_ == Body::kDone || body_ == Body::kStream || body_ == Body::kSkip || InPieces())
    StartHandler();
  if (body_ == Body::kDone && request.route->body == HttpBody::kPieces && !exchange_->responded_)
    handler_->OnBodyEnd(*exchange_);
}

void HttpFilter::StartHandler() {
  if (std::exchange(started_, true) || exchange_->responded_) return;
  handler_->Start(*exchange_);
  // A value without a byte.
  if (body_ == Body::kDone && exchange_->after_body_ && !exchange_->request_.head.chunked &&
      exchange_->request_.head.content_length == 0)
    wire_.plain += *exchange_->after_body_;
}

Status HttpFilter::Send(std::string_view plain, std::string& to_socket) {
  if (closing_) return Status::Ok();
  if (upgrade_ != nullptr) {
    upgrade_->Send(plain, wire_);
    closing_ = upgrade_->closing();
    Flush(nullptr, to_socket);
    return Status::Ok();
  }
  PassString(plain);
  replies_.Feed(plain);
  RespValue reply;
  RespReader::Outcome outcome;
  while ((outcome = replies_.Next(&reply)) == RespReader::Outcome::kValue ||
         outcome == RespReader::Outcome::kLong) {
    if (exchange_ == nullptr) continue;
    if (outcome == RespReader::Outcome::kLong) {
      OnLongString();
      continue;
    }
    if (reply.type == RespValue::Type::kPush) {
      if (!exchange_->responded_) handler_->OnPush(*exchange_, reply);
    } else {
      OnReply(std::move(reply));
    }
    FinishIfDone();
    reply = RespValue();
  }
  if (Listening() && !exchange_->responded_) {
    handler_->OnPushesRead(*exchange_);
    FinishIfDone();
  }
  Flush(nullptr, to_socket);
  if (outcome == RespReader::Outcome::kBroken) return {ErrorCode::kInternal, replies_.error()};
  return Status::Ok();
}

void HttpFilter::NoteAttributes(const RespValue& reply) {
  const std::vector<RespValue>& fields = reply.attributes;
  if (fields.size() < 2 || fields[0].text != "revision") return;
  exchange_->revision_ = static_cast<uint64_t>(fields[1].integer);
  // "repeated", true.
  exchange_->repeated_ |= fields.size() > 2;
}

void HttpFilter::OnLongString() {
  const RespValue& so_far = replies_.so_far();
  if (so_far.type != RespValue::Type::kMap || preface_due_ || exchange_->responded_) return;
  NoteAttributes(so_far);
  if (!handler_->OnLongReply(*exchange_, so_far, replies_.long_left())) return;
  replies_.PassLong();
  std::string_view nothing;
  PassString(nothing);
}

void HttpFilter::PassString(std::string_view& plain) {
  while (replies_.long_left() > 0 && replies_.passing()) {
    const std::string_view bytes = replies_.TakeLong(plain);
    if (bytes.empty()) return;
    exchange_->WriteBody(bytes);
  }
}

void HttpFilter::OnReply(RespValue reply) {
  HttpExchange& exchange = *exchange_;
  NoteAttributes(reply);
  if (exchange.replies_due_ == 0) {
    // The session has ended the connection, with its reason.
    if (!exchange.responded_) Refuse(400, "ERR", reply.text);
    closing_ = true;
    return;
  }
  --exchange.replies_due_;
  if (std::exchange(preface_due_, false)) return OnPreface(reply);
  if (!exchange.responded_) handler_->OnReply(exchange, std::move(reply));
}

void HttpFilter::OnPreface(const RespValue& reply) {
  HttpExchange& exchange = *exchange_;
  exchange.begun_ = true;
  if (reply.is_error()) {
    exchange.DropHeld();
    exchange.close_ |= body_ != Body::kDone;
    body_ = Body::kDone;
    exchange.RespondError(reply.text);
    return;
  }
  exchange.Release();
  if (body_ != Body::kHeld) return;
  if (exchange.request_.head.expects && !exchange.responded_ && input_.empty())
    wire_.to_socket += "HTTP/1.1 100 Continue\r\n\r\n";
  starving_ = false;
  OpenBody();
}

void HttpFilter::Refuse(int status, std::string_view code, std::string_view message,
                        HttpFields fields) {
  if (exchange_ == nullptr) {
    exchange_ = std::make_unique<HttpExchange>(backend_, HttpRequest(), wire_);
    exchange_->close_ = true;
  }
  HttpExchange& exchange = *exchange_;
  const bool skips = exchange.replies_due_ == 0 && body_ == Body::kHeld &&
                     !exchange.request_.head.chunked && !exchange.request_.head.expects &&
                     body_left_ <= kSkippedBody;
  exchange.close_ |= body_ != Body::kDone && !skips;
  body_ = skips ? Body::kSkip : Body::kDone;
  started_ = true;
  // What was begun in the session is left unfinished: the connection ends with this.
  exchange.begun_ = true;
  exchange.DropHeld();
  exchange.RespondError(status, code, message, std::move(fields));
}

void HttpFilter::FinishIfDone() {
  if (exchange_ == nullptr || !exchange_->responded_ || exchange_->held()) return;
  if (exchange_->upgrade_ != nullptr) return TakeUpgrade();
  if (exchange_->close_) {
    closing_ = true;
  } else if (exchange_->replies_due_ > 0 || body_ != Body::kDone) {
    return;
  }
  handler_.reset();
  exchange_.reset();
  preface_due_ = false;
  starving_ = false;
  reader_.Restart();
}

void HttpFilter::TakeUpgrade() {
  upgrade_ = std::move(exchange_->upgrade_);
  handler_.reset();
  exchange_.reset();
  upgrade_->Receive(std::exchange(input_, std::string()), wire_);
  closing_ = upgrade_->closing();
}

void HttpFilter::Finish(std::string& to_socket) {
  if (upgrade_ == nullptr || closing_) return;
  upgrade_->Finish(wire_);
  Flush(nullptr, to_socket);
}

Status HttpFilter::CheckTime(uint64_t now_ms, std::string& to_socket) {
  const uint64_t came = std::exchange(came_, 0);
  if (upgrade_ != nullptr && !closing_) {
    upgrade_->EachSecond(now_ms, wire_);
    closing_ = upgrade_->closing();
    Flush(nullptr, to_socket);
  } else if (Listening() && !exchange_->responded_) {
    handler_->OnSecond(*exchange_, now_ms);
    FinishIfDone();
    Flush(nullptr, to_socket);
  }
  if (closing_ || Working() || upgrade_ != nullptr) return Status::Ok();
  bool late = false;
  if (exchange_ != nullptr) {
    slow_seconds_ = came < kSlowBytes ? slow_seconds_ + 1 : 0;
    late = slow_seconds_ > kSlowSeconds;
  } else if (!input_.empty() || reader_.begun() || !denial_.error.empty()) {
    if (head_since_ms_ == 0) head_since_ms_ = now_ms;
    late = now_ms - head_since_ms_ > kHeadSeconds * 1000;
  }
  if (late) {
    Refuse(408, "ERR", "the rest of the request has not come in time");
    FinishIfDone();
    Flush(nullptr, to_socket);
  }
  return Status::Ok();
}

}  // namespace mydis
