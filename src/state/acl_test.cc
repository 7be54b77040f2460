#include "state/acl.h"

#include <gtest/gtest.h>

#include "state/entry_codec.h"

namespace mydis {
namespace {

AclUser Ada() {
  AclUser user = NewAclUser("ada", false);
  user.enabled = true;
  user.sanitize_payload = false;
  user.created_ms = 1'000'000;
  user.until_ms = 2'000'000;
  user.passwords = {std::string(64, 'a'), std::string(64, 'b')};
  user.root.all_commands = true;
  user.root.commands = {"-@admin", "+config|get"};
  user.root.keys = {{"r:*", true, false}, {"w:*", false, true}, {"rw", true, true}};
  user.root.channels = {"news"};
  AclSelector selector;
  selector.all_keys = selector.all_channels = true;
  user.selectors.push_back(selector);
  return user;
}

TEST(AclUsers, DescribeThemselvesAsRules) {
  EXPECT_EQ(AclUsers().Find("default")->Describe(), "on nopass sanitize-payload ~* &* +@all");
  EXPECT_EQ(NewAclUser("x", true).Describe(), "off sanitize-payload &* -@all");
  EXPECT_EQ(Ada().Describe(), "on skip-sanitize-payload until:2000000 #" + std::string(64, 'a') +
                                  " #" + std::string(64, 'b') +
                                  " %R~r:* %W~w:* ~rw resetchannels &news +@all -@admin "
                                  "+config|get (~* &* -@all)");
}

TEST(AclUsers, ComeBackFromTheirBytes) {
  AclUsers users;
  users.Put(Ada());
  std::string bytes;
  Encoder out(bytes);
  users.Save(out);
  AclUsers loaded;
  Decoder in(bytes);
  ASSERT_TRUE(loaded.Load(in, true));
  EXPECT_TRUE(in.AtEnd());
  EXPECT_EQ(loaded.version(), users.version());
  EXPECT_EQ(*loaded.Find("ada"), *users.Find("ada"));
  EXPECT_EQ(*loaded.Find("default"), *users.Find("default"));
  for (size_t size = 0; size < bytes.size(); ++size) {
    Decoder cut(std::string_view(bytes).substr(0, size));
    EXPECT_FALSE(loaded.Load(cut, true)) << size;
  }
}

TEST(AclUsers, AreRemovedWhenTheirTimeIsUp) {
  AclUsers users;
  EXPECT_EQ(users.NextEnd(), UINT64_MAX);
  users.Put(Ada());
  AclUser bob = NewAclUser("bob", false);
  bob.until_ms = 3'000'000;
  users.Put(bob);
  EXPECT_EQ(users.NextEnd(), 2'000'000u);
  const uint64_t version = users.version();
  EXPECT_EQ(users.RemoveEnded(1'999'999), 0u);
  EXPECT_EQ(users.version(), version);
  EXPECT_EQ(users.RemoveEnded(2'000'000), 1u);
  EXPECT_GT(users.version(), version);
  EXPECT_EQ(users.Find("ada"), nullptr);
  EXPECT_EQ(users.NextEnd(), 3'000'000u);
  bob.until_ms = 0;
  users.Put(bob);
  EXPECT_EQ(users.NextEnd(), UINT64_MAX);
  EXPECT_EQ(users.RemoveEnded(UINT64_MAX), 0u);
  EXPECT_TRUE(users.Remove("bob"));
}

TEST(AclUsers, AreTheSameUserUntilTheyAreRemoved) {
  AclUsers users;
  users.Put(NewAclUser("ada", false));
  const uint64_t first = users.Find("ada")->id;
  users.Put(Ada());
  EXPECT_EQ(users.Find("ada")->id, first);
  EXPECT_TRUE(users.Remove("ada"));
  EXPECT_FALSE(users.Remove("ada"));
  EXPECT_FALSE(users.Remove("default"));
  users.Put(NewAclUser("ada", false));
  EXPECT_NE(users.Find("ada")->id, first);
}

TEST(AclUsers, HandedOutStayAsTheyWere) {
  AclUsers users;
  users.Put(NewAclUser("ada", false));
  const auto before = users.Find("ada");
  const uint64_t version = users.version();
  users.Put(Ada());
  EXPECT_GT(users.version(), version);
  EXPECT_FALSE(before->enabled);
}

TEST(AclUsers, TravelWithTheOperationThatIsTheirs) {
  EntryBuilder builder;
  const std::string_view words[] = {"EVAL", "x", "0"};
  builder.AddCommand(0, words);
  builder.AsUser("ada");
  builder.AddCommand(1, words);
  builder.AsUser("bob");
  builder.BeginTransaction({}, 1);
  builder.AddElement(2, words);
  builder.AddCommand(3, words);
  EXPECT_EQ(builder.operations(), 4u);
  const std::string payload = builder.Take();
  EntryReader in(std::string_view(payload).substr(kEnvelopeSize), 4);
  std::vector<std::string> users;
  for (uint32_t db = 0; in.HasNext();) {
    if (in.NextOpcode() == Opcode::kTransaction) {
      EXPECT_EQ(in.Count(), 0u);
      EXPECT_EQ(in.Count(), 1u);
    }
    in.Command(&db);
    users.emplace_back(in.user());
  }
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(users, (std::vector<std::string>{"", "ada", "bob", ""}));
}

}  // namespace
}  // namespace mydis
