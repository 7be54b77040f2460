#include "net/stream_filter.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <deque>

#include "net/stream_fixture.h"

namespace mydis {
namespace {

// Lines are requests, taken one at a time; the stream gets "<line>" and answers with one line.
// "quit" is answered by the filter, which then wants the end.
class OneAtATime final : public StreamFilter {
 public:
  static constexpr size_t kMostWaiting = 3;

  Status Start(std::string&) override { return {}; }
  Status Receive(std::string_view in, std::string& plain, std::string& to_socket) override {
    for (const char c : in) {
      if (c != '\n') {
        line_ += c;
      } else {
        waiting_.push_back(std::exchange(line_, std::string()));
      }
    }
    if (HasInput()) {
      asked_ = waiting_.front() != "quit";
      asked_ ? plain += "<" + waiting_.front() + ">" : to_socket += "bye\n";
      wants_close_ = !asked_;
      waiting_.pop_front();
    }
    return {};
  }
  Status Send(std::string_view plain, std::string& to_socket) override {
    if (wants_close_) return {};
    to_socket += plain;
    if (plain.ends_with('\n')) asked_ = false;
    return {};
  }
  void Finish(std::string&) override {}
  bool HasInput() const override { return !asked_ && !wants_close_ && !waiting_.empty(); }
  bool Full() const override { return waiting_.size() >= kMostWaiting; }
  void InputEnded() override { ended = true; }
  bool Busy() const override { return asked_ || !waiting_.empty(); }
  bool WantsClose() const override { return wants_close_; }
  Status CheckTime(uint64_t, std::string& to_socket) override {
    if (line_.empty()) return {};
    to_socket += "too slow\n";
    wants_close_ = true;
    return {};
  }

  bool ended = false;

 private:
  std::deque<std::string> waiting_;
  std::string line_;
  bool asked_ = false;
  bool wants_close_ = false;
};

class StreamFilterTest : public StreamTest {
 protected:
  void Open(std::unique_ptr<StreamFilter> filter) {
    const auto [ours, theirs] = Pair();
    client = ours;
    stream = std::make_unique<ByteStream>(*loop, theirs, &handler, options, std::move(filter));
    handler.use = [this](ByteStream& s, std::string_view bytes) {
      // Nothing, after a pause.
      if (bytes.empty()) return size_t{0};
      requests.emplace_back(bytes);
      if (answers) s.Write("re" + std::string(bytes) + "\n");
      return bytes.size();
    };
  }
  void Open() { Open(std::make_unique<OneAtATime>()); }
  std::string Heard() { return heard += ReadAvailable(client); }
  void TearDown() override { close(client); }

  const ByteStream::Options options;
  Recorder handler;
  std::unique_ptr<ByteStream> stream;
  std::vector<std::string> requests;
  bool answers = true;
  std::string heard;
  int client = -1;
};

TEST_F(StreamFilterTest, WhatTheFilterHoldsFollowsTheReply) {
  Open();
  SendAll(client, "a\nb\nc\n");
  Until([&] { return Heard() == "re<a>\nre<b>\nre<c>\n"; });
  EXPECT_EQ(requests, (std::vector<std::string>{"<a>", "<b>", "<c>"}));
}

TEST_F(StreamFilterTest, TheEndDoesNotOvertakeWhatTheFilterHolds) {
  Open();
  SendAll(client, "a\nb\nc\n");
  shutdown(client, SHUT_WR);
  Until([&] { return handler.closed == 1; });
  EXPECT_EQ(Heard(), "re<a>\nre<b>\nre<c>\n");
  EXPECT_EQ(handler.ends, "ue");
}

TEST_F(StreamFilterTest, NothingIsHandedInWhileReadingIsPaused) {
  Open();
  answers = false;
  SendAll(client, "a\nb\n");
  Until([&] { return requests.size() == 1; });
  stream->PauseReading();
  stream->Write("one\n");
  Until([&] { return Heard() == "one\n"; });
  loop->RunOnce(0);
  EXPECT_EQ(requests.size(), 1u);
  stream->ResumeReading();
  Until([&] { return requests.size() == 2; });
}

TEST_F(StreamFilterTest, AFullFilterHasTheSocketWait) {
  Open();
  answers = false;
  SendAll(client, "1\n2\n3\n4\n");
  Until([&] { return requests.size() == 1; });
  const uint64_t before = stream->bytes_read();
  SendAll(client, "5\n6\n");
  for (int i = 0; i < 5; ++i) loop->RunOnce(0);
  EXPECT_EQ(stream->bytes_read(), before);
  answers = true;
  stream->Write("re<1>\n");
  Until([&] { return Heard().ends_with("re<6>\n"); });
  EXPECT_EQ(requests.size(), 6u);
}

TEST_F(StreamFilterTest, LastWordsAreNotLostToAReset) {
  Open();
  SendAll(client, "quit\n");
  // Unread bytes would have the kernel answer a close with a reset.
  SendAll(client, std::string(100'000, 'x'));
  Until([&] { return Heard() == "bye\n"; });
  char byte;
  Until([&] { return recv(client, &byte, 1, MSG_DONTWAIT) == 0; });
  EXPECT_EQ(handler.closed, 0) << "it waits for the other side";
  shutdown(client, SHUT_WR);
  Until([&] { return handler.closed == 1; });
  EXPECT_TRUE(handler.reason.ok());
}

TEST_F(StreamFilterTest, TheFilterMayHaveEnoughOfASlowSender) {
  Open();
  SendAll(client, "half a li");
  Until([&] { return stream->bytes_read() == 9; });
  stream->CheckTime();
  Until([&] { return Heard() == "too slow\n"; });
  shutdown(client, SHUT_WR);
  Until([&] { return handler.closed == 1; });
}

TEST_F(StreamFilterTest, TwoFiltersInARow) {
  Open(std::make_unique<ChainedFilter>(std::make_unique<ToyFilter>(),
                                       std::make_unique<OneAtATime>()));
  ToyFilter toy;
  std::string words, plain, back;
  ASSERT_TRUE(toy.Start(words).ok());
  ASSERT_TRUE(toy.Send("a\nb\nquit\n", words).ok());
  SendAll(client, words);
  Until([&] {
    std::string more;
    EXPECT_TRUE(toy.Receive(ReadAvailable(client), plain, more).ok());
    SendAll(client, more);
    return plain == "re<a>\nre<b>\nbye\n";
  });
  shutdown(client, SHUT_WR);
  Until([&] { return handler.closed == 1; });
}

TEST_F(StreamFilterTest, ALargeReplyIsEncodedInPieces) {
  Open();
  answers = false;
  SendAll(client, "a\n");
  Until([&] { return requests.size() == 1; });
  std::string large(3'000'000, 'z');
  large += '\n';
  stream->Write(std::string(large));
  Until([&] { return Heard().size() == large.size(); });
  EXPECT_TRUE(Heard() == large);
}

}  // namespace
}  // namespace mydis
