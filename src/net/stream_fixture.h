// What the tests of streams share.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "net/byte_stream.h"

namespace mydis {

class StreamTest : public testing::Test {
 protected:
  StreamTest() {
    auto made = EventLoop::Create();
    EXPECT_TRUE(made.has_value());
    loop = std::move(*made);
  }
  // Turns until `condition`, or fails after ten seconds.
  template <typename F>
  void Until(F&& condition) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), limit) << "the condition does not come true";
      loop->RunOnce(10);
    }
  }
  // The two ends of a connection; the second is non-blocking.
  static std::pair<int, int> Pair() {
    int fds[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    return {fds[0], fds[1]};
  }

  std::unique_ptr<EventLoop> loop;
};

// Records what it gets, and uses what `use` says.
struct Recorder final : StreamHandler {
  size_t OnData(ByteStream& stream, std::string_view bytes) override {
    ++calls;
    last = bytes;
    const size_t n = use ? use(stream, bytes) : bytes.size();
    got += bytes.substr(0, n);
    return n;
  }
  void OnEnd(ByteStream& stream, bool unread) override {
    ends += unread ? 'u' : 'e';
    if (!unread && close_at_end) stream.Close();
  }
  void OnDrained(ByteStream&) override { ++drained; }
  void OnClosed(ByteStream&, const Status& s) override {
    ++closed;
    reason = s;
  }

  std::function<size_t(ByteStream&, std::string_view)> use;
  std::string got, last, ends;
  int calls = 0, closed = 0, drained = 0;
  bool close_at_end = true;
  Status reason;
};

inline std::string ReadAvailable(int fd) {
  std::string out;
  char buffer[65536];
  for (ssize_t n; (n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT)) > 0;)
    out.append(buffer, static_cast<size_t>(n));
  return out;
}

inline void SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n > 0) bytes.remove_prefix(static_cast<size_t>(n));
  }
}

// Adds one to every byte, in records of {u8 length}{bytes}, after a greeting each way: as much of
// TLS as matters to a stream.
class ToyFilter final : public StreamFilter {
 public:
  Status Start(std::string& to_socket) override {
    to_socket += "hi";
    return {};
  }
  Status Receive(std::string_view in, std::string& plain, std::string& to_socket) override {
    kept_ += in;
    if (!greeted_) {
      if (kept_.size() < 2) return {};
      if (!kept_.starts_with("hi")) return Status(ErrorCode::kCorrupt, "no greeting");
      kept_.erase(0, 2);
      greeted_ = true;
      if (Status s = Send({}, to_socket); !s.ok()) return s;
    }
    size_t at = 0;
    while (at < kept_.size()) {
      const auto size = static_cast<unsigned char>(kept_[at]);
      if (kept_.size() - at - 1 < size) break;
      for (size_t i = 0; i < size; ++i) plain += static_cast<char>(kept_[at + 1 + i] - 1);
      at += 1 + size;
    }
    kept_.erase(0, at);
    return {};
  }
  Status Send(std::string_view plain, std::string& to_socket) override {
    waiting_ += plain;
    if (!greeted_) return {};
    for (size_t at = 0; at < waiting_.size(); at += 255) {
      const std::string_view record = std::string_view(waiting_).substr(at, 255);
      to_socket += static_cast<char>(record.size());
      for (const char c : record) to_socket += static_cast<char>(c + 1);
    }
    waiting_.clear();
    return {};
  }
  void Finish(std::string& to_socket) override { to_socket += '\0'; }

 private:
  bool greeted_ = false;
  std::string kept_, waiting_;
};

}  // namespace mydis
