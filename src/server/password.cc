#include "server/password.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <span>

#include "base/assert.h"

namespace mydis {
namespace {

std::string Hex(std::span<const unsigned char> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace

std::string HashPassword(std::string_view password) {
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(password.data()), password.size(), hash);
  return Hex(hash);
}

bool MayLogIn(const AclUser& user, std::string_view password) {
  if (!user.enabled) return false;
  if (user.no_password) return true;
  const std::string hash = HashPassword(password);
  bool fits = false;
  for (const std::string& known : user.passwords) {
    fits |=
        known.size() == hash.size() && CRYPTO_memcmp(known.data(), hash.data(), hash.size()) == 0;
  }
  return fits;
}

Args HashedWords::Of(Args args) {
  words_.assign(args.begin(), args.end());
  for (size_t i = 3; i < words_.size(); ++i) {
    std::string& word = words_[i];
    if (!word.starts_with('>') && !word.starts_with('<')) continue;
    word = (word[0] == '>' ? '#' : '!') + HashPassword(std::string_view(word).substr(1));
  }
  views_.assign(words_.begin(), words_.end());
  return views_;
}

std::string RandomHexDigits(size_t digits) {
  std::vector<unsigned char> bytes((digits + 1) / 2);
  MYDIS_ASSERT(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1,
               "the system gives random bytes");
  return Hex(bytes).substr(0, digits);
}

}  // namespace mydis
