// What a history says of commands, and what a watch is told of that.
#include "server/history_recorder.h"

#include <gtest/gtest.h>

#include "base/split_line.h"
#include "server/local_families.h"
#include "server/watch_index.h"
#include "server/watch_reader.h"
#include "state/entry_codec.h"

namespace mydis {
namespace {

// Where messages go without subscribers.
class Nobody final : public MessageListener {
 public:
  int64_t OnMessage(bool, std::string_view, std::string_view) override { return ++messages; }
  void OnUsersChanged() override {}
  int messages = 0;
};

class HistoryRecorderTest : public ::testing::Test {
 protected:
  HistoryRecorderTest() : recorder_(core_, nobody_) {
    EXPECT_TRUE(core_.machine.Apply(RegistrationPayload(77, 0, "a"), nullptr).has_value());
  }

  // Applies one entry with these commands.
  void RunAll(std::vector<std::string> lines, uint32_t db = 0) {
    EntryBuilder builder;
    for (const std::string& line : lines) {
      std::vector<std::string_view> words;
      std::deque<std::string> unescaped;
      ASSERT_TRUE(SplitLine(line, &words, &unescaped));
      builder.AddCommand(db, words);
    }
    std::string payload = builder.Take();
    StoreEnvelope(payload.data(), {.kind = EntryBody::kCommands,
                                   .operations = static_cast<uint32_t>(lines.size()),
                                   .time_ms = time_ms_,
                                   .seed = 1,
                                   .origin = 77,
                                   .sequence = ++sequence_});
    recorder_.BeforeEntry(time_ms_);
    const auto applied = core_.machine.Apply(payload, nullptr);
    ASSERT_TRUE(applied->fresh);
    recorder_.AfterEntry(applied->due);
  }
  void Run(std::string line, uint32_t db = 0) { RunAll({std::move(line)}, db); }
  // An entry that lets time pass, and has no revision.
  void Pulse() {
    std::string payload(kEnvelopeSize, '\0');
    StoreEnvelope(payload.data(), {.kind = EntryBody::kPulse, .time_ms = time_ms_, .seed = 1});
    recorder_.BeforeEntry(time_ms_);
    const auto applied = core_.machine.Apply(payload, nullptr);
    ASSERT_TRUE(applied.has_value());
    recorder_.AfterEntry(applied->due);
  }
  uint64_t revision() const { return core_.machine.state().revision; }

  Watch WatchFrom(uint64_t revision, std::string prefix = "",
                  Watch::Kind kind = Watch::Kind::kKeys) {
    Watch watch{.number = 1, .kind = kind, .name = std::move(prefix)};
    watch.place = *core_.HistoryOfWatches(watch.history()).After(revision);
    watch.complete = watch.told = revision;
    return watch;
  }
  // Everything that the watch is told, in RESP with CRLF as spaces.
  std::string Told(Watch& watch, WatchReader::Result expected = WatchReader::Result::kCaughtUp) {
    std::string out;
    WatchReader reader(
        watch, core_.HistoryOfWatches(watch.history()), core_.machine.state(),
        [this](std::string_view key) { return key != hidden_; }, 1, out);
    EXPECT_EQ(reader.Run(), expected);
    return out;
  }
  // The same of changes, in short: "+5 put k string;". A plus: the last of its revision.
  std::string Changes(Watch& watch) {
    std::string text;
    const std::string told = Told(watch);
    std::string_view rest = told;
    const auto next = [&rest] {
      const size_t end = rest.find("\r\n");
      const std::string_view line = rest.substr(0, end);
      rest.remove_prefix(end + 2);
      if (line[0] != '$') return line.substr(1);
      const std::string_view body = rest.substr(0, rest.find("\r\n"));
      rest.remove_prefix(body.size() + 2);
      return body;
    };
    while (!rest.empty()) {
      const bool change = next() != "3";
      next(), next();
      const std::string_view revision = next();
      if (!change) {
        text += "up to " + std::string(revision) + ";";
        continue;
      }
      const bool last = next() == "t";
      text += (last ? "+" : "") + std::string(revision);
      for (int i = 0; i < 3; ++i) {
        const std::string_view word = next();
        if (!word.empty()) text += " " + std::string(word);
      }
      text += ";";
    }
    return text;
  }
  std::string ChangesAfter(uint64_t revision, std::string prefix = "") {
    Watch watch = WatchFrom(revision, std::move(prefix));
    return Changes(watch);
  }

  SystemClock clock_;
  const CommandTable table_{StateFamilies(), LocalFamilies()};
  Core core_{clock_, table_, 1};
  Nobody nobody_;
  HistoryRecorder recorder_;
  uint64_t time_ms_ = 1'000'000;
  uint64_t sequence_ = 0;
  std::string hidden_;
};

TEST_F(HistoryRecorderTest, NothingIsKeptUntilItIsAskedFor) {
  Run("SET a 1");
  EXPECT_FALSE(core_.changes_history.recording());
  RunAll({"MYDIS KEEPHISTORY CHANGES", "SET same entry"});
  EXPECT_TRUE(core_.changes_history.recording());
  EXPECT_FALSE(core_.messages_history.recording());
  EXPECT_EQ(core_.changes_history.oldest(), 3u);
  Run("SET b 1");
  EXPECT_EQ(ChangesAfter(3), "+4 put b string;");
}

// Who has read at the present revision may watch from it: KEEPHISTORY has changed no key.
TEST_F(HistoryRecorderTest, ItBeginsWithTheRevisionBeforeItWhereThatWasTheLast) {
  RunAll({"SET a 1", "SET b 1"});
  Run("MYDIS KEEPHISTORY CHANGES");
  Run("SET c 1");
  Run("MYDIS KEEPHISTORY MESSAGES");
  EXPECT_EQ(core_.changes_history.oldest(), 2u);
  EXPECT_EQ(ChangesAfter(2), "+4 put c string;");
  EXPECT_FALSE(core_.changes_history.After(1).has_value());
  EXPECT_EQ(core_.messages_history.oldest(), 4u);
}

// Keys that expire without history have the last revision: what was read at it may be gone.
TEST_F(HistoryRecorderTest, ItBeginsLaterIfSomethingHasExpiredUnderTheRevisionBeforeIt) {
  RunAll({"HSET h f v", "HPEXPIRE h 100 FIELDS 1 f", "SET a 1"});
  time_ms_ += 100;
  Pulse();
  EXPECT_EQ(revision(), 3u);
  Run("MYDIS KEEPHISTORY CHANGES");
  EXPECT_EQ(core_.changes_history.oldest(), 4u);
}

TEST_F(HistoryRecorderTest, ItBeginsLaterIfKeysExpireInTheSameEntry) {
  Run("SET a 1 PX 100");
  time_ms_ += 100;
  Run("MYDIS KEEPHISTORY CHANGES");
  EXPECT_EQ(core_.changes_history.oldest(), 2u);
}

TEST_F(HistoryRecorderTest, ItEndsWithItsTimeAndIsRenewed) {
  Run("MYDIS KEEPHISTORY CHANGES");
  time_ms_ += HistoryDemand::kKeptMs / 2;
  Run("MYDIS KEEPHISTORY CHANGES");
  Run("SET a 1");
  time_ms_ += HistoryDemand::kKeptMs - 1;
  Run("SET b 1");
  EXPECT_EQ(ChangesAfter(2), "+3 put a string;+4 put b string;");
  EXPECT_TRUE(recorder_.TakeNews());
  time_ms_ += 1;
  Run("SET c 1");
  EXPECT_FALSE(core_.changes_history.recording());
  EXPECT_EQ(core_.changes_history.bytes(), 0u);
  EXPECT_TRUE(recorder_.TakeNews());
  EXPECT_FALSE(recorder_.TakeNews());
}

TEST_F(HistoryRecorderTest, AChangeIsToldByWhatTheKeyIsAfterItsRevision) {
  Run("MYDIS KEEPHISTORY CHANGES");
  RunAll(
      {"SET a 1", "APPEND a 2", "DEL a", "RPUSH l 1 2 3", "LPOP l 3", "HSET h f v", "RENAME h g"});
  EXPECT_EQ(ChangesAfter(1),
            "+2 put a string;+3 put a string;+4 delete a;+5 put l list;+6 delete l;+7 put h hash;"
            "8 put g hash;+8 delete h;");
}

TEST_F(HistoryRecorderTest, ACommandThatChangesNothingIsNotTold) {
  RunAll({"MYDIS KEEPHISTORY CHANGES", "SADD s a"});
  RunAll({"SADD s a", "DEL none", "SET a 1 XX", "SREM s b", "LPUSH s x"});
  EXPECT_EQ(ChangesAfter(2), "");
}

TEST_F(HistoryRecorderTest, EachKeyOfARevisionIsToldOnce) {
  RunAll({"MYDIS KEEPHISTORY CHANGES", "SET x 0"});
  RunAll({"MSET a 1 b 2 a 3", "EVAL \"for i=1,100 do redis.call('incr', KEYS[1+i%2]) end\" 2 a c"});
  EXPECT_EQ(ChangesAfter(2), "3 put a string;+3 put b string;4 put c string;+4 put a string;");
}

TEST_F(HistoryRecorderTest, ManyKeysOfARevision) {
  RunAll({"MYDIS KEEPHISTORY CHANGES", "SET x 0"});
  std::string mset = "MSET", expected;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 100; ++i) mset += " k" + std::to_string(i) + " v";
  }
  for (int i = 0; i < 100; ++i)
    expected += (i == 99 ? "+3 put k" : "3 put k") + std::to_string(i) + " string;";
  Run(mset);
  EXPECT_EQ(ChangesAfter(2), expected);
}

TEST_F(HistoryRecorderTest, WholeDatabases) {
  RunAll({"MYDIS KEEPHISTORY CHANGES", "MSET a 1 b 2"});
  RunAll({"FLUSHDB", "SET a 1", "FLUSHALL"});
  EXPECT_EQ(ChangesAfter(2), "+3 flush;+4 put a string;+5 flush;");
  Run("SET other 1", 3);
  Run("SWAPDB 0 3");
  // Database 3 is empty now, database 0 another.
  EXPECT_EQ(ChangesAfter(5), "+7 swap;");
  Watch third = WatchFrom(5);
  third.db = 3;
  EXPECT_EQ(Changes(third), "+6 put other string;+7 flush;");
  // What a script did before it flushed is no news, what it did after is.
  Run("EVAL \"redis.call('set','a','1') redis.call('flushall') redis.call('set','b','1')\" 0");
  EXPECT_EQ(ChangesAfter(7), "8 flush;+8 put b string;");
}

TEST_F(HistoryRecorderTest, ManyKeysAndAFlushBetween) {
  RunAll({"MYDIS KEEPHISTORY CHANGES", "SET x 0"});
  Run("EVAL \"for i=1,20 do redis.call('set','a'..i,'1') end redis.call('flushdb') "
      "for i=1,20 do redis.call('set','b'..i%10,'1') end\" 0");
  std::string expected = "3 flush;";
  for (int i = 1; i <= 10; ++i)
    expected += (i == 10 ? "+3 put b" : "3 put b") + std::to_string(i % 10) + " string;";
  EXPECT_EQ(ChangesAfter(2), expected);
}

TEST_F(HistoryRecorderTest, WhatExpiresHasARevisionOfItsOwn) {
  RunAll({"SET early 1 PX 10", "MYDIS KEEPHISTORY CHANGES"});
  RunAll({"SET a 1 PX 100", "SET b 1 PX 100", "SET c 1"});
  Watch watch = WatchFrom(2);
  EXPECT_EQ(Changes(watch), "+3 put a string;+4 put b string;+5 put c string;");
  time_ms_ += 100;
  Run("SET d 1");
  EXPECT_EQ(Changes(watch), "6 expire early;6 expire a;+6 expire b;+7 put d string;");
}

TEST_F(HistoryRecorderTest, WithoutHistoryWhatExpiresHasNone) {
  RunAll({"SET a 1 PX 100", "SET c 1"});
  time_ms_ += 100;
  Run("SET d 1");
  EXPECT_EQ(revision(), 3u);
}

TEST_F(HistoryRecorderTest, WhatIsEvicted) {
  RunAll({"MYDIS KEEPHISTORY CHANGES", "MYDIS SET maxmemory-policy allkeys-random", "SET a v"});
  const uint64_t before = revision();
  Run("MYDIS SET maxmemory 1");
  EXPECT_EQ(ChangesAfter(before), "+" + std::to_string(before + 2) + " evict a;");
}

TEST_F(HistoryRecorderTest, AWatchHearsOfItsPrefixAndDatabaseAlone) {
  RunAll({"MYDIS KEEPHISTORY CHANGES"});
  RunAll({"SET app:1 v", "SET other v", "MSET app:2 v zoo v app:3 v", "SET app v"});
  Run("SET app:4 v", 1);
  EXPECT_EQ(ChangesAfter(1, "app:"), "+2 put app:1 string;4 put app:2 string;+4 put app:3 string;");
  EXPECT_EQ(ChangesAfter(4, "app:"), "");
  Watch first = WatchFrom(1, "app:");
  first.db = 1;
  EXPECT_EQ(Changes(first), "+6 put app:4 string;");
}

TEST_F(HistoryRecorderTest, KeysThatMayNotBeReadAreNotTold) {
  RunAll({"MYDIS KEEPHISTORY CHANGES"});
  hidden_ = "b";
  RunAll({"MSET a v b v", "SET b v"});
  EXPECT_EQ(ChangesAfter(1), "+2 put a string;");
}

TEST_F(HistoryRecorderTest, ValuesAreThoseOfNow) {
  RunAll({"MYDIS KEEPHISTORY CHANGES"});
  RunAll({"SET a 1", "SET a 2", "RPUSH l x", "SET gone 1", "DEL gone",
          "SET large " + std::string(1 << 21, 'x')});
  Watch watch = WatchFrom(1);
  watch.values = true;
  const std::string told = Told(watch);
  EXPECT_NE(told.find(":2\r\n#t\r\n$3\r\nput\r\n$1\r\na\r\n$6\r\nstring\r\n$1\r\n2\r\n:3\r\n"),
            told.npos)
      << told;
  EXPECT_NE(told.find("$4\r\nlist\r\n_\r\n:4\r\n"), told.npos) << told;
  EXPECT_NE(told.find("$4\r\ngone\r\n$6\r\nstring\r\n_\r\n_\r\n"), told.npos) << told;
  EXPECT_NE(told.find("$5\r\nlarge\r\n$6\r\nstring\r\n_\r\n:7\r\n"), told.npos) << told;
}

TEST_F(HistoryRecorderTest, MessagesOfAChannelAndOfAPattern) {
  Run("PUBLISH news early");
  Run("MYDIS KEEPHISTORY MESSAGES");
  EXPECT_FALSE(core_.changes_history.recording());
  RunAll({"PUBLISH news hello", "SPUBLISH news sharded", "PUBLISH sport goal",
          "EVAL \"redis.call('publish','news','1') redis.call('publish','news','2')\" 0"});
  EXPECT_EQ(nobody_.messages, 6);
  Watch news = WatchFrom(2, "news", Watch::Kind::kChannel);
  EXPECT_EQ(Told(news),
            ">6\r\n$13\r\nwatch-message\r\n:1\r\n:3\r\n#t\r\n$4\r\nnews\r\n$5\r\nhello\r\n"
            ">6\r\n$13\r\nwatch-message\r\n:1\r\n:6\r\n#f\r\n$4\r\nnews\r\n$1\r\n1\r\n"
            ">6\r\n$13\r\nwatch-message\r\n:1\r\n:6\r\n#t\r\n$4\r\nnews\r\n$1\r\n2\r\n");
  Watch all = WatchFrom(3, "s*t", Watch::Kind::kPattern);
  EXPECT_EQ(Told(all),
            ">6\r\n$13\r\nwatch-message\r\n:1\r\n:5\r\n#t\r\n$5\r\nsport\r\n$4\r\ngoal\r\n");
}

TEST_F(HistoryRecorderTest, ASlowWatchFallsBehindAndIsGone) {
  RunAll({"MYDIS SET watch-history-bytes 65536", "MYDIS KEEPHISTORY CHANGES"});
  Watch watch = WatchFrom(2);
  Run("SET first 1");
  while (core_.changes_history.oldest() == 2) Run("SET " + std::string(500, 'k') + " v");
  const std::string expected =
      ">4\r\n$10\r\nwatch-gone\r\n:1\r\n:" + std::to_string(core_.changes_history.oldest()) +
      "\r\n:" + std::to_string(revision()) + "\r\n";
  EXPECT_EQ(Told(watch, WatchReader::Result::kGone), expected);
}

TEST_F(HistoryRecorderTest, ASilentWatchSaysHowFarItHasComeBeforeThatIsForgotten) {
  RunAll({"MYDIS SET watch-history-bytes 65536", "MYDIS KEEPHISTORY CHANGES"});
  Watch watch = WatchFrom(2, "app:");
  for (int i = 0; i < 2000; ++i) {
    Run("SET " + std::string(100, 'k') + " v");
    Changes(watch);
    ASSERT_GE(watch.told, core_.changes_history.oldest());
  }
  EXPECT_GT(core_.changes_history.oldest(), 1000u);
}

TEST_F(HistoryRecorderTest, ARevisionThatIsReadInPassesIsCompleteInTheEnd) {
  RunAll({"MYDIS KEEPHISTORY CHANGES", "SET x 0"});
  Run("EVAL \"for i=1,20000 do redis.call('set','b'..i,'1') end\" 0");
  // Of concern is only what the first pass finds.
  Watch watch = WatchFrom(2, "b4000");
  std::string told;
  EXPECT_EQ(Told(watch, WatchReader::Result::kMore),
            ">7\r\n$12\r\nwatch-change\r\n:1\r\n:3\r\n#f\r\n$3\r\nput\r\n$5\r\nb4000\r\n"
            "$6\r\nstring\r\n");
  EXPECT_EQ(Told(watch, WatchReader::Result::kMore), "");
  EXPECT_EQ(Told(watch), ">3\r\n$14\r\nwatch-revision\r\n:1\r\n:3\r\n");
}

TEST_F(HistoryRecorderTest, AnotherStateBeginsAnew) {
  RunAll({"MYDIS KEEPHISTORY CHANGES", "SET a 1"});
  Run("SET b 1");
  Watch watch = WatchFrom(2);
  recorder_.TakeNews();
  recorder_.Restart();
  EXPECT_TRUE(recorder_.TakeNews());
  EXPECT_EQ(core_.changes_history.oldest(), 3u);
  EXPECT_EQ(Told(watch, WatchReader::Result::kGone),
            ">4\r\n$10\r\nwatch-gone\r\n:1\r\n:3\r\n:3\r\n");
  Run("SET c 1");
  EXPECT_EQ(ChangesAfter(3), "+4 put c string;");
}

// Which of them the index finds concerned by what was added since.
class WatchIndexTest : public HistoryRecorderTest {
 protected:
  WatchIndexTest() {
    RunAll({"MYDIS KEEPHISTORY CHANGES", "MYDIS KEEPHISTORY MESSAGES"});
    for (const auto& [name, kind] : {std::pair("", Watch::Kind::kKeys),
                                     {"app:", Watch::Kind::kKeys},
                                     {"app:1", Watch::Kind::kKeys},
                                     {"news", Watch::Kind::kChannel},
                                     {"n*", Watch::Kind::kPattern}}) {
      watches_.push_back(WatchFrom(revision(), name, kind));
    }
    watches_.push_back(WatchFrom(revision(), "app:"));
    watches_.back().db = 5;
    for (Watch& watch : watches_) IndexOf(watch).Add(&watch);
    EXPECT_EQ(Concerned(), "all");
  }
  WatchIndex& IndexOf(const Watch& watch) { return indexes_[static_cast<size_t>(watch.history())]; }
  // Their positions; they are through with it afterwards.
  std::string Concerned() {
    std::string text;
    for (const HistoryOf what : {HistoryOf::kChanges, HistoryOf::kMessages}) {
      EXPECT_TRUE(indexes_[static_cast<size_t>(what)].LookOn(core_.HistoryOfWatches(what),
                                                             core_.machine.state()));
    }
    for (size_t i = 0; i < watches_.size(); ++i) {
      Watch& watch = watches_[i];
      if (!watch.concerned) IndexOf(watch).PassOn(watch);
      if (!watch.concerned) continue;
      text += std::to_string(i);
      Told(watch);
      watch.concerned = false;
    }
    return text.size() == watches_.size() ? "all" : text;
  }

  std::vector<Watch> watches_;
  WatchIndex indexes_[2];
};

TEST_F(WatchIndexTest, FindsThoseThatAChangeConcerns) {
  Run("SET app:12 v");
  EXPECT_EQ(Concerned(), "012");
  Run("SET app:2 v");
  EXPECT_EQ(Concerned(), "01");
  Run("SET ap v");
  EXPECT_EQ(Concerned(), "0");
  Run("SET app: v", 5);
  EXPECT_EQ(Concerned(), "5");
  Run("SET x v", 5);
  EXPECT_EQ(Concerned(), "");
  RunAll({"SET x v", "PUBLISH news 1", "PUBLISH other 1"});
  EXPECT_EQ(Concerned(), "034");
  Run("PUBLISH night 1");
  EXPECT_EQ(Concerned(), "4");
  Run("FLUSHALL");
  EXPECT_EQ(Concerned(), "0125");
}

TEST_F(WatchIndexTest, WhoWasPassedOnIsAtTheEnd) {
  Run("SET other v");
  EXPECT_EQ(Concerned(), "0");
  EXPECT_EQ(watches_[1].place, watches_[0].place);
  EXPECT_EQ(watches_[1].complete, revision());
  Run("SET app:2 v");
  EXPECT_EQ(Told(watches_[1]).find(":5\r\n"), std::string::npos);
}

TEST_F(WatchIndexTest, WhoIsRemovedIsNotFound) {
  IndexOf(watches_[1]).Remove(&watches_[1]);
  IndexOf(watches_[4]).Remove(&watches_[4]);
  RunAll({"SET app:12 v", "PUBLISH news 1"});
  EXPECT_EQ(Concerned(), "023");
}

TEST_F(WatchIndexTest, ALongSilenceConcerns) {
  Run("MYDIS SET watch-history-bytes 65536");
  Concerned();
  for (int i = 0; i < 1000; ++i) {
    Run("SET " + std::string(100, 'k') + " v");
    Concerned();
  }
  for (const size_t i : {1, 2, 5}) EXPECT_GE(watches_[i].told, core_.changes_history.oldest());
}

TEST_F(WatchIndexTest, AllAreConcernedWhenSomeIsGone) {
  Run("MYDIS SET watch-history-bytes 65536");
  Concerned();
  for (int i = 0; i < 2000; ++i) Run("SET " + std::string(100, 'k') + " v");
  WatchIndex& index = indexes_[0];
  EXPECT_TRUE(index.LookOn(core_.changes_history, core_.machine.state()));
  for (const size_t i : {0, 1, 2, 5}) EXPECT_TRUE(watches_[i].concerned);
  EXPECT_FALSE(watches_[3].concerned);
}

TEST_F(HistoryRecorderTest, TheDemandIsPartOfTheState) {
  RunAll({"MYDIS KEEPHISTORY CHANGES", "MYDIS KEEPHISTORY MESSAGES"});
  StateMachine other(table_, 0);
  ASSERT_TRUE(other.LoadHead(core_.machine.SaveHead()).ok());
  EXPECT_EQ(other.state().history.changes_until_ms, time_ms_ + HistoryDemand::kKeptMs);
  EXPECT_EQ(other.state().history.messages_until_ms, time_ms_ + HistoryDemand::kKeptMs);
}

}  // namespace
}  // namespace mydis
