// What a session does with calls as programs give them: whatever is said of their words, of their
// time, and within callbacks.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <thread>

#include "client/fake_cluster_test.h"
#include "mydis/client.h"

namespace mydis {
namespace {

using std::chrono::milliseconds;
using testing::CommandWords;
using testing::FakeInstance;
using testing::FakeState;
using testing::Fault;

constexpr CallKind kKinds[] = {CallKind::kAny, CallKind::kRead, CallKind::kWrite,
                               CallKind::kBlocking};

// Cuts the connection when a command of this name has been carried out: the first, the third …
auto CutsEveryOther(std::string name) {
  auto count = std::make_shared<std::atomic<int>>(0);
  return [name = std::move(name), count](const CommandWords& words) {
    return words[0] == name && (*count)++ % 2 == 0 ? Fault::kCutAfter : Fault::kNone;
  };
}

class SessionCallsTest : public ::testing::Test {
 protected:
  SessionCallsTest() : client_(Connect(one_)), session_(client_->NewSession()) {}

  static std::unique_ptr<Client> Connect(const FakeInstance& instance) {
    auto client = Client::Connect({.addresses = {instance.address()}});
    EXPECT_TRUE(client) << client.error().message();
    return *std::move(client);
  }
  // What a call gives in each of its forms.
  static std::vector<Result<Value>> InAllForms(Session& session, CallKind kind,
                                               const Words& words) {
    std::vector<Result<Value>> answers;
    answers.push_back(session.Run<Value>(kind, words, {}));
    answers.push_back(session.Async().Run<Value>(kind, words, {}).Get());
    Pipeline pipeline = session.NewPipeline();
    Future<Value> in_pipeline = pipeline.Run<Value>(kind, words, {});
    pipeline.Send();
    answers.push_back(in_pipeline.Get());
    Transaction transaction = session.NewTransaction();
    Future<Value> in_transaction = transaction.Run<Value>(kind, words, {});
    (void)transaction.Execute();
    answers.push_back(in_transaction.Get());
    return answers;
  }
  // How often, whatever revision it asked for.
  int Received(const std::string& line) {
    int count = 0;
    for (std::string_view each : one_.received()) {
      if (each.starts_with("ATLEAST ")) each.remove_prefix(each.find(' ', 8) + 1);
      if (each == line) ++count;
    }
    return count;
  }

  std::shared_ptr<FakeState> state_ = std::make_shared<FakeState>();
  FakeInstance one_{state_};
  std::unique_ptr<Client> client_;
  Session session_;
};

// ---- What a command is said to be ----

TEST_F(SessionCallsTest, TheConnectionIsTheLibrarysWhateverIsSaid) {
  for (const CallKind kind : kKinds) {
    for (const auto& text : std::vector<std::vector<std::string>>{
             {"SELECT", "3"}, {"subscribe", "c"}, {"MULTI"}, {"CLIENT", "REPLY", "OFF"}}) {
      const Words words{std::span<const std::string>(text)};
      for (const Result<Value>& answer : InAllForms(session_, kind, words)) {
        ASSERT_FALSE(answer) << text[0] << " said to be " << static_cast<int>(kind);
        EXPECT_EQ(answer.error().code(), ErrorCode::kInvalid);
      }
    }
  }
  EXPECT_EQ(Received("SELECT 3") + Received("subscribe c") + Received("CLIENT REPLY OFF"), 0);
}

TEST_F(SessionCallsTest, AnEmptyWordIsNoCommandWhateverIsSaid) {
  for (const CallKind kind : kKinds) {
    Words words;
    words.Add(std::string_view(), "a", "b");  // Of no bytes anywhere.
    for (const Result<Value>& answer : InAllForms(session_, kind, words)) {
      ASSERT_FALSE(answer);
      EXPECT_EQ(answer.error().code(), ErrorCode::kInvalid);
    }
  }
  EXPECT_EQ(Received("a b"), 0);
}

TEST_F(SessionCallsTest, AWriteIsCarriedOutOnceWhateverIsSaid) {
  int64_t expected = 0;
  for (const CallKind kind : kKinds) {
    for (const char* name : {"INCR", "EXEC"}) {
      one_.SetFault(CutsEveryOther(name));
      const std::vector<Result<Value>> answers = InAllForms(session_, kind, {"INCR", "n"});
      for (const Result<Value>& answer : answers) {
        ASSERT_TRUE(answer) << answer.error().message();
        EXPECT_EQ(answer->integer(), ++expected) << "said to be " << static_cast<int>(kind);
      }
    }
  }
  EXPECT_EQ(state_->Counter("n"), expected);
}

// Also by a server that could not tell a write that is sent again.
TEST_F(SessionCallsTest, AReadIsAskedAgainWhateverIsSaid) {
  FakeInstance plain(state_, {.numbers = false, .hello_error = {}});
  const auto client = Connect(plain);
  Session session = client->NewSession();
  ASSERT_TRUE(session.Set("k", "v"));
  for (const CallKind kind : kKinds) {
    plain.SetFault(CutsEveryOther("get"));
    const Result<Value> value = session.Run<Value>(kind, {"get", "k"}, {});
    ASSERT_FALSE(value);  // The instance knows no such command, in small letters.
    EXPECT_EQ(value.error().code(), ErrorCode::kInvalid);
    plain.SetFault(CutsEveryOther("GET"));
    EXPECT_EQ(session.Run<std::string>(kind, {"GET", "k"}, {}), "v");
  }
}

TEST_F(SessionCallsTest, WhatBlocksHoldsNothingUpWhateverIsSaid) {
  one_.SetFault(
      [](const CommandWords& words) { return words[0] == "BLPOP" ? Fault::kHang : Fault::kNone; });
  std::vector<Future<Value>> popped;
  for (const CallKind kind : kKinds)
    popped.push_back(session_.Async().Run<Value>(kind, {"BLPOP", "l", "0"}, {}));
  EXPECT_TRUE(session_.Incr("n"));
  for (const Future<Value>& one : popped) EXPECT_FALSE(one.done());
}

// ---- Time limits ----

TEST_F(SessionCallsTest, ForEverIsNoTimeInThePast) {
  one_.SetFault([](const CommandWords& words) {
    return words[0] == "BLPOP" || words[0] == "GET" ? Fault::kHang : Fault::kNone;
  });
  Session patient = client_->NewSession({.time_limit = kForever});
  Future<Value> own = session_.Async().Command({"BLPOP", "l", "2"}, {.time_limit = kForever});
  Future<Value> of_session = patient.Async().Command({"BLPOP", "l", "2"});
  // All limits have been looked at when the second of these has ended.
  for (const milliseconds limit : {milliseconds(1), milliseconds::min()}) {
    const auto read = client_->NewSession().Get("k", {.time_limit = limit});
    EXPECT_FALSE(read);
  }
  EXPECT_FALSE(own.done());
  EXPECT_FALSE(of_session.done());
}

TEST_F(SessionCallsTest, ConnectingMayTakeForEver) {
  one_.SetFault([](const CommandWords& words) {
    // Longer than limits are looked at.
    if (words[0] == "PING") std::this_thread::sleep_for(milliseconds(200));
    return Fault::kNone;
  });
  const auto client =
      Client::Connect({.addresses = {one_.address()}, .connect_timeout = milliseconds::max()});
  EXPECT_TRUE(client) << client.error().message();
}

// ---- Callbacks ----

TEST_F(SessionCallsTest, WhoBringsAnswersIsNotToWaitForOne) {
  std::latch may_answer(1);
  one_.SetFault([&](const CommandWords& words) {
    if (words[0] == "SET") may_answer.wait();
    return Fault::kNone;
  });
  std::vector<Status> refused;
  std::latch called(1);
  session_.Async().Set("k", "v").Then([&](const Result<void>&) {
    AsyncSession async = session_.Async();
    refused.push_back(async.Incr("n").Get().error());
    refused.push_back(session_.Incr("n").error());
    called.count_down();
  });
  may_answer.count_down();
  called.wait();
  for (const Status& status : refused) {
    EXPECT_EQ(status.code(), ErrorCode::kInvalid);
    EXPECT_NE(status.message().find("within a callback"), std::string::npos);
  }
  // The call that was not waited for has been carried out.
  EXPECT_EQ(session_.Get("n").value(), "1");
}

// ---- Request ids ----

TEST_F(SessionCallsTest, EachCallOfAPipelineHasItsOwnId) {
  for (int time = 0; time < 2; ++time) {
    one_.SetFault(CutsEveryOther("INCR"));
    Pipeline pipeline = session_.NewPipeline();
    Future<int64_t> first = pipeline.Incr("n");
    Future<std::optional<std::string>> between = pipeline.Get("n");
    Future<int64_t> second = pipeline.IncrBy("n", 1);
    Future<int64_t> third = pipeline.Incr("n");
    pipeline.Send({.request_id = "order-17"});
    EXPECT_EQ(first.Get().value(), 1);
    EXPECT_TRUE(between.Get());
    EXPECT_FALSE(second.Get());  // The instance knows no such command.
    EXPECT_EQ(third.Get().value(), 2);
  }
  EXPECT_EQ(state_->Counter("n"), 2);
  EXPECT_GE(Received("ONCE order-17/0 INCR n"), 2);
  EXPECT_GE(Received("ONCE order-17/3 INCR n"), 2);
}

TEST_F(SessionCallsTest, TransactTakesNoId) {
  const std::string_view keys[] = {"k"};
  bool asked = false;
  const Status status = session_.Transact(keys,
                                          [&](Session&, Transaction&) {
                                            asked = true;
                                            return Status::Ok();
                                          },
                                          100, {.request_id = "order-17"});
  EXPECT_EQ(status.code(), ErrorCode::kInvalid);
  EXPECT_NE(status.message().find("request_id"), std::string::npos);
  EXPECT_FALSE(asked);
}

// ---- Servers that answer anything ----

TEST_F(SessionCallsTest, ARevisionForEachKeyOrNone) {
  // The instance gives one, whatever it is asked for.
  const std::string_view one[] = {"a"};
  EXPECT_EQ(session_.Revisions(one).value(), std::vector<uint64_t>{7});
  const std::string_view two[] = {"a", "b"};
  const auto wrong = session_.Revisions(two);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code(), ErrorCode::kInternal);
}

TEST_F(SessionCallsTest, NoNameOfACommand) {
  EXPECT_EQ(session_.Command({""}).error().message(),
            "the first word, which is the command's name, is empty");
  EXPECT_EQ(session_.Command({}).error().message(), "a command has one word at least: its name");
}

}  // namespace
}  // namespace mydis
