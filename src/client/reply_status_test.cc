#include "client/reply_status.h"

#include <gtest/gtest.h>

namespace mydis {
namespace {

TEST(ReplyStatusTest, WhatAnErrorMeans) {
  struct Case {
    const char* text;
    ErrorCode code;
    bool refusal;
    bool turned_away;
    bool beforehand;
  };
  const Case cases[] = {
      {"ERR syntax error", ErrorCode::kInvalid, false, false, false},
      {"ERR unknown command 'NEWER'", ErrorCode::kInvalid, false, false, true},
      {"ERR max number of clients reached", ErrorCode::kInvalid, false, true, false},
      {"ERR max number of clients + cluster connections reached", ErrorCode::kInvalid, false, true,
       false},
      {"DENIED protected mode", ErrorCode::kInvalid, false, true, false},
      {"WRONGPASS invalid token", ErrorCode::kNoAuth, false, false, true},
      {"NOPERM no permission", ErrorCode::kNoPermission, false, false, true},
      {"EXECABORT previous errors", ErrorCode::kInvalid, false, false, true},
      {"BUSY too much", ErrorCode::kBusy, false, false, true},
      {"OOM no room", ErrorCode::kDiskFull, false, false, true},
      {"DISKFULL no room", ErrorCode::kDiskFull, true, false, true},
      {"WRONGTYPE another kind", ErrorCode::kInvalid, false, false, false},
      {"STALE behind", ErrorCode::kStale, true, false, false},
      {"LOADING", ErrorCode::kUnavailable, true, false, false},
      {"NOTALL some have it", ErrorCode::kNotAll, false, false, false},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(StatusOfError(one.text).code(), one.code) << one.text;
    bool doubtful = true;
    EXPECT_EQ(IsRefusal(one.text, &doubtful), one.refusal) << one.text;
    EXPECT_FALSE(doubtful) << one.text;
    EXPECT_EQ(IsTurnedAway(one.text), one.turned_away) << one.text;
    EXPECT_EQ(IsSaidBeforehand(one.text), one.beforehand) << one.text;
  }
  bool doubtful = false;
  EXPECT_TRUE(IsRefusal("UNKNOWN it may have happened", &doubtful));
  EXPECT_TRUE(doubtful);
}

TEST(ReplyStatusTest, AWordThatIsTooLong) {
  const Status status = StatusOfError("ERR Protocol error: invalid bulk length");
  EXPECT_EQ(status.code(), ErrorCode::kInvalid);
  EXPECT_EQ(status.message(),
            "a word of the command is longer than the setting proto-max-bulk-len allows");
}

}  // namespace
}  // namespace mydis
