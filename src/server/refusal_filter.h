// Answers whatever a client sends first with a fixed text, and then has the stream closed. The
// connection behind it never hears from the client.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "net/stream_filter.h"

namespace mydis {

// The stream's thread.
class RefusalFilter final : public StreamFilter {
 public:
  // `answer`: in the protocol of the port.
  explicit RefusalFilter(std::string answer) : answer_(std::move(answer)) {}

  Status Start(std::string&) override { return Status::Ok(); }
  Status Receive(std::string_view from_socket, std::string&, std::string& to_socket) override {
    // Nothing yet while a handshake is under way outside.
    if (from_socket.empty() || std::exchange(answered_, true)) return Status::Ok();
    to_socket += answer_;
    return Status::Ok();
  }
  Status Send(std::string_view, std::string&) override { return Status::Ok(); }
  void Finish(std::string&) override {}
  bool WantsClose() const override { return answered_; }

 private:
  const std::string answer_;
  bool answered_ = false;
};

}  // namespace mydis
