#include "server/http/event_stream.h"

#include <fmt/format.h>

#include "base/duration.h"

namespace mydis {
namespace {

constexpr int64_t kLongestWaitMs = 3'600'000;

uint64_t NumberIn(const RespValue& value) { return static_cast<uint64_t>(value.integer); }

Status Wrong(std::string message) { return {ErrorCode::kInvalid, std::move(message)}; }

}  // namespace

Status EventStreamHandler::Prepare(HttpRequest& request) {
  // A client that comes back by itself repeats the address that it began with.
  const std::string* from = request.Field("last-event-id");
  if (from == nullptr || from->empty()) from = request.Query("from");
  if (from != nullptr) {
    from_ = ReadHttpNumber(*from);
    if (!from_) return Wrong("from, or Last-Event-ID, is a revision: a number of 0 or more");
  }
  if (const std::string* text = request.Query("wait")) {
    const auto wait_ms = ParseDuration(*text);
    if (!wait_ms) return Wrong("wait: " + wait_ms.error().message());
    if (*wait_ms < 0 || *wait_ms > kLongestWaitMs) return Wrong("wait is at most 1h");
    wait_ms_ = *wait_ms;
  }
  return ReadCommand(request, &command_);
}

void EventStreamHandler::Begin(HttpExchange& x, std::optional<uint64_t> from) {
  std::vector<std::string> words = command_;
  if (from) {
    words.push_back("FROM");
    words.push_back(std::to_string(*from));
  }
  x.Send(words);
}

void EventStreamHandler::OnReply(HttpExchange& x, RespValue reply) {
  if (reply.is_error()) return OnError(x, reply.text);
  resume_ = NumberIn(reply.elements[3]);
  x.Listen();
  if (wait_ms_ || streams_) return;
  streams_ = true;
  x.BeginStream({.fields = {{"Cache-Control", "no-store"}},
                 .body = {},
                 .content_type = "text/event-stream",
                 .length = {}});
  Write(x, fmt::format("retry: 1000\nid: {}\n\n", resume_));
}

void EventStreamHandler::OnError(HttpExchange& x, const std::string& error) {
  if (!error.starts_with("GONE ")) {
    // A stream that has begun can only end.
    return streams_ ? x.EndStream() : x.RespondError(error);
  }
  const size_t first = error.find(' ') + 1;
  const size_t second = error.find(' ', first) + 1;
  const size_t end = error.find(' ', second);
  const auto oldest = ReadHttpNumber(std::string_view(error).substr(first, second - 1 - first));
  const auto current = ReadHttpNumber(std::string_view(error).substr(second, end - second));
  if (wait_ms_) return x.RespondError("GONE " + error.substr(end + 1));
  OnGone(x, oldest.value_or(0), current.value_or(0));
}

void EventStreamHandler::OnGone(HttpExchange& x, uint64_t oldest, uint64_t current) {
  if (wait_ms_) {
    return x.RespondError(
        fmt::format("GONE what came after revision {} is no longer kept, only what came after {}",
                    resume_, oldest));
  }
  if (!streams_) {
    streams_ = true;
    x.BeginStream({.fields = {{"Cache-Control", "no-store"}},
                   .body = {},
                   .content_type = "text/event-stream",
                   .length = {}});
  }
  Write(x, fmt::format("id: {}\nevent: gone\ndata: {{\"oldest\":{},\"revision\":{}}}\n\n", current,
                       oldest, current));
  Begin(x, current);
}

void EventStreamHandler::OnPush(HttpExchange& x, const RespValue& push) {
  const std::string& kind = push.elements[0].text;
  const uint64_t revision = NumberIn(push.elements[2]);
  if (kind == "watch-gone") return OnGone(x, revision, NumberIn(push.elements[3]));
  if (kind == "watch-revision") {
    resume_ = revision;
    events_ += std::exchange(part_, std::string());
    if (streams_) Write(x, fmt::format("id: {}\n\n", revision));
    return;
  }
  const bool last = push.elements[3].boolean;
  std::string data;
  JsonWriter out(data);
  out.BeginObject().Key("revision").Unsigned(revision);
  const std::string_view event = WriteEvent(push, out);
  if (wait_ms_) out.Key("event").String(event);
  out.EndObject();
  if (last) resume_ = revision;
  if (streams_) {
    const std::string id = last ? fmt::format("id: {}\n", revision) : "";
    return Write(x, fmt::format("{}event: {}\ndata: {}\n\n", id, event, data));
  }
  if (!events_.empty() || !part_.empty()) part_ += ',';
  part_ += data;
  if (last) events_ += std::exchange(part_, std::string());
}

void EventStreamHandler::OnPushesRead(HttpExchange& x) {
  if (wait_ms_ && !events_.empty()) RespondList(x);
}

void EventStreamHandler::OnSecond(HttpExchange& x, uint64_t now_ms) {
  if (std::exchange(wrote_, false) || since_ms_ == 0) since_ms_ = now_ms;
  if (wait_ms_) {
    if (now_ms - since_ms_ >= static_cast<uint64_t>(*wait_ms_)) RespondList(x);
  } else if (now_ms - since_ms_ >= kKeepAliveMs) {
    Write(x, kKeepAlive);
  }
}

void EventStreamHandler::Write(HttpExchange& x, std::string_view text) {
  wrote_ = true;
  x.WriteStream(text);
}

void EventStreamHandler::RespondList(HttpExchange& x) {
  x.Send({"MYDIS", "UNFOLLOW"});
  x.Respond({.fields = {},
             .body = fmt::format("{{\"events\":[{}],\"revision\":{}}}\n", events_, resume_),
             .length = {}});
}

}  // namespace mydis
