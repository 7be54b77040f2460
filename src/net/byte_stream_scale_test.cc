// Large values and many connections.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <deque>
#include <thread>

#include "net/stream_fixture.h"
#include "protocol/resp_parser.h"

namespace mydis {
namespace {

// A SET of 512 MiB: read in place, and not held in advance.
class BigSet final : public StreamHandler {
 public:
  BigSet() : parser(limits) {}
  size_t OnData(ByteStream& stream, std::string_view bytes) override {
    parser.Parse(bytes, batch);
    if (pauses > 0 && !batch.empty()) {
      --pauses;
      stream.PauseReading();
      return parser.Consume(batch, 0);
    }
    for (size_t i = 0; i < batch.size(); ++i) {
      const auto args = batch[i].args;
      sizes.push_back(args.back().size());
      good = good && args.back().find_first_not_of('v') == std::string_view::npos;
    }
    error += batch.error();
    return parser.Consume(batch, batch.size());
  }
  std::span<char> ReadTarget() override { return parser.Target(); }
  void OnTargetFilled(ByteStream&, size_t n) override { parser.TargetFilled(n); }
  void OnClosed(ByteStream&, const Status&) override {}

  RespLimits limits;
  RespParser parser;
  RequestBatch batch;
  std::vector<size_t> sizes;
  std::string error;
  int pauses = 0;
  bool good = true;
};

TEST_F(StreamTest, ArgumentOf512MiB) {
  const auto [mine, theirs] = Pair();
  BigSet handler;
  ByteStream stream(*loop, mine, &handler);
  constexpr size_t kSize = size_t{512} << 20;
  SendAll(theirs, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\nvvv");
  Until([&] { return handler.parser.memory() > 0; });
  EXPECT_LT(handler.parser.memory() + stream.memory(), 300'000u);
  std::thread sender([fd = theirs] {
    const std::string block(1 << 20, 'v');
    for (size_t left = kSize - 3; left > 0;) {
      const size_t n = std::min(left, block.size());
      SendAll(fd, std::string_view(block).substr(0, n));
      left -= n;
    }
    SendAll(fd, "\r\n*1\r\n$1\r\nv\r\n");
  });
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  while (handler.sizes.size() < 2 && std::chrono::steady_clock::now() < limit) loop->RunOnce(10);
  sender.join();
  EXPECT_EQ(handler.error, "");
  EXPECT_EQ(handler.sizes, (std::vector<size_t>{kSize, 1}));
  EXPECT_TRUE(handler.good);
  EXPECT_EQ(handler.parser.memory(), 0u);
  close(theirs);
}

// A request whose last byte came into the target has no bytes in the input any more. It is offered
// all the same, and again after a pause.
TEST_F(StreamTest, TargetFilledToTheLastByte) {
  for (const int pauses : {0, 2}) {
    for (const bool filtered : {false, true}) {
      const auto [mine, theirs] = Pair();
      BigSet handler;
      handler.pauses = pauses;
      const ByteStream::Options options;
      ByteStream stream(*loop, mine, &handler, options,
                        filtered ? std::make_unique<ToyFilter>() : nullptr);
      Recorder sender_handler;
      auto sender =
          std::make_unique<ByteStream>(*loop, theirs, &sender_handler, options,
                                       filtered ? std::make_unique<ToyFilter>() : nullptr);
      sender->Write("*2\r\n$3\r\nSET\r\n$200000\r\nv");
      Until([&] { return handler.parser.memory() > 0; });
      sender->Write(std::string(199'999, 'v') + "\r\n");
      for (int i = 0; i < pauses; ++i) {
        Until([&] { return stream.reading_paused(); });
        stream.ResumeReading();
      }
      Until([&] { return handler.sizes.size() == 1; });
      EXPECT_EQ(handler.sizes[0], 200'000u);
      EXPECT_TRUE(handler.good);
    }
  }
}

// Ten thousand connections that have been served cost little.
TEST_F(StreamTest, TenThousandConnections) {
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const size_t count = std::min<size_t>(10'000, (limit.rlim_cur - 200) / 2);
  Recorder echo;
  size_t echoed = 0;
  echo.use = [&](ByteStream& s, std::string_view b) {
    s.Write(b);
    echoed += b.size();
    echo.got.clear();
    return b.size();
  };
  std::deque<ByteStream> streams;
  std::vector<int> clients;
  for (size_t i = 0; i < count; ++i) {
    const auto [mine, theirs] = Pair();
    streams.emplace_back(*loop, mine, &echo);
    clients.push_back(theirs);
  }
  for (int round = 0; round < 2; ++round) {
    for (const int fd : clients) SendAll(fd, "ping");
    Until([&] { return echoed == 4 * count * static_cast<size_t>(round + 1); });
    loop->RunOnce(0);
    for (const int fd : clients) ASSERT_EQ(ReadAvailable(fd), "ping");
  }
  size_t memory = 0;
  for (const ByteStream& s : streams) memory += s.memory();
  EXPECT_EQ(memory, 0u);
  EXPECT_LT(sizeof(ByteStream) + sizeof(RespParser), 600u);
  for (const int fd : clients) close(fd);
  Until([&] { return echo.closed == static_cast<int>(count); });
}

}  // namespace
}  // namespace mydis
