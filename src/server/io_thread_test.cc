#include "server/io_thread.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "server/node.h"

namespace mydis {
namespace {

TEST(IoThreadTest, ASocketThatNoTurnTakesUpIsClosed) {
  Node node(ServerOptions{});
  auto loop = EventLoop::Create();
  ASSERT_TRUE(loop.has_value());
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
  {
    IoThread thread(node, 0, *std::move(loop));
    thread.Adopt(pair[0], Door::kRedis);
    EXPECT_GE(fcntl(pair[0], F_GETFD), 0);
  }
  char byte;
  EXPECT_EQ(recv(pair[1], &byte, 1, 0), 0) << "the other end sees no end";
  close(pair[1]);
}

}  // namespace
}  // namespace mydis
