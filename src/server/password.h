// Passwords: hashed as soon as they have arrived. Neither the log nor the state ever holds one in
// clear.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "commands/spec.h"
#include "state/acl.h"

namespace mydis {

// SHA-256 as 64 hexadecimal digits, as Redis's ACL keeps passwords.
std::string HashPassword(std::string_view password);

// Whether a client that gives this password is the user: it is enabled, and needs no password or
// has this one. The time that it takes tells nothing about the password.
bool MayLogIn(const AclUser& user, std::string_view password);

// The words of ACL SETUSER with hashes in place of passwords: ">secret" becomes "#2bb8…". One
// thread at a time.
class HashedWords {
 public:
  // Valid until the next call.
  Args Of(Args args);

 private:
  std::vector<std::string> words_;
  std::vector<std::string_view> views_;
};

// Random hexadecimal digits that nobody can guess.
std::string RandomHexDigits(size_t digits);

}  // namespace mydis
