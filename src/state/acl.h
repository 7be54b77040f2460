// Users and what they may do, as Redis's ACL has them: part of the state, so that a user is the
// same on every instance and after every restart. Kept as rules; commands/acl_rules.h changes them,
// commands/acl_rights.h makes of them what can be checked fast. docs/acl.md has the whole.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/codec.h"

namespace mydis {

inline constexpr std::string_view kDefaultUser = "default";

struct AclKeyPattern {
  std::string pattern;
  bool read = true;
  bool write = true;
  bool operator==(const AclKeyPattern&) const = default;
};

// One set of permissions. A user has one, and may have more: each is enough by itself.
struct AclSelector {
  bool all_keys = false;
  bool all_channels = false;
  bool all_commands = false;  // Where `commands` start from.
  std::vector<AclKeyPattern> keys;
  std::vector<std::string> channels;
  // "+get", "-@admin", "+config|get", in the order in which they hold.
  std::vector<std::string> commands;
  bool operator==(const AclSelector&) const = default;

  // Each part as ACL GETUSER shows it: "%R~app:* ~tmp", "&news", "-@all +get".
  std::string DescribeKeys() const;
  std::string DescribeChannels() const;
  std::string DescribeCommands() const;
  // All of it as ACL LIST shows it.
  std::string Describe() const;
};

struct AclUser {
  std::string name;
  // Tells a user from an earlier one of the same name, whose connections are not this one's.
  uint64_t id = 0;
  bool enabled = false;
  bool no_password = false;
  bool sanitize_payload = true;
  uint64_t created_ms = 0;  // Cluster time; 0: made by a program that did not note it.
  // The cluster time at which the user is removed; 0: never.
  uint64_t until_ms = 0;
  // SHA-256 of each password, as 64 hexadecimal digits.
  std::vector<std::string> passwords;
  AclSelector root;
  std::vector<AclSelector> selectors;
  bool operator==(const AclUser&) const = default;

  // Whether a connection is this user's without having said so; asked of "default" only.
  bool open() const { return enabled && no_password; }
  // The rules that make this user, as ACL LIST shows them after "user NAME".
  std::string Describe() const;
};

// A user as it is made. `all_channels`: the setting acl-pubsub-default.
AclUser NewAclUser(std::string_view name, bool all_channels);

// Read under the state's lock, changed by the applying thread. A user that was handed out never
// changes: a change makes a new one.
class AclUsers {
 public:
  using Users = std::map<std::string, std::shared_ptr<const AclUser>, std::less<>>;

  // With the user "default", who needs no password and may do everything.
  AclUsers();
  // nullptr if there is none.
  std::shared_ptr<const AclUser> Find(std::string_view name) const;
  const Users& all() const { return users_; }
  // The number of changes so far.
  uint64_t version() const { return version_; }
  // Replaces the user of that name, or adds it.
  void Put(AclUser user);
  // False if there is none, or it is "default", which is always there.
  bool Remove(std::string_view name);
  // When the first user's time is up; UINT64_MAX: never.
  uint64_t NextEnd() const { return next_end_ms_; }
  // Removes those whose time is up; gives how many.
  size_t RemoveEnded(uint64_t now_ms);

  void Save(Encoder& out) const;
  // `dated`: the bytes have times in them, as Save writes them.
  bool Load(Decoder& in, bool dated);

 private:
  void FindNextEnd();

  Users users_;
  uint64_t version_ = 0;
  uint64_t next_end_ms_ = UINT64_MAX;
};

}  // namespace mydis
