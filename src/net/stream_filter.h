// What may stand between a socket and its stream: an encoding (TLS), or a translation (HTTP).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "mydis/status.h"

namespace mydis {

// Turns the socket's bytes into the stream's and back. The stream's thread.
class StreamFilter {
 public:
  virtual ~StreamFilter() = default;
  // Called once before anything else: a client's handshake begins here.
  virtual Status Start(std::string& to_socket) = 0;
  // Takes what came from the socket; appends the stream's bytes to `plain`, and what the other side
  // must be sent (handshakes) to `to_socket`. An error closes the stream with it as reason.
  virtual Status Receive(std::string_view from_socket, std::string& plain,
                         std::string& to_socket) = 0;
  // Encodes all of `plain`, keeping it inside until the handshake allows it.
  virtual Status Send(std::string_view plain, std::string& to_socket) = 0;
  // Whether the handshake is over: what is given to Send is not kept any more.
  virtual bool Ready() const { return true; }
  // Called before an orderly close: appends the closing message.
  virtual void Finish(std::string& to_socket) = 0;
  // Who the other side has proven to be (a cluster key's name, a certificate's); empty before that,
  // and where it need not prove anything.
  virtual std::string PeerName() const { return {}; }

  // --- For filters that translate. The stream asks after each call of the above. ---
  // There is more for the stream although nothing has come from the socket: Receive({}, …) follows
  // in this or the next turn.
  virtual bool HasInput() const { return false; }
  // The filter holds enough: the socket is not read while this is so.
  virtual bool Full() const { return false; }
  // The other side sends no more. Nothing is received after it but what HasInput is about.
  virtual void InputEnded() {}
  // Something that the other side has asked for is not answered yet: until it is, the stream's
  // handler does not hear of the end of the input.
  virtual bool Busy() const { return false; }
  // The stream is to be closed once all that was given to `to_socket` has been sent. What the other
  // side still sends is read and thrown away, so that no reset overtakes the last words.
  virtual bool WantsClose() const { return false; }
  // Called about once a second with the monotonic time, for limits on slow senders. An error closes
  // the stream, once `to_socket` was tried to be sent.
  virtual Status CheckTime(uint64_t /*now_ms*/, std::string& /*to_socket*/) { return Status::Ok(); }
};

// Two filters in a row: `outer` next to the socket, `inner` next to the stream. HTTP over TLS.
class ChainedFilter final : public StreamFilter {
 public:
  // REQUIRES: neither is null.
  ChainedFilter(std::unique_ptr<StreamFilter> outer, std::unique_ptr<StreamFilter> inner)
      : outer_(std::move(outer)), inner_(std::move(inner)) {}

  Status Start(std::string& to_socket) override;
  Status Receive(std::string_view from_socket, std::string& plain, std::string& to_socket) override;
  Status Send(std::string_view plain, std::string& to_socket) override;
  void Finish(std::string& to_socket) override;
  bool Ready() const override { return outer_->Ready() && inner_->Ready(); }
  std::string PeerName() const override { return outer_->PeerName(); }
  bool HasInput() const override { return inner_->HasInput() || outer_->HasInput(); }
  bool Full() const override { return inner_->Full() || outer_->Full(); }
  void InputEnded() override;
  bool Busy() const override { return inner_->Busy() || outer_->Busy(); }
  // What the inner one has said can only be sent after the outer one's handshake.
  bool WantsClose() const override {
    return (inner_->WantsClose() && outer_->Ready()) || outer_->WantsClose();
  }
  Status CheckTime(uint64_t now_ms, std::string& to_socket) override;

 private:
  // Sends what the inner filter has said; `status` is what it gave.
  Status Encode(std::string_view words, Status status, std::string& to_socket);

  const std::unique_ptr<StreamFilter> outer_;
  const std::unique_ptr<StreamFilter> inner_;
};

}  // namespace mydis
