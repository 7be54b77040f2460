// Lets a Connection be spoken to in HTTP: requests become Redis commands, replies responses. It
// deals with one request at a time; what has come behind it waits. docs/http.md has the whole.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/stream_filter.h"
#include "protocol/http_request_reader.h"
#include "protocol/resp_reader.h"
#include "server/http/http_backend.h"
#include "server/http/http_exchange.h"

namespace mydis {

struct HttpMatch;

struct HttpDenial {
  std::string error;                      // "DENIED …"; empty: the client is served.
  std::move_only_function<void()> noted;  // Called when it is told so.
};

// The stream's thread.
class HttpFilter final : public StreamFilter {
 public:
  // A request whose head is longer is refused.
  static constexpr uint32_t kHeadLimit = 64 * 1024;
  // So much is held of what follows a request that is not answered yet.
  static constexpr size_t kHeldInput = 64 * 1024;
  // So much of a body that nobody wants is read for the sake of the next request.
  static constexpr uint64_t kSkippedBody = 64 * 1024;
  // A value of so many bytes is not kept here on its way to the client.
  static constexpr uint64_t kLongString = 64 * 1024;
  // Time for a request's head to come, and a body's bytes in a second that are too few to be
  // counted as progress, for so many seconds.
  static constexpr uint64_t kHeadSeconds = 10;
  static constexpr uint64_t kSlowBytes = 512;
  static constexpr uint64_t kSlowSeconds = 20;

  // `backend` must outlive the filter. `denial`: of a client that is not to be served, why; it gets
  // nothing but what is everybody's.
  explicit HttpFilter(const HttpBackend& backend, HttpDenial denial = {});
  ~HttpFilter() override;

  Status Start(std::string&) override { return Status::Ok(); }
  Status Receive(std::string_view from_socket, std::string& plain, std::string& to_socket) override;
  Status Send(std::string_view plain, std::string& to_socket) override;
  void Finish(std::string& to_socket) override;
  bool HasInput() const override;
  bool Full() const override;
  void InputEnded() override { ended_ = true; }
  bool Busy() const override {
    return !closing_ && upgrade_ == nullptr && ((Working() && !Listening()) || HasInput());
  }
  bool WantsClose() const override { return closing_; }
  Status CheckTime(uint64_t now_ms, std::string& to_socket) override;

 private:
  // What becomes of the bytes of the request's body.
  enum class Body : uint8_t {
    kDone,     // There are none to come.
    kHeld,     // Nothing yet: MYDIS REQUEST is to be answered first.
    kCollect,  // Kept for the handler.
    kChunks,   // Likewise, and they come in chunks.
    kKept,     // It came in chunks, all of it, and is being passed on to the session.
    kStream,   // Passed on to the session.
    kPieces,   // Handed to the handler as they come.
    kChunkPieces,
    kSkip,
  };

  // A request that waits for the session, not for its client.
  bool Working() const {
    return exchange_ != nullptr && (body_ == Body::kDone || body_ == Body::kHeld ||
                                    body_ == Body::kKept || (InPieces() && exchange_->Behind()));
  }
  bool InPieces() const { return body_ == Body::kPieces || body_ == Body::kChunkPieces; }
  bool Listening() const { return exchange_ != nullptr && exchange_->listens_; }
  // The connection changes to what the exchange has prepared.
  void TakeUpgrade();
  // Deals with what is at the front of `input`; gives how much of it is used.
  size_t Consume(std::string_view input);
  size_t ConsumeHead(std::string_view input);
  size_t ConsumeBody(std::string_view input);
  size_t ConsumeChunks(std::string_view input);
  // Gives the session the next piece of a body that came in chunks.
  void PassKept();
  size_t ConsumePieces(std::string_view input);
  void BeginRequest(HttpHead head, size_t available);
  // False: the request has been answered.
  bool Dispatch(HttpRequest& request);
  void AnswerOptions(const HttpMatch& match);
  // MYDIS REQUEST for the request at hand.
  void SendPreface();
  // Whose request it is is known, or will be before its commands are looked at.
  void OpenBody();
  void StartHandler();
  void OnReply(RespValue reply);
  // A reply ends with a long string.
  void OnLongString();
  // Gives the client what there is of a string that is not kept; takes it from the front of
  // `plain`.
  void PassString(std::string_view& plain);
  void NoteAttributes(const RespValue& reply);
  void OnPreface(const RespValue& reply);
  // Answers what is no request, or one that no more than its head is read of.
  void Refuse(int status, std::string_view code, std::string_view message, HttpFields fields = {});
  // After anything that may have been the last: the response, a reply, the end of the body.
  void FinishIfDone();
  // Hands over what has been collected.
  void Flush(std::string* plain, std::string& to_socket);

  const HttpBackend& backend_;
  HttpDenial denial_;
  HttpRequestReader reader_;
  RespReader replies_;
  HttpExchange::Wire wire_;
  std::unique_ptr<HttpExchange> exchange_;  // Null between requests.
  std::unique_ptr<HttpHandler> handler_;
  std::unique_ptr<HttpUpgrade> upgrade_;  // Null: this is HTTP.
  std::string input_;                     // Came behind what has been dealt with.
  bool starving_ = true;                  // input_ is of no use before more of it comes.
  Body body_ = Body::kDone;
  uint64_t body_left_ = 0;  // Of a body that does not come in chunks.
  bool preface_due_ = false;
  bool started_ = false;        // The handler's Start was called.
  bool ended_ = false;          // The client sends no more.
  bool closing_ = false;        // All that there is to say is said.
  uint64_t came_ = 0;           // Bytes since the last CheckTime.
  uint64_t head_since_ms_ = 0;  // When the head under way was seen first; 0: there is none.
  uint64_t slow_seconds_ = 0;
};

}  // namespace mydis
