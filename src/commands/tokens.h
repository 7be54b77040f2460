// Tokens: users with a random password, made with one command. docs/acl.md has the whole.
//
// A token NAME is the ACL user "token:NAME", and its secret is `mydis_NAME_DIGITS`: the name is in
// it, so that it needs no user's name beside it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "commands/spec.h"

namespace mydis {

inline constexpr std::string_view kTokenUserPrefix = "token:";

// TOKEN ADD, LIST and REVOKE; TOKEN CREATE, which invents the secret, is the server's.
std::span<const CommandSpec> TokensFamily();

// Letters, digits, dots and hyphens, at most 40.
bool IsTokenName(std::string_view name);
// The name in `secret`, if that has the form of a token.
std::optional<std::string_view> NameInToken(std::string_view secret);
std::string MakeToken(std::string_view name, std::string_view digits);

struct TokenRights {
  enum class Access : uint8_t { kReadWrite, kReadOnly, kWriteOnly, kMonitoring, kAdmin };
  Access access = Access::kReadWrite;
  std::vector<std::string_view> prefixes;  // Of keys and channels; none: all.
};

// The rules of ACL SETUSER that make a user with these rights, without its password.
std::vector<std::string> TokenRules(const TokenRights& rights);

}  // namespace mydis
