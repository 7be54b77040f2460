// One HTTP request and its response, as a route's handler deals with them: commands out, replies
// in, one response.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "protocol/json.h"
#include "protocol/resp_reader.h"
#include "server/http/chunked_body.h"
#include "server/http/http_backend.h"
#include "server/http/http_message.h"

namespace mydis {

// {"error":{…}}, and what belongs in it.
struct HttpError {
  int status;
  std::string code;
  std::string message;
  std::string_view committed;
  bool retryable;
};
// `repeatable`: of a request that may be sent again when its fate is not known.
HttpError HttpErrorOf(std::string_view error, const CommandSpec* command, bool repeatable = false);
void WriteHttpError(const HttpError& error, uint64_t revision, JsonWriter& out);

class HttpExchange;
class HttpUpgrade;

// What a route does with one request: made when the request's head has come, and gone when the
// response and all replies are through. Its connection's thread.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // Before anything is sent: looks at the head, may change what the session is told of the request
  // (db, consistency, min_revision). An error is answered with 400.
  virtual Status Prepare(HttpRequest&) { return Status::Ok(); }
  // The request may go on: sends commands, or responds. Its body has come in full, unless the route
  // has it streamed.
  virtual void Start(HttpExchange& exchange) = 0;
  // With HttpBody::kPieces, after Start: a piece of the body, or its end. No more is read while
  // commands sent for it are unanswered.
  virtual void OnBody(HttpExchange&, std::string_view) {}
  virtual void OnBodyEnd(HttpExchange&) {}
  // The replies to the commands, in their order; not called any more after a whole response.
  virtual void OnReply(HttpExchange& exchange, RespValue reply) = 0;
  // Before OnReply: the reply is a map whose last value is a string of `size` bytes, which is long
  // (HttpFilter::kLongString); `so_far` is what stands before it. False: OnReply gets all of it.
  // True: the string is not kept; it is the response's body if HttpExchange::BeginBody was called.
  // REQUIRES: a handler that returns true has responded, or begun to.
  virtual bool OnLongReply(HttpExchange&, const RespValue& /*so_far*/, uint64_t /*size*/) {
    return false;
  }
  // What the session is sent without having asked: messages, invalidations.
  virtual void OnPush(HttpExchange&, const RespValue&) {}
  // --- Once it has called HttpExchange::Listen ---
  // All that the session has sent so far was handed over.
  virtual void OnPushesRead(HttpExchange&) {}
  // About once a second, with the monotonic time.
  virtual void OnSecond(HttpExchange&, uint64_t /*now_ms*/) {}
};

// Made by the HttpFilter, which is told of all that is to be sent by `wire`.
class HttpExchange {
 public:
  // Bytes on their way, collected during a call of the filter.
  struct Wire {
    std::string plain;      // Commands for the session.
    std::string to_socket;  // What the client gets.
  };

  HttpExchange(const HttpBackend& backend, HttpRequest request, Wire& wire);
  ~HttpExchange();

  const HttpRequest& request() const { return request_; }
  const HttpBackend& backend() const { return backend_; }

  // --- Commands ---
  // OnReply is called once for each.
  void Send(std::span<const std::string_view> words);
  void Send(std::initializer_list<std::string_view> words) { Send(std::span(words)); }
  void Send(const std::vector<std::string>& words);
  // The same of a write that may be sent again, if the client says so by an Idempotency-Key.
  // `number`: of the write, if the request has several.
  void SendOnce(const std::vector<std::string>& words, std::optional<size_t> number = {});
  // A command one of whose words, between `before` and `after`, is the body of the request: passed
  // on as it comes. At most once, and in Start. It may be sent again, as with SendOnce.
  void SendWithBody(std::span<const std::string_view> before,
                    std::span<const std::string_view> after);

  // An error as the command's reply has it.
  HttpError ErrorOf(std::string_view error, const CommandSpec* command) const {
    return HttpErrorOf(error, command, repeatable());
  }

  // The response waits for pushes, not for replies: a client that sends no more is gone.
  void Listen() { listens_ = true; }

  // --- The response: one of these ---
  void Respond(HttpResponse response);
  // An error as Redis's commands say it: "WRONGTYPE Operation …". `command`: whose error it is; of
  // a script that may have written, only so much is known.
  void RespondError(std::string_view error, const CommandSpec* command = nullptr);
  void RespondError(int status, std::string_view code, std::string_view message,
                    HttpFields fields = {});
  void RespondError(HttpError error, HttpFields fields);
  // In OnLongReply: a response whose body is that string; `head.length` says its size.
  void BeginBody(HttpResponse head);
  // A response in parts: its head, parts of its body, its end. `head.length` is the length of the
  // whole, if that is known.
  void BeginStream(HttpResponse head);
  void WriteStream(std::string_view bytes);
  void EndStream();
  // What is missing cannot be had: the connection ends, so that the client sees that it is missing.
  void BreakStream();
  // 101: the connection is another protocol's from here on.
  void Upgrade(const HttpFields& fields, std::unique_ptr<HttpUpgrade> upgrade);

  // Of the reply that came last: the revision that it belongs to.
  uint64_t revision() const { return revision_; }
  // What the response says about consistency: of reads unless a command that writes was sent.
  void set_writes() { writes_ = true; }

 private:
  friend class HttpFilter;

  // Whether the client may send the request again whatever has become of it.
  bool repeatable() const { return !request_.once_id.empty(); }
  void WriteHead(const HttpResponse& response, std::string_view framing);
  void WriteResponse(const HttpResponse& response);
  // The next bytes of what BeginBody has announced; of a string that nobody wants they are dropped.
  void WriteBody(std::string_view bytes);
  // A response that came before MYDIS REQUEST was answered: it may refuse, and knows the revision.
  bool held() const { return held_ || held_error_; }
  void Release();
  void DropHeld();
  bool text_errors() const;
  // Enough commands are under way for the body's pieces.
  bool Behind() const { return !responded_ && replies_due_ >= 2; }
  bool head_only() const { return request_.head.method == "HEAD"; }

  const HttpBackend& backend_;
  HttpRequest request_;
  Wire& wire_;
  uint64_t revision_ = 0;
  uint32_t replies_due_ = 0;
  bool begun_ = false;  // MYDIS REQUEST was answered: the session knows whose request it is.
  bool writes_ = false;
  bool repeated_ = false;   // A reply was that to an earlier request with the same key.
  bool responded_ = false;  // In full.
  bool streams_ = false;
  uint64_t body_due_ = 0;   // Bytes of the response's body that are still to be written.
  bool in_chunks_ = false;  // The stream is sent in chunks.
  bool listens_ = false;
  bool close_ = false;  // The connection ends with this response.
  std::optional<HttpResponse> held_;
  std::optional<std::pair<HttpError, HttpFields>> held_error_;
  // SendWithBody was called: what follows the body.
  std::optional<std::string> after_body_;
  ChunkedBody chunks_;  // Of a route that has its body streamed: what is not passed on yet.
  std::unique_ptr<HttpUpgrade> upgrade_;
};

// A protocol that a connection has changed to. Its connection's thread.
class HttpUpgrade {
 public:
  virtual ~HttpUpgrade() = default;
  // What the client has sent.
  virtual void Receive(std::string_view from_socket, HttpExchange::Wire& wire) = 0;
  // What the session has.
  virtual void Send(std::string_view plain, HttpExchange::Wire& wire) = 0;
  // About once a second, with the monotonic time.
  virtual void EachSecond(uint64_t now_ms, HttpExchange::Wire& wire) = 0;
  // This side closes.
  virtual void Finish(HttpExchange::Wire& wire) = 0;
  // All is said.
  virtual bool closing() const = 0;
};

// Appends a command as a client sends it.
void AppendCommand(std::string& out, std::span<const std::string_view> words);

}  // namespace mydis
