#include "net/tcp.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>

namespace mydis {
namespace {

class TcpTest : public testing::Test {
 protected:
  TcpTest() {
    auto made = EventLoop::Create();
    EXPECT_TRUE(made.has_value());
    loop = std::move(*made);
  }
  ~TcpTest() override {
    for (const int fd : accepted) close(fd);
  }
  template <typename F>
  void Until(F&& condition) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), limit) << "the condition does not come true";
      loop->RunOnce(10);
    }
  }
  std::unique_ptr<TcpListener> Listen(const std::string& address) {
    auto listener =
        TcpListener::Listen(*loop, address, 0, [this](int fd) { accepted.push_back(fd); });
    EXPECT_TRUE(listener.has_value()) << listener.error().message();
    return std::move(*listener);
  }
  Result<int> Connect(const std::string& host, uint16_t port, uint32_t timeout_ms = 5000) {
    Result<int> result = Fail(ErrorCode::kInternal, "");
    bool done = false;
    TcpConnector connector(*loop, resolver, host, port, timeout_ms, [&](Result<int> r) {
      result = std::move(r);
      done = true;
    });
    EXPECT_FALSE(done);
    Until([&] { return done; });
    return result;
  }

  std::unique_ptr<EventLoop> loop;
  Resolver resolver;
  std::vector<int> accepted;
};

TEST_F(TcpTest, ConnectsByAddressAndName) {
  const auto listener = Listen("127.0.0.1");
  for (const char* host : {"127.0.0.1", "localhost"}) {
    const size_t before = accepted.size();
    const auto fd = Connect(host, listener->port());
    ASSERT_TRUE(fd.has_value()) << fd.error().message();
    EXPECT_EQ(PeerName(*fd), "127.0.0.1:" + std::to_string(listener->port()));
    Until([&] { return accepted.size() > before; });
    EXPECT_EQ(PeerName(accepted.back()), LocalName(*fd));
    EXPECT_NE(fcntl(accepted.back(), F_GETFL) & O_NONBLOCK, 0);
    close(*fd);
  }
}

TEST_F(TcpTest, Ipv6) {
  auto listener = TcpListener::Listen(*loop, "::1", 0, [this](int fd) { accepted.push_back(fd); });
  if (!listener) GTEST_SKIP() << "this machine has no IPv6: " << listener.error().message();
  const auto fd = Connect("::1", (*listener)->port());
  ASSERT_TRUE(fd.has_value()) << fd.error().message();
  EXPECT_EQ(PeerName(*fd), "[::1]:" + std::to_string((*listener)->port()));
  close(*fd);
}

TEST_F(TcpTest, TakenPortIsNamed) {
  const auto listener = Listen("127.0.0.1");
  const std::string port = std::to_string(listener->port());
  const auto second = TcpListener::Listen(*loop, "127.0.0.1", listener->port(), [](int) {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().message(),
            "port " + port + " is taken: another process listens on 127.0.0.1:" + port);
}

TEST_F(TcpTest, ErrorsSayWhatIsWrong) {
  const auto foreign = TcpListener::Listen(*loop, "192.0.2.1", 21099, [](int) {});
  ASSERT_FALSE(foreign.has_value());
  EXPECT_EQ(foreign.error().message(),
            "cannot listen on 192.0.2.1:21099: 192.0.2.1 is no address of this machine");
  uint16_t port;
  {
    const auto listener = Listen("127.0.0.1");
    port = listener->port();
  }
  const auto refused = Connect("127.0.0.1", port);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message(),
            "cannot connect to 127.0.0.1:" + std::to_string(port) + ": Connection refused");
  const auto nowhere = Connect("no-such-host.invalid", 1);
  ASSERT_FALSE(nowhere.has_value());
  EXPECT_TRUE(nowhere.error().message().starts_with(
      "cannot resolve the host name \"no-such-host.invalid\": "))
      << nowhere.error().message();
}

TEST_F(TcpTest, CancelledByDestruction) {
  const auto listener = Listen("127.0.0.1");
  bool called = false;
  for (const char* host : {"127.0.0.1", "localhost"}) {
    TcpConnector connector(*loop, resolver, host, listener->port(), 1000,
                           [&](Result<int>) { called = true; });
  }
  const auto fd = Connect("localhost", listener->port());  // The resolver has done both by then.
  ASSERT_TRUE(fd.has_value());
  close(*fd);
  EXPECT_FALSE(called);
}

// With no descriptor left clients are turned away at once, and the loop does not spin.
TEST_F(TcpTest, OutOfDescriptors) {
  const auto listener = Listen("127.0.0.1");
  std::vector<int> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  rlimit old;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
  const int next = dup(0);
  close(next);
  const rlimit low{static_cast<rlim_t>(next), old.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  const auto addresses = ResolveNow("127.0.0.1", listener->port(), false);
  for (const int fd : clients)
    EXPECT_EQ(connect(fd, addresses->front().get(), addresses->front().size), 0);
  Until([&] { return listener->refused() == 5; });
  for (const int fd : clients) {
    char byte;
    EXPECT_LE(recv(fd, &byte, 1, 0), 0);
    close(fd);
  }
  setrlimit(RLIMIT_NOFILE, &old);
  const auto fd = Connect("127.0.0.1", listener->port());
  ASSERT_TRUE(fd.has_value());
  Until([&] { return accepted.size() == 1; });
  close(*fd);
}

}  // namespace
}  // namespace mydis
