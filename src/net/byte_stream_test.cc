#include "net/byte_stream.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "base/random.h"
#include "net/stream_fixture.h"

namespace mydis {
namespace {

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

}  // namespace
}  // namespace mydis
