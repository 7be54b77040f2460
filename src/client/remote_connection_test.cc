#include "client/remote_connection.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <thread>

namespace mydis {
namespace {

void SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

// Reads until `size` bytes have come or the other side ends.
std::string ReadBytes(int fd, size_t size) {
  std::string all(size, '\0');
  size_t got = 0;
  while (got < size) {
    const ssize_t n = recv(fd, all.data() + got, size - got, 0);
    if (n <= 0) break;
    got += static_cast<size_t>(n);
  }
  all.resize(got);
  return all;
}

constexpr std::string_view kPing = "*1\r\n$4\r\nPING\r\n";
// A server on a free port that takes one connection and hands it to `serve` on a thread.
class FakeServer {
 public:
  explicit FakeServer(std::function<void(int fd)> serve)
      : FakeServer([serve = std::move(serve)](int fd, FakeServer&) { serve(fd); }) {}
  explicit FakeServer(std::function<void(int fd, FakeServer&)> serve) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, serve = std::move(serve)] {
      const int fd = accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      serve(fd, *this);
      close(fd);
    });
  }
  ~FakeServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  HostPort address() const { return {"127.0.0.1", port_}; }
  // Waits for another connection and answers the PING that comes over it.
  void AnswerPing() {
    const int fd = accept(listener_, nullptr, nullptr);
    ReadBytes(fd, kPing.size());
    SendAll(fd, "+PONG\r\n");
    close(fd);
  }

 private:
  int listener_ = -1;
  uint16_t port_ = 0;
  std::thread thread_;
};

const std::vector<std::string> kPingWords = {"PING"};

TEST(RemoteConnection, SendsACommandAndReadsItsReply) {
  std::string got;
  FakeServer server([&](int fd) {
    got = ReadBytes(fd, kPing.size());
    SendAll(fd, ">2\r\n+news\r\n:7\r\n+PONG\r\n");
  });
  RemoteConnection connection({.addresses = {server.address()}});
  int pushes = 0;
  connection.OnPush([&](RespValue push) { pushes += static_cast<int>(push.elements.size()); });
  ASSERT_TRUE(connection.Connect().ok());
  const Result<RespValue> reply = connection.Command(kPingWords);
  ASSERT_TRUE(reply) << reply.error().message();
  EXPECT_EQ(reply->text, "PONG");
  EXPECT_EQ(pushes, 2);
  EXPECT_EQ(got, kPing);
}

TEST(RemoteConnection, TriesAddressesInTurnAndRemembersTheGoodOne) {
  FakeServer server([](int fd) {
    ReadBytes(fd, kPing.size());
    SendAll(fd, "-NOAUTH Authentication required.\r\n");
  });
  RemoteConnection connection({.addresses = {{"127.0.0.1", 1}, server.address()}});
  ASSERT_TRUE(connection.Connect().ok());
  EXPECT_EQ(connection.address(), server.address());
}

TEST(RemoteConnection, OfSeveralAddressesTheOneCountsThatAnswers) {
  FakeServer stopped([](int fd) { ReadBytes(fd, kPing.size() + 1); });
  FakeServer full([](int fd) {
    ReadBytes(fd, kPing.size());
    SendAll(fd, "-ERR max number of clients reached\r\n");
  });
  FakeServer good([](int fd) {
    ReadBytes(fd, kPing.size());
    SendAll(fd, "+PONG\r\n");
    ReadBytes(fd, kPing.size());
    SendAll(fd, "+second\r\n");
  });
  RemoteConnection connection({.addresses = {stopped.address(), full.address(), good.address()},
                               .connect_timeout_ms = 2500});
  ASSERT_TRUE(connection.Connect().ok());
  EXPECT_EQ(connection.address(), good.address());
  const Result<RespValue> reply = connection.Command(kPingWords);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->text, "second");
}

TEST(RemoteConnection, WhoIsSilentIsAskedWhetherItLives) {
  // It takes one connection; the next is accepted for it by the system, and never answered.
  FakeServer stopped([](int fd) {
    ReadBytes(fd, kPing.size());
    SendAll(fd, "+PONG\r\n");
    ReadBytes(fd, kPing.size() + 1);
  });
  RemoteConnection connection(
      {.addresses = {stopped.address()}, .connect_timeout_ms = 100, .silence_ms = 100});
  ASSERT_TRUE(connection.Connect().ok());
  ASSERT_TRUE(connection.Command(kPingWords));
  const Result<RespValue> reply = connection.Command(kPingWords);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), ErrorCode::kUnknown);
  EXPECT_TRUE(connection.stood_still());
  EXPECT_NE(connection.loss().find("it stands still"), std::string::npos) << connection.loss();
}

TEST(RemoteConnection, WhoTakesLongButLivesIsWaitedFor) {
  FakeServer busy([](int fd, FakeServer& self) {
    for (const std::string_view answer : {"+PONG\r\n", "+late\r\n"}) {
      ReadBytes(fd, kPing.size());
      if (answer != "+PONG\r\n") self.AnswerPing();
      SendAll(fd, answer);
    }
  });
  RemoteConnection connection({.addresses = {busy.address()}, .silence_ms = 50});
  ASSERT_TRUE(connection.Connect().ok());
  ASSERT_TRUE(connection.Command(kPingWords));
  const Result<RespValue> reply = connection.Command(kPingWords);
  ASSERT_TRUE(reply) << reply.error().message();
  EXPECT_EQ(reply->text, "late");
}

TEST(RemoteConnection, ALostReplyToAReadIsNoQuestion) {
  FakeServer server([](int fd) { ReadBytes(fd, kPing.size()); });
  RemoteConnection connection({.addresses = {server.address()}, .reads_only = true});
  ASSERT_TRUE(connection.Connect().ok());
  const Result<RespValue> reply = connection.Command(kPingWords);
  ASSERT_FALSE(reply);
  EXPECT_TRUE(reply.error().message().ends_with("; nothing has changed"))
      << reply.error().message();
}

TEST(RemoteConnection, NamesEveryAddressThatFailed) {
  RemoteConnection connection({.addresses = {{"127.0.0.1", 1}, {"127.0.0.1", 2}}});
  const Status status = connection.Connect();
  EXPECT_EQ(status.code(), ErrorCode::kUnavailable);
  EXPECT_EQ(status.message(),
            "cannot connect to 127.0.0.1:1: Connection refused; 127.0.0.1:2: Connection refused");
  EXPECT_FALSE(connection.connected());
}

// Both sides would wait for each other if the client only wrote.
TEST(RemoteConnection, APipelineLargerThanEveryBuffer) {
  constexpr size_t kCommands = 2000;
  const std::string value(20'000, 'x');
  const std::vector<std::vector<std::string>> commands(kCommands, {"ECHO", value});
  const std::string one = "*2\r\n$4\r\nECHO\r\n$20000\r\n" + value + "\r\n";
  FakeServer server([&](int fd) {
    for (size_t i = 0; i < kCommands; ++i) {
      ReadBytes(fd, one.size());
      SendAll(fd, "$20000\r\n" + value + "\r\n");
    }
  });
  RemoteConnection connection({.addresses = {server.address()}});
  ASSERT_TRUE(connection.Connect().ok());
  const Result<std::vector<RespValue>> replies = connection.Pipeline(commands);
  ASSERT_TRUE(replies) << replies.error().message();
  ASSERT_EQ(replies->size(), kCommands);
  EXPECT_EQ(replies->back().text, value);
}

TEST(RemoteConnection, ALostReplyMayHaveBeenACommandDone) {
  FakeServer server([](int fd) { ReadBytes(fd, kPing.size()); });
  RemoteConnection connection({.addresses = {server.address()}});
  ASSERT_TRUE(connection.Connect().ok());
  const Result<RespValue> reply = connection.Command(kPingWords);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), ErrorCode::kUnknown);
  EXPECT_FALSE(connection.connected());
}

TEST(RemoteConnection, NoReplyInTime) {
  FakeServer server([](int fd) { ReadBytes(fd, kPing.size() + 1); });
  RemoteConnection connection({.addresses = {server.address()}, .reply_timeout_ms = 50});
  ASSERT_TRUE(connection.Connect().ok());
  const Result<RespValue> reply = connection.Command(kPingWords);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), ErrorCode::kTimeout);
}

TEST(RemoteConnection, AnInterruptEndsTheWait) {
  FakeServer server([](int fd) { ReadBytes(fd, kPing.size() + 1); });
  int interrupt[2];
  ASSERT_EQ(pipe(interrupt), 0);
  RemoteConnection connection({.addresses = {server.address()}, .interrupt_fd = interrupt[0]});
  ASSERT_TRUE(connection.Connect().ok());
  ASSERT_EQ(write(interrupt[1], "x", 1), 1);
  const Result<RespValue> reply = connection.Command(kPingWords);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), ErrorCode::kBusy);
  close(interrupt[0]);
  close(interrupt[1]);
}

TEST(RemoteConnection, WhatIsNoReplyEndsTheConnection) {
  FakeServer server([](int fd) {
    ReadBytes(fd, kPing.size());
    SendAll(fd, "HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  RemoteConnection connection({.addresses = {server.address()}});
  ASSERT_TRUE(connection.Connect().ok());
  const Result<RespValue> reply = connection.Command(kPingWords);
  ASSERT_FALSE(reply);
  EXPECT_NE(reply.error().message().find("it speaks HTTP"), std::string::npos);
  EXPECT_FALSE(connection.connected());
}

TEST(RemoteConnection, SeesThatTheOtherSideHasEnded) {
  auto server = std::make_unique<FakeServer>([](int) {});
  RemoteConnection connection({.addresses = {server->address()}});
  ASSERT_TRUE(connection.Connect().ok());
  server.reset();
  EXPECT_FALSE(connection.Alive());
}

}  // namespace
}  // namespace mydis
