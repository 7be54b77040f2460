#include "net/byte_stream.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <deque>
#include <thread>

#include "base/random.h"
#include "net/tcp.h"
#include "protocol/resp_parser.h"

namespace mydis {
namespace {

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

std::string ReadAvailable(int fd) {
  std::string out;
  char buffer[65536];
  for (ssize_t n; (n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT)) > 0;)
    out.append(buffer, static_cast<size_t>(n));
  return out;
}

void SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n > 0) bytes.remove_prefix(static_cast<size_t>(n));
  }
}

TEST_F(StreamTest, UnusedBytesComeAgain) {
  const auto [mine, theirs] = Pair();
  Recorder handler;
  handler.use = [](ByteStream&, std::string_view b) { return b.size() / 4 * 4; };
  ByteStream stream(*loop, mine, &handler);
  std::string sent;
  Random random(1);
  for (int i = 0; i < 200; ++i) {
    std::string part(random.Below(300), static_cast<char>('a' + i % 26));
    sent += part;
    SendAll(theirs, part);
    loop->RunOnce(0);
    ASSERT_EQ(handler.got, sent.substr(0, sent.size() / 4 * 4));
    ASSERT_EQ(stream.input_size(), sent.size() % 4);
  }
  SendAll(theirs, std::string(4 - sent.size() % 4, 'z'));
  loop->RunOnce(0);
  EXPECT_EQ(stream.input_size(), 0u);
  EXPECT_EQ(stream.memory(), 0u);
  close(theirs);
}

TEST_F(StreamTest, LongUnusedInputGrowsAndShrinks) {
  const auto [mine, theirs] = Pair();
  constexpr size_t kSize = 3'000'000;
  Recorder handler;
  handler.use = [](ByteStream&, std::string_view b) { return b.size() < kSize ? 0 : kSize; };
  ByteStream stream(*loop, mine, &handler);
  std::string sent;
  for (size_t i = 0; i < kSize; ++i) sent += static_cast<char>(i * 7 + i / 1000);
  std::thread sender([&, fd = theirs] { SendAll(fd, sent + "tail"); });
  Until([&] { return handler.got.size() == kSize && stream.input_size() == 4; });
  sender.join();
  EXPECT_EQ(handler.got, sent);
  handler.use = nullptr;
  SendAll(theirs, "!");
  Until([&] { return handler.got.size() == kSize + 5; });
  EXPECT_EQ(stream.memory(), 0u);
  close(theirs);
}

TEST_F(StreamTest, PauseAndResume) {
  const auto [mine, theirs] = Pair();
  Recorder handler;
  handler.use = [](ByteStream& s, std::string_view) {
    s.PauseReading();
    return size_t{1};
  };
  ByteStream stream(*loop, mine, &handler);
  SendAll(theirs, "abc");
  loop->RunOnce(0);
  EXPECT_EQ(handler.got, "a");
  SendAll(theirs, "d");
  loop->RunOnce(0);
  EXPECT_EQ(handler.calls, 1);
  stream.ResumeReading();
  loop->RunOnce(0);  // Kept bytes come without any new ones.
  EXPECT_EQ(handler.got, "ab");
  handler.use = nullptr;
  stream.ResumeReading();
  Until([&] { return handler.got == "abcd"; });
  close(theirs);
}

TEST_F(StreamTest, EndWhilePausedThenTheRest) {
  const auto [mine, theirs] = Pair();
  Recorder handler;
  ByteStream stream(*loop, mine, &handler);
  stream.PauseReading();
  SendAll(theirs, "last words");
  shutdown(theirs, SHUT_WR);
  Until([&] { return handler.ends == "u"; });
  EXPECT_EQ(handler.calls, 0);
  for (int i = 0; i < 5; ++i) loop->RunOnce(0);
  EXPECT_EQ(handler.ends, "u");
  stream.ResumeReading();
  Until([&] { return handler.closed == 1; });
  EXPECT_EQ(handler.got, "last words");
  EXPECT_EQ(handler.ends, "ue");
  EXPECT_TRUE(handler.reason.ok());
  close(theirs);
}

// Bytes kept while paused are offered before the end of the input is told.
TEST_F(StreamTest, EndDoesNotOvertakeKeptBytes) {
  const auto [mine, theirs] = Pair();
  Recorder handler;
  handler.use = [](ByteStream& s, std::string_view) {
    s.PauseReading();
    return size_t{0};
  };
  ByteStream stream(*loop, mine, &handler);
  SendAll(theirs, "abc");
  loop->RunOnce(0);
  shutdown(theirs, SHUT_WR);
  handler.use = [&](ByteStream&, std::string_view b) {
    EXPECT_EQ(handler.ends.find('e'), std::string::npos);
    return b.size();
  };
  stream.ResumeReading();
  Until([&] { return handler.closed == 1; });
  EXPECT_EQ(handler.got, "abc");
  close(theirs);
}

TEST_F(StreamTest, RepliesAfterHalfClose) {
  const auto [mine, theirs] = Pair();
  Recorder handler;
  handler.close_at_end = false;
  ByteStream stream(*loop, mine, &handler);
  SendAll(theirs, "question");
  shutdown(theirs, SHUT_WR);
  Until([&] { return handler.ends == "e"; });
  for (int i = 0; i < 5; ++i) loop->RunOnce(0);
  EXPECT_EQ(handler.ends, "e");
  stream.Write("answer");
  stream.CloseAfterFlush();
  Until([&] { return handler.closed == 1; });
  EXPECT_EQ(ReadAvailable(theirs), "answer");
  close(theirs);
}

TEST_F(StreamTest, OutputOfAllKindsKeepsItsOrder) {
  const auto [mine, theirs] = Pair();
  Recorder handler;
  ByteStream stream(*loop, mine, &handler);
  Random random(2);
  std::string sent, received;
  for (int i = 0; i < 3000; ++i) {
    const uint64_t most = random.Chance(1, 10) ? 100'000 : 100;
    std::string part(random.Below(most), static_cast<char>('a' + i % 26));
    sent += part;
    switch (random.Below(4)) {
      case 0:
        stream.Write(std::string_view(part));
        break;
      case 1:
        stream.Write(std::move(part));
        break;
      case 2:
        stream.Write(MakePayload(part));
        break;
      default:
        stream.Tail() += part;
        break;
    }
    if (random.Chance(1, 20)) stream.Flush();
    if (random.Chance(1, 5)) loop->RunOnce(0);
    if (random.Chance(1, 5)) received += ReadAvailable(theirs);
  }
  Until([&] {
    received += ReadAvailable(theirs);
    return received.size() >= sent.size();
  });
  EXPECT_TRUE(received == sent);
  EXPECT_EQ(stream.output_size(), 0u);
  loop->RunOnce(0);
  EXPECT_EQ(stream.memory(), 0u);
  EXPECT_EQ(stream.bytes_written(), sent.size());
  close(theirs);
}

// A client that sends questions and reads no answers: the answers do not pile up.
TEST_F(StreamTest, SlowReaderIsNotReadFrom) {
  const auto [mine, theirs] = Pair();
  ByteStream::Options options{.output_high = 100'000, .output_low = 50'000};
  Recorder handler;
  const std::string answer(1000, 'x');
  handler.use = [&](ByteStream& s, std::string_view bytes) {
    size_t used = 0;
    for (; used < bytes.size() && !s.OutputFull(); ++used) s.Write(answer);
    return used;
  };
  ByteStream stream(*loop, mine, &handler, options);
  constexpr size_t kQuestions = 20'000;
  size_t asked = 0, answered = 0, most = 0;
  const std::string questions(1000, 'q');
  while (asked < kQuestions) {
    const ssize_t n = send(theirs, questions.data(), questions.size(), MSG_NOSIGNAL);
    if (n > 0) asked += static_cast<size_t>(n);
    loop->RunOnce(0);
    most = std::max(most, stream.output_size());
    if (n <= 0) answered += ReadAvailable(theirs).size();
  }
  EXPECT_GT(asked * answer.size(), 10 * most);  // It was held back.
  EXPECT_LE(most, 102'000u);
  Until([&] {
    answered += ReadAvailable(theirs).size();
    return answered == asked * answer.size();
  });
  EXPECT_GT(handler.drained, 0);
  close(theirs);
}

TEST_F(StreamTest, CloseIsToldOnceAndLate) {
  const auto [mine, theirs] = Pair();
  Recorder handler;
  handler.use = [&](ByteStream& s, std::string_view b) {
    s.Close(Status(ErrorCode::kInvalid, "enough"));
    s.Close();
    s.Write("dropped");
    EXPECT_EQ(handler.closed, 0);
    return b.size();
  };
  ByteStream stream(*loop, mine, &handler);
  SendAll(theirs, "x");
  Until([&] { return handler.closed == 1; });
  stream.Write("dropped");
  stream.Flush();
  stream.ResumeReading();
  for (int i = 0; i < 3; ++i) loop->RunOnce(0);
  EXPECT_EQ(handler.closed, 1);
  EXPECT_EQ(handler.reason.message(), "enough");
  EXPECT_EQ(ReadAvailable(theirs), "");
  close(theirs);
}

TEST_F(StreamTest, CloseAfterFlushDoesNotWaitForEver) {
  const auto [mine, theirs] = Pair();
  Recorder handler;
  ByteStream stream(*loop, mine, &handler);
  stream.Write(std::string(10'000'000, 'x'));
  stream.CloseAfterFlush(Status(ErrorCode::kInvalid, "protocol error"), 20);
  Until([&] { return handler.closed == 1; });
  EXPECT_EQ(handler.reason.message(), "protocol error");
  close(theirs);
}

TEST_F(StreamTest, InputLimit) {
  const auto [mine, theirs] = Pair();
  ByteStream::Options options{.input_limit = 100'000};
  Recorder handler;
  handler.use = [](ByteStream&, std::string_view) { return size_t{0}; };
  ByteStream stream(*loop, mine, &handler, options);
  std::string more(10'000, 'x');
  Until([&] {
    (void)send(theirs, more.data(), more.size(), MSG_NOSIGNAL);
    return handler.closed == 1;
  });
  EXPECT_EQ(handler.reason.code(), ErrorCode::kBusy);
  close(theirs);
}

TEST_F(StreamTest, DestroyedWithWorkQueued) {
  const auto [mine, theirs] = Pair();
  Recorder handler;
  {
    ByteStream stream(*loop, mine, &handler);
    stream.Write("never sent");
    stream.PauseReading();
    stream.ResumeReading();
    SendAll(theirs, "never read");
  }
  loop->RunOnce(0);
  EXPECT_EQ(handler.closed, 0);
  EXPECT_EQ(handler.calls, 0);
  close(theirs);
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
    while (!waiting_.empty()) {
      const size_t n = std::min<size_t>(waiting_.size(), 255);
      to_socket += static_cast<char>(n);
      for (size_t i = 0; i < n; ++i) to_socket += static_cast<char>(waiting_[i] + 1);
      waiting_.erase(0, n);
    }
    return {};
  }
  void Finish(std::string& to_socket) override { to_socket += '\0'; }

 private:
  bool greeted_ = false;
  std::string kept_, waiting_;
};

TEST_F(StreamTest, FilterBetweenSocketAndStream) {
  const auto [a, b] = Pair();
  Recorder left, right;
  const ByteStream::Options options{.output_high = 0};
  auto one = std::make_unique<ByteStream>(*loop, a, &left, options, std::make_unique<ToyFilter>());
  auto two = std::make_unique<ByteStream>(*loop, b, &right, options, std::make_unique<ToyFilter>());
  std::string sent;
  for (int i = 0; i < 200; ++i) {
    const std::string part(static_cast<size_t>(i * 13), static_cast<char>('a' + i % 26));
    sent += part;
    one->Write(part);
    if (i % 3 == 0) loop->RunOnce(0);
  }
  two->Write("pong");
  Until([&] { return right.got.size() == sent.size() && left.got == "pong"; });
  EXPECT_TRUE(right.got == sent);
  one->Write("bye");
  one->CloseAfterFlush();
  Until([&] { return left.closed == 1 && right.closed == 1; });
  EXPECT_TRUE(right.got.ends_with("bye"));
}

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

// A handler that uses nothing because the output is full is asked again when that has gone.
TEST_F(StreamTest, FullOutputBeforeTheInput) {
  const auto [mine, theirs] = Pair();
  const ByteStream::Options options{.output_high = 100, .output_low = 50};
  Recorder handler;
  handler.use = [](ByteStream& s, std::string_view b) { return s.OutputFull() ? 0 : b.size(); };
  ByteStream stream(*loop, mine, &handler, options);
  SendAll(theirs, "question");
  stream.Write(std::string(1000, 'x'));
  Until([&] { return handler.got == "question"; });
  close(theirs);
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
