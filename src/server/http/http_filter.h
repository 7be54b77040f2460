// Lets a Connection be spoken to in HTTP: requests become Redis commands, replies responses.
#pragma once

#include <string>
#include <string_view>

#include "net/stream_filter.h"

namespace mydis {

// The stream's thread.
class HttpFilter final : public StreamFilter {
 public:
  Status Start(std::string&) override { return Status::Ok(); }
  Status Receive(std::string_view from_socket, std::string& plain, std::string& to_socket) override;
  Status Send(std::string_view, std::string&) override { return Status::Ok(); }
  void Finish(std::string&) override {}
  bool WantsClose() const override { return answered_; }

 private:
  bool answered_ = false;
};

}  // namespace mydis
