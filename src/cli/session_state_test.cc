#include "cli/session_state.h"

#include <gtest/gtest.h>

namespace mydis {
namespace {

using Words = std::vector<std::string>;

RespValue Simple(std::string text) {
  RespValue value;
  value.type = RespValue::Type::kSimple;
  value.text = std::move(text);
  return value;
}

RespValue Error() {
  RespValue value = Simple("ERR no");
  value.type = RespValue::Type::kError;
  return value;
}

RespValue Array() {
  RespValue value;
  value.type = RespValue::Type::kArray;
  return value;
}

void Answer(SessionState& state, const Words& words, const RespValue& reply) {
  const std::vector<std::string_view> views(words.begin(), words.end());
  const CommandTraits traits = TraitsOf(views);
  if (SessionState::Concerns(traits.kind, views)) state.Answered(traits.kind, words, reply);
}

void Queue(SessionState& state, const Words& words, bool repeatable = true) {
  state.Queued({}, repeatable, Simple("QUEUED"));
  Answer(state, words, Simple("QUEUED"));
}

TEST(SessionState, WhatItBeginsWith) {
  SessionState state({.login = {"AUTH", "x"},
                      .database = 2,
                      .resp3 = true,
                      .consistency = {"CLIENT", "CONSISTENCY", "READ", "strong"}});
  EXPECT_EQ(state.Setup(), (std::vector<Words>{{"AUTH", "x"},
                                               {"HELLO", "3"},
                                               {"CLIENT", "CONSISTENCY", "READ", "strong"},
                                               {"SELECT", "2"}}));
}

TEST(SessionState, FollowsWhatWasAnswered) {
  SessionState state({});
  Answer(state, {"client", "setname", "me"}, Simple("OK"));
  Answer(state, {"CLIENT", "CONSISTENCY", "READ", "strong"}, Simple("OK"));
  Answer(state, {"CLIENT", "NO-TOUCH", "ON"}, Simple("OK"));
  Answer(state, {"AUTH", "wrong"}, Error());
  Answer(state, {"AUTH", "ann", "right"}, Simple("OK"));
  Answer(state, {"SELECT", "99"}, Error());
  Answer(state, {"SELECT", "3"}, Simple("OK"));
  Answer(state, {"CLIENT", "GETNAME"}, Simple("me"));
  EXPECT_EQ(state.Setup(), (std::vector<Words>{{"AUTH", "ann", "right"},
                                               {"CLIENT", "CONSISTENCY", "READ", "strong"},
                                               {"CLIENT", "NO-TOUCH", "ON"},
                                               {"client", "setname", "me"},
                                               {"SELECT", "3"}}));
  Answer(state, {"RESET"}, Simple("RESET"));
  EXPECT_TRUE(state.Setup().empty());
}

TEST(SessionState, WhatHelloSaysMayBeSaidAnew) {
  SessionState state({});
  Answer(state, {"hello", "3", "setname", "auth", "AUTH", "ann", "x"}, Array());
  EXPECT_EQ(
      state.Setup(),
      (std::vector<Words>{{"AUTH", "ann", "x"}, {"HELLO", "3"}, {"CLIENT", "SETNAME", "auth"}}));
  Answer(state, {"AUTH", "bob", "y"}, Simple("OK"));
  Answer(state, {"HELLO", "2"}, Array());
  EXPECT_EQ(
      state.Setup(),
      (std::vector<Words>{{"AUTH", "bob", "y"}, {"HELLO", "2"}, {"CLIENT", "SETNAME", "auth"}}));
}

TEST(SessionState, ATransactionTakesEffectWithItsEnd) {
  SessionState state({});
  Answer(state, {"WATCH", "k", "l"}, Simple("OK"));
  EXPECT_EQ(state.watched(), "k");
  Answer(state, {"MULTI"}, Simple("OK"));
  EXPECT_TRUE(state.in_transaction());
  Queue(state, {"SELECT", "3"});
  EXPECT_TRUE(state.repeatable());
  Queue(state, {"CONFIG", "RESETSTAT"}, false);
  EXPECT_FALSE(state.repeatable());
  state.Queued({"$5\r\nMULTI\r\n", 1}, true, Error());
  Answer(state, {"MULTI"}, Error());
  Queue(state, {"CLIENT", "SETNAME", "me"});
  Queue(state, {"SELECT", "99"});
  EXPECT_TRUE(state.Setup().empty());
  EXPECT_EQ(state.queued().size(), 5u);
  RespValue replies = Array();
  replies.elements = {Simple("OK"), Simple("OK"), Simple("OK"), Error()};
  Answer(state, {"STRONG", "EXEC"}, replies);
  EXPECT_FALSE(state.in_transaction());
  EXPECT_TRUE(state.queued().empty());
  EXPECT_TRUE(state.repeatable());
  EXPECT_TRUE(state.watched().empty());
  EXPECT_EQ(state.Setup(), (std::vector<Words>{{"CLIENT", "SETNAME", "me"}, {"SELECT", "3"}}));
}

TEST(SessionState, ATransactionThatIsNotExecutedChangesNothing) {
  for (const auto& [words, reply] :
       {std::pair{Words{"DISCARD"}, Simple("OK")}, std::pair{Words{"EXEC"}, RespValue()},
        std::pair{Words{"EXEC"}, Error()}}) {
    SessionState state({});
    Answer(state, {"MULTI"}, Simple("OK"));
    Queue(state, {"SELECT", "3"});
    Answer(state, words, reply);
    EXPECT_FALSE(state.in_transaction());
    EXPECT_EQ(state.database(), 0);
  }
}

TEST(SessionState, WhatIsWatched) {
  SessionState state({});
  Answer(state, {"WATCH", "k"}, Simple("OK"));
  Answer(state, {"UNWATCH"}, Simple("OK"));
  EXPECT_TRUE(state.watched().empty());
  Answer(state, {"WATCH"}, Error());
  EXPECT_TRUE(state.watched().empty());
}

TEST(SessionState, RepliesThatAreOff) {
  SessionState state({});
  EXPECT_TRUE(state.HasReply(Words{"GET", "k"}));
  EXPECT_FALSE(state.HasReply(Words{"CLIENT", "REPLY", "SKIP"}));
  EXPECT_FALSE(state.HasReply(Words{"GET", "k"}));
  EXPECT_TRUE(state.HasReply(Words{"GET", "k"}));
  EXPECT_FALSE(state.HasReply(Words{"client", "reply", "off"}));
  EXPECT_FALSE(state.HasReply(Words{"GET", "k"}));
  EXPECT_TRUE(state.replies_off());
  EXPECT_TRUE(state.HasReply(Words{"CLIENT", "REPLY", "ON"}));
  EXPECT_TRUE(state.HasReply(Words{"GET", "k"}));
}

}  // namespace
}  // namespace mydis
