#include "server/acl_log.h"

#include <gtest/gtest.h>

#include "server/password.h"

namespace mydis {
namespace {

AclLogEntry Refused(std::string object, uint64_t at_ms) {
  return {.object = std::move(object), .user = "ada", .client = "c", .updated_ms = at_ms};
}

TEST(AclLog, CountsTheSameOfTheLastMinuteTogether) {
  AclLog log;
  log.Add(Refused("get", 1000), 10);
  log.Add(Refused("set", 2000), 10);
  log.Add(Refused("get", 61'000), 10);
  log.Add(Refused("set", 62'001), 10);
  const auto entries = log.Newest(10);
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].object, "set");
  EXPECT_EQ(entries[0].count, 1u);
  EXPECT_EQ(entries[0].id, 2u);
  EXPECT_EQ(entries[1].object, "get");
  EXPECT_EQ(entries[1].count, 2u);
  EXPECT_EQ(entries[1].id, 0u);
  EXPECT_EQ(entries[1].created_ms, 1000u);
  EXPECT_EQ(entries[1].updated_ms, 61'000u);
  EXPECT_EQ(log.Count(AclLogEntry::Reason::kCommand), 4u);
  EXPECT_EQ(log.Count(AclLogEntry::Reason::kKey), 0u);
}

TEST(AclLog, KeepsTheNewest) {
  AclLog log;
  for (int i = 0; i < 10; ++i) log.Add(Refused(std::to_string(i), 1000), 3);
  EXPECT_EQ(log.Newest(10).size(), 3u);
  EXPECT_EQ(log.Newest(1)[0].object, "9");
  log.Reset();
  EXPECT_TRUE(log.Newest(10).empty());
}

TEST(Passwords, AreHashedBeforeAnythingElseSeesThem) {
  HashedWords hashed;
  const std::string_view words[] = {"ACL", "SETUSER", ">ada", ">pw", "<pw", "~>x", "#abc", ">"};
  const Args args = hashed.Of(words);
  ASSERT_EQ(args.size(), 8u);
  EXPECT_EQ(args[2], ">ada");
  EXPECT_EQ(args[3], "#" + HashPassword("pw"));
  EXPECT_EQ(args[4], "!" + HashPassword("pw"));
  EXPECT_EQ(args[5], "~>x");
  EXPECT_EQ(args[6], "#abc");
  EXPECT_EQ(args[7], "#" + HashPassword(""));
  EXPECT_EQ(HashPassword("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Passwords, LetInWhoIsEnabledAndHasOne) {
  AclUser user = NewAclUser("ada", false);
  EXPECT_FALSE(MayLogIn(user, ""));
  user.passwords = {HashPassword("one"), HashPassword("two")};
  EXPECT_FALSE(MayLogIn(user, "one"));
  user.enabled = true;
  EXPECT_TRUE(MayLogIn(user, "one"));
  EXPECT_TRUE(MayLogIn(user, "two"));
  EXPECT_FALSE(MayLogIn(user, "three"));
  EXPECT_FALSE(MayLogIn(user, HashPassword("one")));
  user.passwords.clear();
  EXPECT_FALSE(MayLogIn(user, ""));
  user.no_password = true;
  EXPECT_TRUE(MayLogIn(user, "anything"));
}

}  // namespace
}  // namespace mydis
